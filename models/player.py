"""What the bridge asks of whoever plays, and what it gets back.

A player keeps nothing between calls: its state belongs to the caller, who may copy it, rewind it and batch it.
Time enters by `hear`, once per frame and never per message; `answer` may be asked at any instant inside the
open frame with what is known by then, any number of times, and changes nothing.

A player may raise: the rules then answer in its place, it is counted, and its past begins anew. One whose numbers are
no numbers (NaN) must raise, for nobody else can see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar, runtime_checkable

from music.pitch import Chord, Key

State = TypeVar("State")

FRAMES_PER_BEAT = 4
"""Frames of the grid that players hear: sixteenths."""

Placement = Literal["below", "above"]
Spacing = Literal["close", "open"]


@dataclass(frozen=True, slots=True)
class Sound:
    """A pitch at a velocity, without times."""

    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One closed frame as a player hears it."""

    onsets: tuple[Sound, ...]
    """What the musician struck in this frame, those already released included."""
    held: tuple[Sound, ...]
    """What the musician held during this frame, the onsets included."""
    answer: Answer | None = None
    """The last answer given by the end of the frame: what this player itself was sounding, whoever decided it."""
    struck: tuple[int, ...] = ()
    """What of the player's own began to sound in this frame, low to high, be it over by now."""
    own_onsets: tuple[Sound, ...] = ()
    """What the musician struck below the split in this frame: an accompaniment by hand, which stands for `answer`."""
    own_hand: tuple[Sound, ...] = ()
    """What the musician held below the split during this frame, the onsets included."""
    sections: tuple[int, ...] = ()
    """Of an orchestra: whose the voices of `answer` are, as in `Scoring`."""
    next_bar_frame: int | None = None
    """Frames since the barline of the frame that opens now; None where no clock runs that knows of bars."""
    beat: float = 0.0
    """Where it began, in beats since the transport started."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How an orchestra is wanted to play what the musician plays."""

    sections: tuple[int, ...]
    """Each voice's section, a place in `music.orchestra.SECTIONS`; voices of one are its desks, the top first."""
    density: float = 0.5
    """0 to 1: the share of the sections that play at a middle touch."""
    weight: float = 0.7
    """0 to 1: how far the touch brings sections in and takes them out."""
    doubling: float = 0.5
    """0 to 1: how readily outer lines are doubled at the octave; 0: never."""
    register: float = 0.0
    """-1 to 1, dark to bright: which sections come in first, and whether they double upwards or downwards."""
    divisi: int = 2
    """The most notes that a section plays at a time."""
    muted: frozenset[str] = frozenset()
    """Families (`music.instruments.Instrument.family`) that never play."""
    forced: frozenset[str] = frozenset()
    """Families that play at any touch, where there is something for them."""
    surprise: float = 0.0
    """0 to 1: how far, phrase by phrase, other sections come in first than are expected."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the preset asks for. Every player honours it by construction, not by filtering."""

    ranges: tuple[tuple[int, int], ...]
    """Lowest and highest pitch of each voice, both included, from the top voice down."""
    placement: Placement = "below"
    spacing: Spacing = "close"
    key: Key | None = None
    """The key to stay in; None: find it by listening."""
    temperature: float = 0.0
    """Standard meaning; 0 = likeliest."""
    seed: int = 0
    scoring: Scoring | None = None
    """For a player of an orchestra."""
    span: int = 12
    """Semitones that a hand reaches, for who plays the piano."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to play now, one pitch per voice of the wish from the top voice down (None: this voice rests)."""

    pitches: tuple[int | None, ...]
    """All None is silence: what sounds ends."""
    chord: Chord | None = None
    key: Key | None = None
    struck: frozenset[int] | None = None
    """The pitches to strike even where they sound already, once a frame; None: what goes on is held on."""
    velocities: tuple[int, ...] | None = None
    """One for each voice, before the limits of its part; None: as the musician's touch has it."""
    fallback: bool = False
    """Whether another player stood in for the one that was asked."""


@dataclass(frozen=True, slots=True)
class Coming:
    """An onset that is known before it comes."""

    beat: float
    onsets: tuple[Sound, ...]
    held: tuple[Sound, ...]
    """What will sound then, the onsets included."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything about now that is not in the state."""

    beat: float
    """Position in beats since the transport started."""
    wish: Wish
    last: Answer | None = None
    """The newest answer, whether it still sounds or not; None at the start."""
    last_beat: float = 0.0
    """When that answer was given, in beats."""
    onsets: tuple[Sound, ...] = field(default=())
    """What was struck in the open frame so far."""
    move: bool = False
    """Nothing new was played, but what is held is answered anew: the preset wants the chord to move on, or wants
    something else than before, or a frame has begun."""
    bar_frame: int | None = None
    """Frames since the barline of the open frame; None where no clock runs that knows of bars."""
    coming: tuple[Coming, ...] = ()
    """What the musician strikes next, as far as it is known: in a file, or where the answer may come later."""


class Player(Protocol[State]):
    """Who decides the notes: a rule player or a model."""

    @property
    def name(self) -> str:
        """As the preset's `model` names it."""
        ...

    @property
    def pulse(self) -> bool:
        """Whether to be asked at each frame's beginning too, with nothing held as well: an accompaniment."""
        ...

    def start(self) -> State:
        """The state before anything was heard."""
        ...

    def hear(self, state: State, frame: Frame) -> State:
        """The state one frame later."""
        ...

    def answer(self, state: State, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now, oldest press first; empty only for a player of pulse."""
        ...


@runtime_checkable
class HearsTogether(Player[State], Protocol[State]):
    """A player who hears for several musicians at once, which takes less time than one after the other. Optional."""

    def hear_all(self, states: Sequence[State], frames: Sequence[Frame]) -> list[State]:
        """What `hear` gives for each state and its frame; where that raises for any of them, this raises."""
        ...


@runtime_checkable
class AnswersTogether(Player[State], Protocol[State]):
    """A player who answers several musicians at once, which takes less time than one after the other. Optional."""

    def answer_all(
        self, states: Sequence[State], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """What `answer` gives for each state, what is held and the moment; each as soon as it is there.

        Where that raises for any of them, this raises before it comes to that one.
        """
        ...
