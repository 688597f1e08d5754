"""The tritone push: a melody goes six semitones up in the middle of a phrase; how soon do the chords follow?

After Wu et al. 2024, "Adaptive Accompaniment with ReaLchords" (arXiv:2506.14723), whose melodies are pushed at beat 17.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.player import FRAMES_PER_BEAT
from train.evaluate.pieces import Piece, readvised, with_given

PUSH_BEAT = 16
"""Beats before the push: it comes with the 17th."""
PUSH_FRAME = PUSH_BEAT * FRAMES_PER_BEAT
TRITONE = 6
WITHIN = 0.9
"""Of the figure without a push, at which the chords are said to have followed."""
MEAN_BEATS = 2
AFTER_BEATS = 16
"""Beats after the push that a piece must have to be counted."""
LOOK_BEATS = 32
"""Beats after the push that are looked at."""

Shares = NDArray[np.float64]


def pushed(piece: Piece) -> Piece:
    """The piece with its melody a tritone higher from the 17th beat on, as far as is looked at."""
    piece = piece.cut(PUSH_FRAME + LOOK_BEATS * FRAMES_PER_BEAT)
    given = piece.batch.given.clone()
    given[:, PUSH_FRAME:] = given[:, PUSH_FRAME:].roll(TRITONE, 2)
    return readvised(with_given(piece, given), "lead")


def recovery(after: Sequence[Tensor], without: Sequence[Tensor], pieces: Sequence[Piece]) -> dict[str, float]:
    """How the chords follow the push, against what they do without it.

    `beats_to_recover`: the first beat from which the mean over two beats and all pieces is back at 90 % of that without
    a push. `beats_to_recover_per_piece`: the same piece by piece, then the mean; one that never recovers counts with
    the beats it had.

    Args:
        after: the chords under the pushed melodies.
        without: those under the melodies as written.
        pieces: as written.
    """
    long = [i for i, piece in enumerate(pieces) if len(piece) >= PUSH_FRAME + AFTER_BEATS * FRAMES_PER_BEAT]
    if not long:
        return {}
    pushes = [_beats(after[i], pushed(pieces[i])) for i in long]
    plain = [_beats(without[i], pieces[i])[:LOOK_BEATS] for i in long]
    together, alone = _sum(pushes), _sum(plain)
    ratio = _share(together) / np.maximum(_share(alone), 1e-9)
    return {
        "beats_to_recover": float(_first(ratio >= WITHIN)),
        "beats_to_recover_per_piece": float(np.mean([_alone(a, b) for a, b in zip(pushes, plain, strict=True)])),
        "note_in_chord_16_beats_after_push": float(together[:, 0].sum() / max(1, together[:, 1].sum())),
        "note_in_chord_16_beats_without_push": float(alone[:, 0].sum() / max(1, alone[:, 1].sum())),
    }


def _beats(chord: Tensor, piece: Piece) -> Shares:
    """(beat, 2) from the push on: melody notes in the chord, and melody notes."""
    notes = (piece.batch.given[0, PUSH_FRAME:, :, 0] > 0) & (piece.batch.target[0, PUSH_FRAME:] > 0).any(
        -1, keepdim=True
    )
    right = notes & (chord[PUSH_FRAME : len(piece)] > 0)
    counts = torch.stack([right.sum(1), notes.sum(1)], 1).double().numpy()
    whole = len(counts) // FRAMES_PER_BEAT * FRAMES_PER_BEAT
    found: Shares = counts[:whole].reshape(-1, FRAMES_PER_BEAT, 2).sum(1)
    return found


def _sum(pieces: Sequence[Shares]) -> Shares:
    """Of all pieces, beat by beat, as far as each is counted."""
    found: Shares = np.sum([beats[:AFTER_BEATS] for beats in pieces], axis=0)
    return found


def _share(beats: Shares) -> Shares:
    """The mean over two beats from each beat on; not a number where the melody rests in both."""
    pairs = np.lib.stride_tricks.sliding_window_view(beats, MEAN_BEATS, axis=0).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Shares = pairs[:, 0] / pairs[:, 1]
    return found


def _alone(after: Shares, without: Shares) -> int:
    """Beats that one piece takes; its figure without a push is that of the whole rest of it."""
    usual = without[:, 0].sum() / max(1.0, without[:, 1].sum())
    return _first(_share(after) >= WITHIN * usual)


def _first(good: NDArray[np.bool_]) -> int:
    """The first place that holds, or how many there are."""
    return int(np.argmax(good)) if good.any() else len(good)
