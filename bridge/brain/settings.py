"""The state of an insert as the engine reads it: made from the state tree of a preset, every change a new one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from bridge.charts import chart_of
from bridge.errors import ValueRefused
from models.player import FRAMES_PER_BEAT, Scoring, Wish
from music.chart import Chart
from music.orchestra import FAMILIES, SECTIONS, section_of
from music.pitch import Key

Entry = Literal["now", "beat", "bar"]
Handover = Literal["silence", "bar", "pedal", "go"]
Trigger = Literal["go", "yield", "again", "variation", "keep"]
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)

HARMONIZE, ORCHESTRATE, REDUCE, FILL, CONTINUE = "harmonize", "orchestrate", "reduce", "fill", "continue"
BARS_OF_A_FILE = 8
"""How long an endless continuation is in a file."""
FINGERS = 5
"""Of a hand."""

MIDDLE_VELOCITY = 80
"""What velocity_follow = 0 plays, and what a full follow, and the dynamics, swing around."""
NEUTRAL_SURPRISE = 0.2
"""A continuation needs a little of it; of all others it is the one that leaves the preset's temperature as it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One staff or output channel. Channel 0-based; program 0-based or None."""

    name: str
    channel: int
    program: int | None
    lowest: int
    highest: int
    softest: int
    loudest: int
    section: int = 0
    """Which section of `music.orchestra` it is, or is most like."""
    keyswitch: int = 0
    """A key that chooses its articulation; 0: none."""
    dynamics: tuple[int, ...] = ()
    """Controllers that follow the touch beside the velocity."""

    def velocity(self, played: int, follow: float) -> int:
        """The velocity that answers a played one."""
        return self.within(round(MIDDLE_VELOCITY + follow * (played - MIDDLE_VELOCITY)))

    def within(self, velocity: int) -> int:
        """The nearest velocity that the part may have."""
        return min(max(velocity, self.softest), self.loudest)


@dataclass(frozen=True, slots=True)
class Turns:
    """When a continuation takes its turn, and when it leaves it."""

    handover: Handover
    after_beats: float
    """How long a silence hands over."""
    pedal: int
    """The controller that hands over and takes back."""
    bars: int
    """How long it plays, 0: endless; and of how many of the musician's bars it takes over at the end."""
    yields: bool
    """Whether the musician's first note ends it."""
    changes: Chart | None
    """What is known to sound while it plays."""
    wanted: frozenset[Trigger]
    """What is to be done, once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a musician can set on an insert."""

    effect: str
    bypass: bool
    channels: frozenset[int]
    """Input channels (0-based) that the effect listens to."""
    split: int
    """Keys below it are the musician's own hand; 0: there is none."""
    takeover_beats: float
    model: str
    velocity_follow: float
    strum_ns: int
    latch: bool
    motion_beats: float
    rest_beats: float
    pedal: bool
    """The sustain pedal holds what is answered too."""
    listens_to: int
    """The insert (from 1) whose notes are the input; 0: the insert's own port."""
    lookahead_frames: int
    commit_frames: int
    delay_beats: float
    """By how much one who follows answers later than it hears, to know what comes."""
    entry: Entry
    humanize: float
    wish: Wish
    parts: tuple[Part, ...]
    """One for each voice of the wish, from the top voice down; the last part takes the voices that are left."""
    turns: Turns
    amount: float
    density: float
    register: float
    surprise: float
    distance: float
    tightness: float
    dynamics: float

    @classmethod
    def of(cls, state: dict[str, Any]) -> Settings:
        """The settings that a state tree stands for."""
        harmonize, player, timing = state["harmonize"], state["player"], state["timing"]
        listened = state["input"]["channels"]
        parts = tuple(_part(part) for part in state["part"])
        voices = _voices(state, parts)
        return cls(
            effect=state["effect"],
            bypass=state["bypass"],
            channels=frozenset(range(16) if listened == "all" else (int(c) - 1 for c in listened.split(","))),
            split=state["input"]["split"],
            takeover_beats=state["input"]["takeover_beats"],
            model=player["model"],
            velocity_follow=harmonize["velocity_follow"],
            strum_ns=round(harmonize["strum_ms"] * 1e6),
            latch=harmonize["latch"],
            motion_beats=harmonize["motion_beats"],
            rest_beats=harmonize["rest_beats"],
            pedal=state["input"]["pedal"],
            listens_to=state["input"]["insert"],
            lookahead_frames=round(timing["lookahead_beats"] * FRAMES_PER_BEAT),
            commit_frames=round(timing["commit_beats"] * FRAMES_PER_BEAT),
            delay_beats=timing["delay_beats"] if state["effect"] not in (HARMONIZE, CONTINUE) else 0.0,
            entry=timing["entry"],
            humanize=timing["humanize"],
            wish=Wish(
                ranges=tuple((part.lowest, part.highest) for part in voices),
                placement=harmonize["placement"],
                spacing=harmonize["spacing"],
                key=None if harmonize["key"] == "auto" else Key.parse(harmonize["key"]),
                temperature=_temperature(state),
                seed=player["seed"],
                scoring=_scoring(state["style"] | state["orchestrate"], voices)
                if state["effect"] == ORCHESTRATE
                else None,
                span=state["reduce"]["span"],
            ),
            parts=voices,
            turns=_turns(state["continue"]),
            amount=state["style"]["amount"],
            density=state["style"]["density"],
            register=state["style"]["register"],
            surprise=state["style"]["surprise"],
            distance=state["style"]["distance"],
            tightness=state["style"]["tightness"],
            dynamics=state["style"]["dynamics"],
        )

    @property
    def player(self) -> tuple[str, str]:
        """The effect, and the name of who plays it."""
        return self.effect, self.model

    @property
    def follows(self) -> bool:
        """Whether every key counts, until it and its pedal are up: not so for a harmony to the newest note."""
        return self.effect != HARMONIZE

    @property
    def latches(self) -> bool:
        """Whether a chord is kept until the next note: a harmony, and nothing that follows."""
        return self.latch and not self.follows

    def owns(self, pitch: int) -> bool:
        """Whether a key belongs to the musician's own hand."""
        return pitch < self.split

    def listening_to(self, channels: int) -> Settings:
        """The same settings for music that comes from a file, on so many channels.

        Nobody watches the plan there: unless some of it is committed it need not be made. What comes is known. A
        continuation goes on where the file ends, and not for ever.
        """
        lookahead = self.lookahead_frames if self.commit_frames else 0
        listened = frozenset(range(min(channels, 16)))
        turns = replace(self.turns, handover="go", bars=self.turns.bars or BARS_OF_A_FILE, wanted=frozenset())
        return replace(self, channels=listened, listens_to=0, lookahead_frames=lookahead, delay_beats=0.0, turns=turns)

    def doing(self, wanted: Trigger) -> Settings:
        """The same settings, and something that is to be done once."""
        return replace(self, turns=replace(self.turns, wanted=frozenset((wanted,))))


def _temperature(state: dict[str, Any]) -> float:
    """The preset's, and with surprise less or more than that; a continuation has its own use for surprise."""
    temperature: float = state["player"]["temperature"]
    surprise: float = state["style"]["surprise"]
    if state["effect"] == CONTINUE or surprise == NEUTRAL_SURPRISE:
        return temperature
    if surprise < NEUTRAL_SURPRISE:
        return float(temperature * surprise / NEUTRAL_SURPRISE)
    return temperature + beyond(surprise)


def beyond(surprise: float) -> float:
    """0 to 1: how far a surprise is beyond the one that changes nothing."""
    return max(0.0, (surprise - NEUTRAL_SURPRISE) / (1 - NEUTRAL_SURPRISE))


def _part(part: dict[str, Any]) -> Part:
    lowest, highest = part["pitches"]
    softest, loudest = part["velocity"]
    program = part["program"] - 1 if part["program"] else None
    return Part(
        name=part["name"],
        channel=part["channel"] - 1,
        program=program,
        lowest=lowest,
        highest=max(lowest, highest),
        softest=softest,
        loudest=max(softest, loudest),
        section=_section(part, program, (lowest + highest) / 2),
        keyswitch=part["keyswitch"],
        dynamics={"velocity": (), "cc1": (1,), "cc11": (11,), "cc1+cc11": (1, 11)}[part["dynamics"]],
    )


def _section(part: dict[str, Any], program: int | None, middle: float) -> int:
    """The section that a part is called, or that its program and name stand for, or that lies where it does."""
    names = [section.name for section in SECTIONS]
    if part["section"] in names:
        return names.index(part["section"])
    found = None if program is None else section_of(program, part["name"])
    if found is not None:
        return found
    return min(range(len(SECTIONS)), key=lambda one: abs(sum(SECTIONS[one].instrument.practical) / 2 - middle))


def _voices(state: dict[str, Any], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Whose each voice is. Parts have as many as are wished for, as they have desks, as a hand has fingers, or one."""
    if state["effect"] == ORCHESTRATE:
        most = state["orchestrate"]["divisi"]
        return tuple(part for part in parts for _ in range(min(most, SECTIONS[part.section].desks)))
    if state["effect"] == REDUCE:
        return tuple(part for part in parts[:2] for _ in range(FINGERS))
    if state["effect"] in (FILL, CONTINUE):
        return parts
    return tuple(parts[min(voice, len(parts) - 1)] for voice in range(state["harmonize"]["voices"]))


def _scoring(state: dict[str, Any], voices: tuple[Part, ...]) -> Scoring:
    families = {choice: frozenset(name for name in FAMILIES if state[name] == choice) for choice in ("mute", "force")}
    return Scoring(
        sections=tuple(part.section for part in voices),
        density=state["density"],
        weight=state["weight"],
        doubling=state["doubling"],
        register=state["register"],
        surprise=beyond(state["surprise"]),
        divisi=state["divisi"],
        muted=families["mute"],
        forced=families["force"],
    )


def _turns(state: dict[str, Any]) -> Turns:
    return Turns(
        handover=state["handover"],
        after_beats=state["after_beats"],
        pedal=state["handover_cc"],
        bars=state["bars"],
        yields=state["yields"] == "stop",
        changes=_chart(state["changes"]),
        wanted=frozenset(one for one in TRIGGERS if state[one]),
    )


def _chart(text: str) -> Chart | None:
    """What a text stands for that was read before: a file may be gone since then."""
    with suppress(ValueRefused):
        return chart_of(text)
    return None
