"""Protocol D: chords for a melody that is heard as it comes, cold start; and how soon they follow it into another key.

`late`: the chord of a frame is decided from the melody of the frames before (x < t). `live`: the note of the frame is
known. The chords' own past is what was played, not what is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from models.frames import Batch
from models.player import FRAMES_PER_BEAT
from models.rules.score import nearest_chord
from train.evaluate import melody
from train.evaluate.agreement import NOTHING, SIMPLE, Harmony, agreement, chosen, harmony
from train.evaluate.hits import figures, persistence
from train.evaluate.keys import excerpts
from train.evaluate.pieces import Piece, exchanged, with_given
from train.evaluate.push import pushed, recovery
from train.evaluate.stream import GREEDY, Manner, Model, nats, play_all, sampling, shuffled_rise
from train.evaluate.tables import FRAMES_OF_BEAT, CountTable, nothing, past, place_in_beat

REMARK = (
    "note_in_chord: share of sounding melody sixteenths whose pitch class the sounding chord has, where a chord is "
    "written; rests do not count, silence is not a chord. Without _live: decided from earlier frames only, cold start"
)


def asked(batch: Batch) -> Tensor:
    """When the player is asked, as the rules are on stage: at each struck note, and on beats while one lasts."""
    held, struck = ((batch.given[..., plane] > 0).any(-1) for plane in (0, 1))
    on_beat = torch.zeros_like(held)
    on_beat[:, ::FRAMES_PER_BEAT] = True
    return struck | (held & on_beat)


def asked_late(batch: Batch) -> Tensor:
    """The same for a player who hears each frame when it is over: a frame later, and on the beats themselves."""
    later = functional.pad(asked(batch)[:, :-1], (1, 0))
    later[:, ::FRAMES_PER_BEAT] = True
    return later


LATE, LIVE = Manner(GREEDY, late=True, asked=asked_late), Manner(GREEDY, asked=asked)


def metrics(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Everything about the chords."""
    own = in_chord([piece.batch.target[0] for piece in pieces], pieces)
    late = answers(model, pieces, LATE)
    live = answers(model, pieces, LIVE)
    found = nats(model, pieces) | {
        "nats_per_frame_late": nats(model, pieces, hidden=True)["nats_per_frame"],
        "melody_shuffled_rise_nats_per_frame": shuffled_rise(model, excerpts(pieces)),
    }
    found |= foretold(model, pieces) | judged(late, live, pieces, own)
    sampled = answers(model, pieces, replace(LATE, choice=sampling(model)))
    found["note_in_chord_at_temperature_1"] = in_chord(sampled, pieces)
    found["note_in_chord_ratio_at_temperature_1"] = found["note_in_chord_at_temperature_1"] / max(own, 1e-9)
    behind = answers(model, [_a_frame_behind(piece) for piece in pieces], LIVE)
    found["note_in_chord_melody_a_frame_behind"] = in_chord(behind, pieces)
    found |= _shuffled(model, pieces)
    after = answers(model, [pushed(piece) for piece in pieces], LATE)
    return found | recovery(after, late, pieces)


def answers(model: Model, pieces: Sequence[Piece], manner: Manner) -> list[Tensor]:
    """(frame, 12) of each piece: what it draws as chords that the player on stage can name, which is what sounds."""
    return [named(roll) for roll in play_all(model, pieces, manner)]


def named(roll: Tensor) -> Tensor:
    """(frame, 12): of each set of pitch classes the nearest chord, 2 at its root."""
    found = torch.zeros_like(roll)
    for row, new in zip(roll.tolist(), found, strict=True):
        tones = frozenset(place for place, state in enumerate(row) if state)
        if tones:
            chord = nearest_chord(tones, row.index(2) if 2 in row else min(tones))
            new[list(chord.pitch_classes)] = 1
            new[chord.root] = 2
    return found


def _shuffled(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Chords for another melody, held against this one: the figures must fall."""
    crossed = answers(model, exchanged(pieces), LIVE)
    return {
        "note_in_chord_live_melody_shuffled": in_chord(crossed, pieces),
        "jaccard_live_melody_shuffled": agreed(crossed, pieces)["jaccard"],
    }


def judged(late: Sequence[Tensor], live: Sequence[Tensor], pieces: Sequence[Piece], own: float) -> dict[str, float]:
    """Note in chord, its ratio to the data's own, and agreement with the written chords, in both modes."""
    found = {"note_in_chord": in_chord(late, pieces), "note_in_chord_live": in_chord(live, pieces)}
    found |= {f"{name.replace('chord', 'chord_ratio')}": value / max(own, 1e-9) for name, value in found.items()}
    found |= agreed(late, pieces)
    found |= {f"{name}_live": value for name, value in agreed(live, pieces).items()}
    found["chord_changes_per_beat"] = changes_per_beat(late)
    found["chord_changes_per_beat_live"] = changes_per_beat(live)
    return found


def quick(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """Note in chord and agreement in both modes."""
    own = in_chord([piece.batch.target[0] for piece in pieces], pieces)
    return judged(answers(model, pieces, LATE), answers(model, pieces, LIVE), pieces, own)


def foretold(model: Model, pieces: Sequence[Piece]) -> dict[str, float]:
    """F1 of the likeliest next chord, the truth heard until then, the current note known."""
    some = excerpts(pieces)
    drawn = play_all(model, some, Manner(warm_up=None))
    return figures([(roll, piece.batch.target[0]) for roll, piece in zip(drawn, some, strict=True)], strikes=False)


def in_chord(chords: Sequence[Tensor], pieces: Sequence[Piece]) -> float:
    """Share of sounding melody notes, sixteenth by sixteenth, whose pitch class the sounding chord has.

    Frames in which the melody rests are not counted; a note without any chord is not in it. So that players are held
    against one measure, only frames count in which a chord is written.
    """
    right = notes = 0
    for chord, piece in zip(chords, pieces, strict=True):
        sounding = held(piece) & (piece.batch.target[0] > 0).any(-1, keepdim=True)
        right += int((sounding & (chord > 0)).sum())
        notes += int(sounding.sum())
    return right / max(1, notes)


def held(piece: Piece) -> Tensor:
    """(frame, 12) which pitch classes of the melody sound."""
    return piece.batch.given[0, :, :, 0] > 0


def agreed(chords: Sequence[Tensor], pieces: Sequence[Piece]) -> dict[str, float]:
    """Agreement per beat with the written chords."""
    return _against_written([harmonies(chord) for chord in chords], pieces)


def _against_written(ours: Sequence[Sequence[Harmony]], pieces: Sequence[Piece]) -> dict[str, float]:
    written = [harmonies(piece.batch.target[0]) for piece in pieces]
    return agreement(zip(ours, written, strict=True), least=2)


def harmonies(chord: Tensor) -> list[Harmony]:
    """The harmony on each beat of (frame, 12) states."""
    found = []
    for row in chord[::FRAMES_PER_BEAT].tolist():
        tones = frozenset(place for place, state in enumerate(row) if state)
        bass = row.index(2) if 2 in row else min(tones, default=None)
        found.append(harmony(tones, bass))
    return found


def changes_per_beat(chords: Sequence[Tensor]) -> float:
    """How often the sounding chord becomes another."""
    changed = sum(int((chord[1:] != chord[:-1]).any(-1).sum()) for chord in chords)
    return FRAMES_PER_BEAT * changed / max(1, sum(len(chord) for chord in chords))


def baselines(pieces: Sequence[Piece], train: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """The written chords, the rules, chord by chord players, and tables of counts."""
    written = [piece.batch.target[0] for piece in pieces]
    own = in_chord(written, pieces)
    found = {"data": judged(written, written, pieces, own), "rules": _rules(pieces, own)}
    found |= _simple(pieces, own)
    cut = [piece.batch.target[0] for piece in excerpts(pieces)]
    found["persistence"] = figures([persistence(target, strikes=False) for target in cut], strikes=False)
    if train:
        for name, table in _tables().items():
            found[name] = found.get(name, {}) | nats(table.count(train), pieces)
    return found


def _rules(pieces: Sequence[Piece], own: float) -> dict[str, float]:
    live = [melody.by_rules(piece) for piece in pieces]
    late = [_later(chord) for chord in live]
    after = [_later(melody.by_rules(pushed(piece))) for piece in pieces]
    return judged(late, live, pieces, own) | recovery(after, late, pieces)


def _simple(pieces: Sequence[Piece], own: float) -> dict[str, dict[str, float]]:
    """Players that choose a chord at each beat, by the note that sounds then; late: a frame later."""
    found: dict[str, dict[str, float]] = {}
    heard = [melody.heard(piece) for piece in pieces]
    for name, choose in SIMPLE:
        live = []
        for pitches, keys in heard:
            each = chosen(pitches[::FRAMES_PER_BEAT], keys[::FRAMES_PER_BEAT], choose, alone=True)
            live.append(_states(each, len(pitches)))
        found[name] = judged([_later(chord) for chord in live], live, pieces, own)
    return found


def _states(beats: Sequence[Harmony], frames: int) -> Tensor:
    """(frame, 12): each beat's chord until the next one; a rest keeps what sounded."""
    states = torch.zeros(frames, 12, dtype=torch.long)
    sounding = NOTHING
    for beat, new in enumerate(beats):
        sounding = new if new.tones else sounding
        here = slice(beat * FRAMES_PER_BEAT, (beat + 1) * FRAMES_PER_BEAT)
        states[here, sorted(sounding.tones)] = 1
        if sounding.root is not None:
            states[here, sounding.root] = 2
    return states


def _later(chord: Tensor) -> Tensor:
    """The chord that was decided in the frame before."""
    return torch.cat([torch.zeros_like(chord[:1]), chord[:-1]])


def _a_frame_behind(piece: Piece) -> Piece:
    """The piece with its melody heard one frame late."""
    given = piece.batch.given
    return with_given(piece, torch.cat([torch.zeros_like(given[:, :1]), given[:, :-1]], 1))


def _tables() -> Mapping[str, CountTable]:
    return {
        "silence": CountTable(nothing, (12, 1, 3), shared=True),
        "marginal": CountTable(nothing, (12, 1, 3)),
        "copy_previous": CountTable(past, (12, 3, 3), shared=True),
        "frame_count_table": CountTable(_around, (12, 3 * 3 * (FRAMES_OF_BEAT + 1), 3), shared=True),
    }


def _around(before: Tensor, given: Tensor, phase: Tensor) -> Tensor:
    """The pitch class before, whether the melody holds or strikes it, and the place in the beat."""
    melody_state = (given[..., 0] > 0).long() + (given[..., 1] > 0).long()
    return (before * 3 + melody_state) * (FRAMES_OF_BEAT + 1) + place_in_beat(phase)[..., None]
