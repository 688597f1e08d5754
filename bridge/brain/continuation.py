"""An insert that goes on where the musician stops: it listens, takes its turn, and leaves it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import ceil, inf
from typing import Any

from bridge.brain.ear import Ear
from bridge.brain.foresight import Later
from bridge.brain.grid import COMMON_BEATS, Grid
from bridge.brain.instruments import Dynamics, programs
from bridge.brain.musician import Musician
from bridge.brain.performance import Performance
from bridge.brain.question import Question, Turn
from bridge.brain.ringing import Ringing
from bridge.brain.settings import Settings
from bridge.brain.sounding import Due, Note
from bridge.brain.strikes import Strikes, part_of
from bridge.brain.timing import PLAN_AHEAD_NS
from models.ahead import Ahead
from models.continuation import Aim, Continuer
from models.player import FRAMES_PER_BEAT, Answer
from music.events import Control, Event, NoteOn
from music.phrase import Onset
from music.wire import PEDAL_DOWN

PLAN_BEATS = 2.0
"""How far it is planned, and shown."""
OPENING = 4
"""Bars of the musician's after which it takes over at the bar, where the preset names none."""
THINKING_NS = 2_000_000
"""So long a player is left alone while it thinks."""
SOON_ENOUGH = 0.5
"""Beats after a barline that still begin with it."""
HEARD = 4096
"""Onsets that are kept for another player to hear."""


class Continuation:
    """Hears all that the musician plays, and when it is handed over plays on until it is taken back."""

    def __init__(self, settings: Settings, player: Continuer[Any, Any], grid: Grid) -> None:
        self.settings = settings
        self.player = player
        self.answer: Answer | None = None
        self.missed = 0
        self._fallbacks = 0  # of players that were replaced
        self._grid = grid
        self._timeline = grid.timeline
        self._musician = Musician(settings)
        self._ear = Ear()
        self._memory = player.start()
        self._heard: deque[tuple[Onset, bool]] = deque(maxlen=HEARD)  # and whether a clock ran
        self._turn: Performance | None = None
        self._taken = 0.0  # the beat at which it was
        self._bar: tuple[float, float] | None = None  # from when to when the first bar of the turn lasts
        self._before: Performance | None = None  # the turn before this one
        self._strikes = Strikes(grid.timeline)
        self._turns = 0
        self._dynamics = Dynamics()
        self._first: float | None = None  # when the musician began, since the last turn
        self._pedal = False  # was pressed

    @property
    def busy(self) -> bool:
        """Whether another scene has to wait for the next note: it has the turn."""
        return self.playing or bool(self._strikes)

    def let_ring(self) -> Ringing:
        """Nothing: no key holds what it plays, and the next note ends it in any scene."""
        return Ringing((), self._musician.hand_over(), each=False)

    @property
    def playing(self) -> bool:
        """Whether it has the turn."""
        return self._turn is not None

    @property
    def fallbacks(self) -> int:
        """How often somebody else had to stand in for the player."""
        return self._fallbacks + self.player.fallbacks(self._memory)

    @property
    def sounding(self) -> list[Note]:
        """What the port was told to begin and not yet to end."""
        return list(self._strikes)

    @property
    def planned(self) -> list[tuple[float, Note]]:
        """When it plays what, as far as that is decided."""
        onsets = self._turn.planned if self._turn else []
        return [
            (one.beat, (part_of(tone.pitch, self.settings).channel, tone.pitch)) for one in onsets for tone in one.tones
        ]

    def programs(self, now_ns: int) -> list[Due]:
        """The program changes and keyswitches that the parts ask for."""
        return programs(self.settings, now_ns)

    def hear(self, event: Event, time_ns: int) -> None:
        """Take an event in; `respond` does what follows from it."""
        beat, settings = self._timeline.beat_at(time_ns), self.settings
        if self._musician.hear(event, beat, late=False) and isinstance(event, NoteOn):
            self._ear.press(event.pitch, event.velocity, beat)
            self._first = beat if self._first is None else self._first
        self._ear.lift(self._ear.open - {sound.pitch for sound in self._musician.sounds()}, beat)
        self._learn(self._ear.heard(beat))
        if isinstance(event, Control) and event.channel in settings.channels and event.number == settings.turns.pedal:
            self._pedal = settings.turns.handover == "pedal" and event.value >= PEDAL_DOWN

    def overhear(self, events: Iterable[Event], time_ns: int) -> None:
        """Take events in that nothing is to follow from."""
        for event in events:
            self.hear(event, time_ns)
        self._musician.done()

    def foresee(self, later: Sequence[Later]) -> None:
        """What is to come decides nothing here."""

    def respond(self, time_ns: int, *, in_time: bool = True) -> Turn:  # noqa: ARG002 - it yields to what came late too
        """The musician's first note takes the turn back, a pedal hands it over or takes it."""
        done = self._musician.done()
        pedal, self._pedal = self._pedal, False
        if done.stopped or (done.struck and self._turn and self.settings.turns.yields):
            return Turn(self._stop(time_ns))
        if pedal:
            return Turn(self._stop(time_ns) if self._turn else self._go(time_ns))
        return Turn([])

    def advance(self, now_ns: int) -> Turn:
        """Take over when it is time, and hand what is near to the port."""
        due_beat = self._handover()
        if due_beat is not None and now_ns >= self._timeline.ns_at(due_beat):
            return Turn(self._go(now_ns))
        return Turn(self._play(now_ns))

    def play(self, question: Question, answer: Answer) -> list[Due]:
        """Nobody is asked."""
        raise NotImplementedError

    def listen(self, now_ns: int) -> None:
        """There are no frames to close."""

    def look_ahead(self) -> None:
        """The plan is worked on as it is played."""

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to do; None where only events matter."""
        due_beat = self._handover()
        wakes = [] if due_beat is None else [self._timeline.ns_at(due_beat)]
        beats = [self._strikes.next_beat, self._turn.next_beat if self._turn else None]
        wakes += [self._timeline.ns_at(beat) - PLAN_AHEAD_NS for beat in beats if beat is not None]
        if self._turn and self._turn.thinking:
            wakes.append(now_ns + THINKING_NS)
        return min(wakes, default=None)

    def next_frame_ns(self) -> int:
        """When the open frame ends."""
        raise NotImplementedError

    def configure(self, settings: Settings, player: Continuer[Any, Any], now_ns: int) -> Turn:
        """Take new settings, and do once what they want to be done."""
        before, self.settings = self.settings, settings
        beat = self._timeline.beat_at(now_ns)
        due = self._dynamics.leave(settings, now_ns)
        if player is not self.player:
            self._fallbacks = self.fallbacks
            self.player, self._memory = player, player.start()
            for onset, phase in self._heard:
                player.hear(self._memory, onset, phase=phase)
            due += self._stop(now_ns)
            self._before = None
        self._musician.configure(settings, beat)
        if settings.parts != before.parts or not settings.amount:
            due += self._strikes.end_all(now_ns)
        if settings.bypass:
            self._first = None
            return Turn(due + self._stop(now_ns))
        if self._turn:
            self._turn.want(self._aim(beat), beat + PLAN_BEATS, now_ns)
        return Turn(due + [one for wanted in sorted(settings.turns.wanted) for one in self._do(wanted, now_ns)])

    def leave(self, now_ns: int) -> list[Due]:
        """End everything: another kind of insert takes this one's place."""
        return self._stop(now_ns)

    def forget(self, keys: Iterable[Note]) -> None:
        """Keys go up, whoever held them."""
        self._musician.forget(keys)

    def silence(self, *, for_good: bool = False) -> None:
        """Forget what is held and what sounds; the port ends it."""
        self._musician.halt(for_good=for_good)
        self._ear.heard(inf, all_of_it=True)
        self._first = None
        self._strikes.forget()
        self._leave_turn()

    def resume(self, now_ns: int) -> Turn:  # noqa: ARG002 - a turn that was cut short is over
        """Undo a silence: what was held is held again."""
        self._musician.resume()
        return Turn([])

    def _learn(self, onsets: Iterable[Onset]) -> None:
        for onset in onsets:
            phase = self._has_clock(onset.beat)
            self.player.hear(self._memory, onset, phase=phase)
            self._heard.append((onset, phase))

    def _handover(self) -> float | None:
        """The beat at which it takes over, if nothing happens until then; None: it does not."""
        turns = self.settings.turns
        if self._turn or self._first is None or self.settings.bypass:
            return None
        if turns.handover == "bar":
            return self._grid.barline(self._first - SOON_ENOUGH, turns.bars or OPENING)
        if turns.handover == "silence" and not self._musician.sounds() and not self._musician.holds_by_pedal:
            return self._musician.touched_beat + turns.after_beats
        return None

    def _do(self, wanted: str, now_ns: int) -> list[Due]:
        """What a button does."""
        before = self._turn or self._before
        match wanted:
            case "go":
                return self._go(now_ns)
            case "yield":
                return self._stop(now_ns)
            case "again" if before and before.played:
                return self._go(now_ns, again=before)
            case "variation" if before and before.start is not None:
                return self._go(now_ns, thread=before.start)
            case "keep" if before:
                self._keep(before, self._timeline.beat_at(now_ns))
        return []

    def _keep(self, turn: Performance, beat: float) -> None:
        """Learn what was played, as if the musician had played it: after all that was heard."""
        newest = self._heard[-1][0].beat if self._heard else -inf
        first = turn.played[0].beat if turn.played else beat
        later = 0.0 if first > newest else ceil(newest + COMMON_BEATS - first)
        self._learn(Onset(one.beat + later, one.tones) for one in turn.played)

    def _go(self, now_ns: int, *, thread: Any = None, again: Performance | None = None) -> list[Due]:
        """Take the turn."""
        beat, settings = self._timeline.beat_at(now_ns), self.settings
        due = self._stop(now_ns)
        self._learn(self._ear.heard(beat, all_of_it=True))
        self._first = None
        start = thread or self.player.begin(self._memory)
        if settings.bypass or start is None:
            return due
        self._turns += 1
        turn = Performance(self.player, self._memory, None if again else start, self._aim(beat), self._seed())
        if again:
            turn.start = again.start
            turn.repeat(again.played, self._place(again.played[0].beat, beat) - again.played[0].beat)
        self._turn, self._taken, self._bar = turn, beat, None
        return due + self._play(now_ns)

    def _begin(self, turn: Performance, now_ns: int) -> None:
        """Find the first onset of a turn, as soon as the player has one, and the end if there is to be one."""
        if not turn.answers(now_ns):
            return
        bars = self.settings.turns.bars
        begun = turn.begin(lambda first: self._place(first, self._taken))
        first = self._grid.barline(begun - SOON_ENOUGH)
        self._bar = first, self._grid.barline(begun - SOON_ENOUGH, 1)
        if bars:
            turn.close(self._grid.barline(begun - SOON_ENOUGH, bars), (self._bar[1] - first) / 2)
        if self.settings.turns.changes:
            turn.want(self._aim(begun), begun + PLAN_BEATS, now_ns)

    def _place(self, beat: float, now: float) -> float:
        """Where a first onset that is at `beat` is to be, now or soon: where bars are known, whole beats from there."""
        if not self._has_clock(now):
            return now
        entry, frame = self.settings.entry, floor_frame(now)
        if entry == "bar":
            return self._grid.barline(now)
        earliest = self._grid.entry(frame, late=False, entry=entry) / FRAMES_PER_BEAT if entry == "beat" else now
        return beat + ceil(earliest - beat - 1e-6)

    def _has_clock(self, beat: float) -> bool:
        return self._grid.bars(floor_frame(beat)) is not None

    def _play(self, now_ns: int) -> list[Due]:
        """What begins and ends soon, for the port."""
        until_ns = now_ns + PLAN_AHEAD_NS
        due: list[Due] = []
        if self._turn and not self._turn.begun:
            self._begin(self._turn, now_ns)
        if self._turn and self._turn.begun:
            self._turn.plan(self._timeline.beat_at(until_ns) + PLAN_BEATS, now_ns)
            # in ns, as the wakes are: by the beats of a rounded time nothing might be due, and be woken for again
            for onset in self._turn.take(lambda beat: self._timeline.ns_at(beat) <= until_ns):
                due += self._strikes.release(self._timeline.ns_at(onset.beat))
                due += self._strikes.strike(onset, self.settings) if self.settings.amount else []
        due += self._strikes.release(until_ns)
        if self._turn and self._turn.over and not self._strikes:
            self._leave_turn()
        return self._dynamics.follow([Due(max(one.time_ns, now_ns), one.event) for one in due], self.settings)

    def _stop(self, now_ns: int) -> list[Due]:
        """Leave the turn, and end what sounds."""
        self._leave_turn()
        return self._strikes.end_all(now_ns)

    def _leave_turn(self) -> None:
        self._before, self._turn = self._turn or self._before, None

    def _aim(self, beat: float) -> Aim:
        settings, wish = self.settings, self.settings.wish
        return Aim(
            lowest=min(low for low, _ in wish.ranges),
            highest=max(high for _, high in wish.ranges),
            key=wish.key,
            temperature=wish.temperature,
            density=settings.density,
            register=settings.register,
            surprise=settings.surprise,
            distance=settings.distance,
            phase=self._has_clock(beat),
            ahead=self._ahead(),
        )

    def _ahead(self) -> Ahead | None:
        """The changes that are played over, from the first barline of the turn on."""
        changes = self.settings.turns.changes
        if changes is None or self._bar is None:
            return Ahead(changes) if changes else None
        first, second = self._bar
        return Ahead(changes, second - first, first)

    def _seed(self) -> int:
        return self.settings.wish.seed * 1_000_003 + self._turns


def floor_frame(beat: float) -> int:
    """The frame that a beat lies in."""
    return int(beat * FRAMES_PER_BEAT // 1)
