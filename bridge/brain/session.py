"""What the brain does: records of the port and messages of control in, answers for both out."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bridge import players
from bridge.brain.change import Changes, Refusal
from bridge.brain.clock_out import ClockOut
from bridge.brain.conductor import Conductor, Report
from bridge.brain.engine import Engine, Heard, Sent
from bridge.brain.grid import Grid
from bridge.brain.keys import Keys
from bridge.brain.moves import Moves
from bridge.brain.news import News
from bridge.brain.players import Players
from bridge.brain.settings import Settings
from bridge.brain.tap import Tap
from bridge.brain.transport import Position, Transport
from bridge.messages import BEAT_SCALE, INPUT, PLAY, POSITION, RESET, SILENCE, TEMPO, Record
from music.errors import ContinuoError
from music.events import Event, Program, Stop
from music.events import Transport as ClockMessage
from music.wire import decode, encode

DEADLINE_NS = 30_000_000
"""An onset that reaches the port later than this is not played."""
STALE_NS = 25_000_000
"""Onsets that waited longer than this are not asked for: the answer would be late."""
LEAD_NS = 20_000_000
"""So early an accompaniment is decided and handed to the port: it has the time to think, and plays on its beat."""
CLOCK_INSERT = 0
"""Whose output carries the clock that Continuo sends."""


class Session:
    """Everything between port and control. No sockets and no wall clock: the time is handed to it.

    What it has to say waits in `to_port` and `to_control`, in order, until somebody takes it.
    """

    def __init__(self, players: Players, now_ns: int) -> None:
        self.to_port: list[Record] = []
        self.to_control: deque[dict[str, Any]] = deque()
        self._players = players
        self._workplace = players.workplace
        self._changes = Changes(players)
        self._scenes: set[int] = set()  # inserts whose player is being loaded for a scene
        self._engine: Engine | None = None
        self._transport = Transport(now_ns)
        self._conductor = Conductor(self._transport)
        self._clock_out = ClockOut(self._transport)
        self._jack_ns_per_beat = 0.0
        self._moves = Moves()
        self._keys = Keys()
        self._news = News(self._transport, self._conductor)
        self._tap = Tap(self._transport)

    @property
    def transport(self) -> Transport:
        """Where the beats fall, for those who watch."""
        return self._transport

    @property
    def waiting(self) -> frozenset[int]:
        """The inserts where another scene waits, for its first note or for its player."""
        return (self._engine.waiting if self._engine else frozenset()) | self._scenes

    def obey(self, message: dict[str, Any], now_ns: int) -> None:
        """What control says."""
        if "settings" in message:
            self._configure(message["settings"], now_ns)
        if "scene" in message and self._engine:
            for number, state in message["scene"].items():
                self._change(self._engine, int(number), Settings.of(state), now_ns, next_note=True)
        if "knobs" in message:
            self._moves.watch(message["knobs"], message["learning"])
        if "clock" in message:
            self._conductor.configure(message["clock"], now_ns)
            self._tick(self._clock_out.switch(on=message["clock"]["out"], now_ns=now_ns))
        if "link" in message:
            self._conductor.link.newest = _link(message["link"])
        self._conduct(message, now_ns)
        if "key" in message:
            self._strike(message["key"], now_ns)
        if "panic" in message:
            self._silence(now_ns)
        if "resume" in message and self._engine:
            self._workplace.begin()
            self._play(self._engine.resume(now_ns))

    def _conduct(self, message: dict[str, Any], now_ns: int) -> None:
        """A tap, a start, a stop."""
        if "tap" in message:
            bpm = self._conductor.tap(message["tap"])
            if bpm:
                self.to_control.append({"tapped": bpm})
        if "play" in message:
            self._conductor.play(message["play"], now_ns)
        if "stop" in message:
            self._conductor.stop()

    def hear(self, records: Iterable[Record], now_ns: int) -> None:
        """What the port says: all that has arrived is one question."""
        if not self._engine:
            return
        heard: list[Heard] = []
        for record in records:
            if record.kind == INPUT and record.insert < len(self._engine.inserts):
                event = decode(record.data)
                if isinstance(event, ClockMessage):
                    self._conductor.hear(record.insert, event, record.time_ns)
                elif event is not None and not self._moves.hear(record.insert, record.data):
                    if isinstance(event, Program):
                        self._moves.choose(event)
                    heard.append((record.insert, event, record.time_ns))
                    self._tap.keep([record], now_ns)
            elif record.kind == TEMPO:
                self._jack_ns_per_beat = record.deadline_ns
            elif record.kind == POSITION:
                self._conductor.jack.newest = _jack(record, self._jack_ns_per_beat)
            elif record.kind == RESET:
                heard.clear()
                self._tap.keep([record], now_ns)
                self._silence(now_ns, for_good=True)  # keys that were let go may be in what was lost
        self._workplace.begin()
        self._play(self._engine.receive([*heard, *self._steer(self._engine, now_ns)], now_ns - STALE_NS))
        self._tell_moves(now_ns)

    def _strike(self, told: tuple[int, str, bool], now_ns: int) -> None:
        """A key that a surface plays: heard as if the port had told of it."""
        insert, data, thru = told
        key = bytes.fromhex(data)
        if self._engine:
            dry = self._keys.strike(insert, key, thru=thru)
            self.to_port += [Record(now_ns, now_ns + DEADLINE_NS, PLAY, insert, one) for one in dry]
            self.hear([Record(now_ns, 0, INPUT, insert, key)], now_ns)

    def advance(self, now_ns: int) -> None:
        """Let time pass up to now."""
        if not self._engine:
            return
        self._workplace.begin()
        stopped = self._steer(self._engine, now_ns)
        if stopped:
            self._play(self._engine.receive(stopped))
        self._tick(self._clock_out.due(now_ns, rolling=self._conductor.rolling))
        self._play(self._engine.advance(now_ns))
        self._settle(self._engine, now_ns)
        self._tell_moves(now_ns)
        self.show(self._news.since(self._engine, now_ns))
        self.to_control.extend(self._tap.due(now_ns))

    def show(self, values: dict[str, Any]) -> None:
        """Have surfaces shown something, by the names of the addresses."""
        if values:
            self.to_control.append({"shown": values})

    def wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to do; None where only messages matter."""
        if not self._engine:
            return None
        wakes = [self._engine.next_wake_ns(now_ns), self._engine.next_frame_ns(), self._clock_out.next_wake_ns()]
        wakes += [self._conductor.next_wake_ns(), self._moves.next_wake_ns()]
        if self._conductor.rolling:
            wakes.append(self._transport.next_beat_ns(now_ns))
        return min((wake for wake in wakes if wake is not None), default=None)

    def meet_port(self, now_ns: int) -> None:
        """A port is there that knows nothing yet; it tells of JACK's song only while that rolls."""
        self._conductor.jack.newest = None
        self._keys.forget()
        self._tap.keep([Record(now_ns, 0, RESET, 0, b"")], now_ns)  # the port before it has ended everything
        if self._engine:
            self._engine.silence(for_good=True)  # what was let go meanwhile, nobody has told of
            self._play(self._engine.programs(now_ns))

    def _tell_moves(self, now_ns: int) -> None:
        """Knobs and program changes are control's: it knows what they move and choose."""
        moved = self._moves.due(now_ns)
        if moved:
            self.to_control.append({"moved": moved})
        if chosen := self._moves.choice(now_ns):
            self.to_control.append({"program": chosen})

    def _configure(self, states: dict[str, Any], now_ns: int) -> None:
        if self._engine is None:
            settings = [Settings.of(states[str(number)]) for number in range(len(states))]
            self._engine = self._first(settings, now_ns)
            self.to_control.append({"set": True})
            return
        for number, state in states.items():
            self._change(self._engine, int(number), Settings.of(state), now_ns)

    def _first(self, settings: list[Settings], now_ns: int) -> Engine:
        """The engine; players that cannot be had are reported, and the rules play instead."""
        for number, one in enumerate(settings):
            try:
                self._players.get(*one.player)
            except ContinuoError as error:
                self._refuse(Refusal(number, one, error), players.RULES)
                settings[number] = replace(one, model=players.RULES)
        grid = Grid(self._transport, self._transport.bars, LEAD_NS)
        return Engine(settings, grid, now_ns, self._players)

    def _change(self, engine: Engine, number: int, settings: Settings, now_ns: int, *, next_note: bool = False) -> None:
        """Give an insert new settings; while their player is being loaded the old one plays under them.

        Those of a scene count from the next note on, and wait for their player: until then nothing changes.
        """
        self._changes.want(number, settings)
        next_note |= number in self._scenes
        if not self._players.ready(*settings.player):
            old = engine.inserts[number].settings
            if next_note:
                self._scenes.add(number)
                settings = replace(old, bypass=settings.bypass)
            elif old.effect == settings.effect:
                settings = replace(settings, model=old.model)
            else:  # nobody there can play the new one
                settings = replace(old, bypass=settings.bypass)
            next_note = False
        else:
            self._scenes.discard(number)
        self._workplace.begin()
        self._play((engine.change if next_note else engine.configure)(number, settings, now_ns))

    def _settle(self, engine: Engine, now_ns: int) -> None:
        """What has become of the players that were being loaded."""
        for number, outcome in self._changes.settled():
            if isinstance(outcome, Settings):
                gc.freeze()
                self._change(engine, number, outcome, now_ns)
            else:
                self._stay(engine, outcome, now_ns)

    def _stay(self, engine: Engine, refusal: Refusal, now_ns: int) -> None:
        """Who plays goes on; one who does not play the effect that is wanted leaves it to the rules."""
        playing, wanted = engine.inserts[refusal.insert].settings, refusal.settings
        same = playing.effect == wanted.effect
        plays = playing.model if same else players.RULES
        self._refuse(refusal, plays)
        if refusal.insert in self._scenes or (not same and wanted.model != players.RULES):
            self._change(engine, refusal.insert, replace(wanted, model=plays), now_ns)

    def _refuse(self, refusal: Refusal, plays: str) -> None:
        number, settings, error = refusal
        said = {"error": error.message, "hint": error.hint}
        self.to_control.append({"refused": number, "model": settings.model, "plays": plays, **said})

    def _steer(self, engine: Engine, now_ns: int) -> list[Heard]:
        """Follow whoever leads; a song that has stopped ends what every insert sounds."""
        if not self._conductor.steer(now_ns):
            return []
        return [(number, Stop(), now_ns) for number in range(len(engine.inserts))]

    def _silence(self, now_ns: int, *, for_good: bool = False) -> None:
        """Forget what sounds, and have the port end it: its panic may have been before our last onset."""
        self._keys.forget()
        if self._engine:
            self._engine.silence(for_good=for_good)
            ends = [Record(0, 0, SILENCE, number, b"") for number in range(len(self._engine.inserts))]
            self.to_port += ends
            self._tap.keep(ends, now_ns)

    def _play(self, sent: list[Sent]) -> None:
        records = [
            Record(due.time_ns, due.time_ns + DEADLINE_NS, PLAY, number, encode(due.event)) for number, due in sent
        ]
        self.to_port += records
        self._tap.keep(records)

    def _tick(self, ticks: list[tuple[int, Event]]) -> None:
        self.to_port += [Record(time_ns, time_ns, PLAY, CLOCK_INSERT, encode(event)) for time_ns, event in ticks]


def _jack(record: Record, ns_per_beat: float) -> Report:
    rolls, numerator, denominator = record.data
    position = Position(record.time_ns, record.deadline_ns / BEAT_SCALE, ns_per_beat)
    return Report(position, bool(rolls), bool(rolls), (numerator, denominator))


def _link(told: dict[str, Any]) -> Report:
    position = Position(told["time_ns"], told["beat"], 60e9 / told["bpm"])
    return Report(position, told["rolling"], told["peers"] > 0)
