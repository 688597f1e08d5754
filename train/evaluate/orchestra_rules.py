"""The rule orchestra in protocol C: it hears the piano as a daemon would, and only itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Scoring, Sound, Wish
from models.rules.orchestra import RuleOrchestra, State
from music.orchestra import SECTIONS
from train.ensembles.arrays import Ensembles
from train.ensembles.events import LOWEST, STRUCK
from train.evaluate.orchestra import Piece, unit_of
from train.evaluate.orchestra import State as Units

DIVISI = 2
"""The most notes of a section: as the presets have it."""
TOUCH = 80
SILENT_FRAMES = 16
"""It need not be told of more empty frames between two events."""


def play(piece: Piece) -> Units:
    """What the rules play along the piano of a piece, with its sections and at middle density."""
    wish = wish_for(piece)
    assert wish.scoring  # noqa: S101 - `wish_for` gives one
    played = np.zeros(piece.state.shape, bool)
    for event, answer in enumerate(answers(piece.arrays, wish, wish.scoring.sections)):
        units = [unit_of(s, p) for s, p in zip(wish.scoring.sections, answer.pitches, strict=True) if p is not None]
        played[event, [unit for unit in units if unit is not None]] = True
    return played


def answers(arrays: Ensembles, wish: Wish, sections: tuple[int, ...]) -> Iterator[Answer]:
    """What the rules play at each event of one piece's piano."""
    player = RuleOrchestra()
    state, answer = player.start(), None
    velocities: dict[int, int] = {}
    frame, before = 0, Frame((), ())
    for event, (row, beat) in enumerate(zip(arrays.piano, arrays.beat.tolist(), strict=True)):
        state = _closed(player, state, before, int(beat * FRAMES_PER_BEAT) - frame)
        frame = int(beat * FRAMES_PER_BEAT)
        touch = int(arrays.piano_velocity[event]) or TOUCH
        velocities |= {int(key) + LOWEST: touch for key in np.flatnonzero(row == STRUCK)}
        held = tuple(Sound(int(key) + LOWEST, velocities.get(int(key) + LOWEST, TOUCH)) for key in np.flatnonzero(row))
        onsets = tuple(sound for sound in held if row[sound.pitch - LOWEST] == STRUCK)
        answer = player.answer(state, held, Moment(beat, wish, last=answer, onsets=onsets))
        before = Frame(onsets, held, answer, sections=sections)
        yield answer


def wish_for(piece: Piece) -> Wish:
    """The sections that play in a piece, each with as many voices as a preset gives it."""
    there = [number for number in range(len(SECTIONS)) if piece.state[:, piece.of_section(number)].any()]
    voices = [number for number in there for _ in range(min(DIVISI, SECTIONS[number].desks))]
    ranges = tuple(SECTIONS[number].instrument.practical for number in voices)
    return Wish(ranges, scoring=Scoring(tuple(voices)))


def _closed(player: RuleOrchestra, state: State, last: Frame, frames: int) -> State:
    """The state when so many frames have ended, in the first of which something happened."""
    for number in range(min(frames, SILENT_FRAMES)):
        state = player.hear(state, last if not number else Frame((), last.held, last.answer, sections=last.sections))
    return state
