"""Protocol B: chorales at sixteenths in nats per note, and the harmonisation of a soprano that is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.frames import Batch
from models.player import FRAMES_PER_BEAT, Wish
from models.rules.score import FAULTS, SILENT, Lines, changes, faults
from music.pitch import Key
from train.evaluate.agreement import SIMPLE, Harmony, agreement, chosen, of_lines
from train.evaluate.hits import Hits
from train.evaluate.pieces import Piece, readvised, repeat_to, with_target
from train.evaluate.stream import Manner, Model, nats, play_all
from train.evaluate.tables import HoldTable
from train.harmony_table import RANGES, Chorale, keys_of, play
from train.roles import LAYOUTS

NAMES = LAYOUTS["voices"].parts
LOWEST, KEYS = LAYOUTS["voices"].lowest, LAYOUTS["voices"].keys
REMARK = (
    "nats_per_note: nats per frame over four voices, rests and held notes counted. Harmonisation: the soprano's frame "
    "is known, past only, asked at its changes and on beats, its own answers heard, temperature 0; agreement "
    "on beats where Bach has three tones"
)
SHORT_FRAMES = 128
"""Of each piece, where a part of it will do."""


def asked(batch: Batch) -> Tensor:
    """When the player is asked on stage, as the rules are: at each new pitch of the soprano and on each beat."""
    soprano = batch.target[..., 0]
    new = functional.pad(soprano[:, 1:] != soprano[:, :-1], (1, 0), value=True)
    new[:, ::FRAMES_PER_BEAT] = True
    return new


SOPRANO_GIVEN = Manner(known=(0,), asked=asked)


def metrics(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Nats, the next frame foretold, and the harmonisation of the sopranos, past only and free-running."""
    short = [piece.cut(SHORT_FRAMES) for piece in pieces]
    crossed = harmonised(model, swapped(short))
    for answer, piece in zip(crossed, short, strict=True):
        answer[:, 0] = own(piece)[:, 0]  # held against the soprano that they are not for
    shuffled = agreed(crossed, short)
    return (
        per_note(model, pieces)
        | foretold(model, short)
        | written(harmonised(model, pieces), pieces, home_keys(pieces))
        | {f"{name}_soprano_shuffled": value for name, value in shuffled.items()}
    )


def per_note(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Nats per frame and per note: each voice at each sixteenth is one."""
    found = nats(model, pieces, hidden=True)  # of the frame itself nothing is told, the soprano neither
    return {"nats_per_note": found["nats_per_frame"] / len(NAMES)} | found


def foretold(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """`onset_f1`: voices and pitches that change, by the likeliest next frame with the truth heard until then."""
    return _at_changes(play_all(model, pieces, Manner(warm_up=None, late=True)), pieces)


def _at_changes(drawn: Sequence[Tensor], pieces: Sequence[Piece]) -> dict[str, float]:
    """Of frames that were foretold from the true ones before."""
    hits, right, frames = Hits(), 0, 0
    for roll, piece in zip(drawn, pieces, strict=True):
        truth = piece.batch.target[0]
        moved, moves = roll[1:] != truth[:-1], truth[1:] != truth[:-1]
        hits.right += int((moved & moves & (roll[1:] == truth[1:])).sum())
        hits.wrong += int((moved & (roll[1:] != truth[1:])).sum())
        hits.missed += int((moves & (roll[1:] != truth[1:])).sum())
        at = moves.any(-1)
        right += int((roll[1:] == truth[1:])[at].sum())
        frames += int(at.sum())
    return {"onset_f1": hits.f1, "change_voices_right_share": right / max(1, frames * len(NAMES))}


def _frame_before(piece: Piece) -> Tensor:
    target = piece.batch.target[0]
    return torch.cat([target[:1], target[:-1]])


def harmonised(model: Model, pieces: Sequence[Piece]) -> list[Lines]:
    """Lines under each soprano, the likeliest frame after frame."""
    return [lines(roll) for roll in play_all(model, pieces, SOPRANO_GIVEN)]


def lines(target: Tensor) -> Lines:
    """Pitches (frame, voice) of key indices."""
    found: Lines = np.where(target.numpy() == KEYS, SILENT, target.numpy() + LOWEST)
    return found


def own(piece: Piece) -> Lines:
    """The four lines that stand in the piece."""
    return lines(piece.batch.target[0])


def swapped(pieces: Sequence[Piece]) -> list[Piece]:
    """Each piece with the soprano of the next one."""
    others = [*pieces[1:], *pieces[:1]]
    found = []
    for piece, other in zip(pieces, others, strict=True):
        target = piece.batch.target.clone()
        target[:, :, 0] = repeat_to(other.batch.target, len(piece))[:, :, 0]
        found.append(readvised(with_target(piece, target), "voices"))
    return found


def agreed(answers: Sequence[Lines], pieces: Sequence[Piece]) -> dict[str, float]:
    """Agreement per beat with what stands in the pieces."""
    return agreement((of_lines(answer), of_lines(own(piece))) for answer, piece in zip(answers, pieces, strict=True))


def home_keys(pieces: Sequence[Piece]) -> list[list[Key]]:
    """The key at each frame, as all four written lines say it."""
    return [keys_of(own(piece)) for piece in pieces]


def written(answers: Sequence[Lines], pieces: Sequence[Piece], keys: Sequence[list[Key]]) -> dict[str, float]:
    """Agreement, faults of part writing and how often each voice moves."""
    return agreed(answers, pieces) | part_writing(answers, keys) | motion(answers)


def part_writing(answers: Sequence[Lines], keys: Sequence[list[Key]]) -> dict[str, float]:
    """Faults per 100 changes of any line, altogether and by kind."""
    total, moments = dict.fromkeys(FAULTS, 0), 0
    for answer, key in zip(answers, keys, strict=True):
        at = changes(answer)
        found = faults(answer[at], RANGES, [key[frame].tonic for frame in at])
        total = {kind: total[kind] + found[kind] for kind in FAULTS}
        moments += len(at)
    each = {f"{kind.replace(' ', '_')}_per_100_changes": 100 * n / max(1, moments) for kind, n in total.items()}
    return {"faults_per_100_changes": sum(each.values())} | each


def motion(answers: Sequence[Lines]) -> dict[str, float]:
    """Changes of pitch per beat, voice by voice."""
    beats = sum(len(answer) for answer in answers) / FRAMES_PER_BEAT
    moved = sum(((answer[1:] != answer[:-1]).sum(0) for answer in answers), np.zeros(len(NAMES), np.int64))
    return {f"{name}_changes_per_beat": float(n) / max(1.0, beats) for name, n in zip(NAMES, moved, strict=True)}


def baselines(pieces: Sequence[Piece], train: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Players that count, the rules, and Bach himself."""
    home = home_keys(pieces)
    found = {"data": written([own(piece) for piece in pieces], pieces, home)}
    found["rules"] = written([by_rules(piece) for piece in pieces], pieces, home)
    found |= dict(_simple(pieces))
    short = [piece.cut(SHORT_FRAMES) for piece in pieces]
    found["persistence"] = _at_changes([_frame_before(piece) for piece in short], short)
    if train:
        marginal = HoldTable(KEYS).count(train)
        bigram = HoldTable(KEYS, beat=True, bigram=True).count(train)
        found["hold_or_marginal"] = per_note(marginal, pieces)
        found["hold_and_bigram"] = per_note(bigram, pieces)
    return found


def by_rules(piece: Piece) -> Lines:
    """The rule player under the soprano, asked at each change of pitch and each beat.

    It is not told where a soprano note is repeated: targets do not say it.
    """
    target = own(piece)
    soprano = target[:, 0]
    struck = np.concatenate(([True], soprano[1:] != soprano[:-1])) & (soprano != SILENT)
    return play(Chorale(piece.title, target, tuple(struck.tolist())), Wish(RANGES), every_beat=True)[0]


def _simple(pieces: Sequence[Piece]) -> Iterator[tuple[str, dict[str, float]]]:
    melodies = [own(piece)[:, :1] for piece in pieces]
    keys = [keys_of(melody)[::FRAMES_PER_BEAT] for melody in melodies]
    truth = [of_lines(own(piece)) for piece in pieces]
    for name, choose in SIMPLE:
        answers: list[list[Harmony]] = [
            chosen(melody[::FRAMES_PER_BEAT, 0].tolist(), key, choose)
            for melody, key in zip(melodies, keys, strict=True)
        ]
        yield name, agreement(zip(answers, truth, strict=True))


def quick(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Agreement of the harmonised sopranos."""
    return agreed(harmonised(model, pieces), pieces)
