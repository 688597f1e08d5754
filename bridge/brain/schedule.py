"""What a player of pulse means to play in the frames to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from math import floor
from typing import Any, NamedTuple

from bridge.brain.frames import Frames
from bridge.brain.grid import Bars, Grid
from bridge.brain.in_time import InTime
from bridge.brain.musician import Musician
from bridge.brain.sounding import Note, Tone
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Player, Sound, Wish


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is taken for granted of the frames to come: that the musician goes on as now."""

    held: tuple[Sound, ...]
    own_hand: tuple[Sound, ...]
    wish: Wish
    bars: Bars
    barlines: tuple[int | None, int | None]
    """Where the bars stand and how long they are: others where the song has been moved, or has another meter."""


class Step(NamedTuple):
    """A frame whose answer is decided."""

    frame: int
    answer: Answer


class Schedule:
    """Answers for the next frames, worked out one by one from a copy of the player's state.

    They stand on an outlook. When the musician departs from it, they are worked out anew, but for the first of them
    that are committed. Nothing waits: `extend` takes what is ready and asks for the next.
    """

    def __init__(self, grid: Grid, frames: Frames, musician: Musician) -> None:
        self._grid, self._frames, self._musician = grid, frames, musician
        self._answers: dict[int, Answer] = {}
        self._outlook: Outlook | None = None
        self._first = 0  # the frame that is looked ahead from
        self._onsets: tuple[Sound, ...] = ()  # what was struck in it by then
        self._state: Any = None  # of the player, before the newest step's frame
        self._step: Step | None = None
        self._before: Answer | None = None
        self._pending: Future[Answer] | None = None

    @property
    def waits(self) -> bool:
        """Whether an answer is being worked out."""
        return self._pending is not None

    @property
    def steps(self) -> list[Step]:
        """What is planned, soonest first."""
        return [Step(frame, answer) for frame, answer in sorted(self._answers.items())]

    def clear(self) -> None:
        """Forget the plan."""
        self._answers.clear()
        self._stop()

    def arrive(self, frame: int, wish: Wish, committed: int) -> Answer | None:
        """The planned answer of a frame that begins, None where it is to be asked for.

        Where the musician has departed from the outlook, only `committed` frames of the plan are kept.
        """
        if self._outlook and not (self._outlook == self._outlook_now(wish) and self._foresaw(frame - 1)):
            self._answers = {k: answer for k, answer in self._answers.items() if k < frame + committed}
            self._stop()
        for passed in [k for k in self._answers if k < frame]:
            del self._answers[passed]
        return self._answers.pop(frame, None)

    def start(self, step: Step, before: Answer | None, wish: Wish) -> None:
        """Look ahead from a frame that begins with its answer, unless that goes on already."""
        if self._outlook is None:
            self._outlook = self._outlook_now(wish)
            self._state, self._step, self._before = self._frames.state, step, before
            self._first, self._onsets = step.frame, self._musician.hands.onsets()

    def extend(self, player: Player[Any], lookahead_frames: int) -> None:
        """Work on, so many frames from the open one; not beyond where the player would come to rest."""
        until = floor(min(self._frames.open + lookahead_frames, self._musician.rest_beat * FRAMES_PER_BEAT))
        while self._step and self._outlook and (self._step.frame < until or self._pending):
            if self._pending is None:
                self._ask(player, self._step, self._outlook)
            if self._pending is None:
                continue
            if not self._pending.done():
                return
            pending, self._pending = self._pending, None
            try:
                self._go(self._step, pending.result())
            except Exception:  # noqa: BLE001 - it is asked again when its frame begins, and what is wrong is told then
                self._stop()

    def _outlook_now(self, wish: Wish) -> Outlook:
        hands, grid = self._musician.hands, self._grid
        own = tuple(Sound(pitch, velocity) for _, pitch, velocity in hands.own)
        return Outlook(hands.sounds(), own, wish, grid.bars, grid.barlines())

    def _foresaw(self, frame: int) -> bool:
        """Whether nothing was struck in the frame that closed last but what was known."""
        closed = self._frames.closed
        return closed is not None and not closed.own_onsets and closed.onsets == self._known(frame)

    def _known(self, frame: int) -> tuple[Sound, ...]:
        return self._onsets if frame == self._first else ()

    def _ask(self, player: Player[Any], step: Step, outlook: Outlook) -> None:
        """Have the answer after a step worked out; a committed one is there already."""
        frame = Frame(
            onsets=self._known(step.frame),
            held=outlook.held,
            answer=step.answer,
            struck=_struck(self._before, step.answer),
            own_hand=outlook.own_hand,
            next_bar_frame=outlook.bars(step.frame + 1),
            beat=step.frame / FRAMES_PER_BEAT,
        )
        self._state = player.hear(self._state, frame)
        known = self._answers.get(step.frame + 1)
        if known is not None:
            self._go(step, known)
            return
        moment = Moment(
            beat=(step.frame + 1) / FRAMES_PER_BEAT,
            wish=outlook.wish,
            last=step.answer,
            last_beat=step.frame / FRAMES_PER_BEAT,
            move=True,
            bar_frame=outlook.bars(step.frame + 1),
        )
        self._pending = _later(player, self._state, outlook.held, moment)

    def _go(self, step: Step, answer: Answer) -> None:
        self._answers[step.frame + 1] = answer
        self._before, self._step = step.answer, Step(step.frame + 1, answer)

    def _stop(self) -> None:
        if self._pending:
            self._pending.cancel()
        self._outlook = self._step = self._pending = self._state = None


def onsets(
    steps: Sequence[Step], answer: Answer | None, notes: Callable[[Answer], Mapping[Note, Tone]]
) -> list[tuple[float, Note]]:
    """The beats and notes that begin with each planned answer, after one that sounds; `notes` says what it sounds."""
    found: list[tuple[float, Note]] = []
    before = set(notes(answer)) if answer and steps else set()
    for step in steps:
        struck, wanted = step.answer.struck or frozenset(), notes(step.answer)
        beat = step.frame / FRAMES_PER_BEAT
        found += [(beat, note) for note, tone in wanted.items() if note not in before or tone.pitch in struck]
        before = set(wanted)
    return found


def _later(player: Player[Any], state: Any, held: tuple[Sound, ...], moment: Moment) -> Future[Answer]:
    """What the player answers, when it is there: one who thinks elsewhere is not waited for."""
    if isinstance(player, InTime):
        return player.answer_later(state, held, moment)
    answered: Future[Answer] = Future()
    answered.set_result(player.answer(state, held, moment))
    return answered


def _struck(before: Answer | None, answer: Answer) -> tuple[int, ...]:
    """The pitches that begin to sound with an answer, low to high."""
    sounded = set(before.pitches) if before else set()
    begun = {pitch for pitch in answer.pitches if pitch is not None and pitch not in sounded}
    return tuple(sorted(begun | (answer.struck or frozenset())))
