"""What surfaces are shown of the brain, by the names of their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.brain.conductor import Conductor
from bridge.brain.effects import Effect
from bridge.brain.engine import Engine
from bridge.brain.sounding import Note
from bridge.brain.transport import Transport

EVERY_NS = 50_000_000
LONGEST_PLAN = 64
"""Notes of a plan that are shown: more do not fit a datagram well."""


class News:
    """What has changed since it was asked for last, at most twenty times a second. The thread of the engine owns it."""

    def __init__(self, transport: Transport, conductor: Conductor) -> None:
        self._transport = transport
        self._conductor = conductor
        self._told: dict[str, Any] = {}
        self._plans: dict[int, list[tuple[float, Note]]] = {}
        self._told_ns = -EVERY_NS

    def since(self, engine: Engine, now_ns: int) -> dict[str, Any]:
        """Name and value of what has changed."""
        if now_ns - self._told_ns < EVERY_NS:
            return {}
        found = self._clock(now_ns)
        for number, insert in enumerate(engine.inserts, 1):
            found |= {f"{number}/{name}": value for name, value in _answers(insert).items()}
            found[f"{number}/playing"] = int(engine.playing(number - 1))
        changed = {name: value for name, value in found.items() if self._told.get(name) != value}
        self._told |= changed
        changed |= self._new_plans(engine, now_ns)
        if changed:
            self._told_ns = now_ns
        return changed

    def _clock(self, now_ns: int) -> dict[str, Any]:
        bar, beat = self._transport.bar_and_beat(now_ns)
        return {
            "leader": self._conductor.leads,
            "clock_lost": int(self._conductor.lost),
            "rolling": int(self._conductor.rolling),
            "bpm": round(self._transport.bpm, 1),
            "bar": bar,
            "beat": beat,
        }

    def _new_plans(self, engine: Engine, now_ns: int) -> Mapping[str, Any]:
        """Beats from now, channel and pitch of each note of the plans that have changed."""
        here, changed = self._transport.beat_at(now_ns), {}
        for number, insert in enumerate(engine.inserts, 1):
            plan = insert.planned[:LONGEST_PLAN]
            if plan != self._plans.get(number):  # none at first: another brain may have shown one
                self._plans[number] = plan
                changed[f"{number}/plan"] = [
                    value for beat, (channel, pitch) in plan for value in (round(beat - here, 3), channel + 1, pitch)
                ]
        return changed


def _answers(insert: Effect) -> dict[str, Any]:
    """Who plays, the chord that sounds, the key that is heard, what was missed, how often the rules helped."""
    answer = insert.answer
    chord, key = (str(answer.chord or ""), str(answer.key or "")) if answer else ("", "")
    counts = {"missed": insert.missed, "fallback": insert.fallbacks}
    return {"player": insert.settings.model, "chord": chord, "heard_key": key, **counts}
