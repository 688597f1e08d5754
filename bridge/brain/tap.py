"""What is played and what is answered, told to control: it keeps the last minutes, also when this brain has died."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from bridge.brain.transport import Transport
from bridge.messages import Beats, Record, pack

EVERY_NS = 100_000_000
"""So often control is told, and the beats are looked at."""
OFF_NS = 1_000_000
"""Beats that fall this far from where the last mark has them want another one."""
OTHER_TEMPO = 0.002


class Tap:
    """Gathers records; telling waits until they have left for the port. The thread of the engine owns it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._records: list[Record] = []
        self._mark: Beats | None = None
        self._told_ns: int | None = None

    def keep(self, records: Iterable[Record], now_ns: int = 0) -> None:
        """Gather records; those without a time of their own get this one. Packed later: answers would wait for it."""
        self._records += [one if one.time_ns else one._replace(time_ns=now_ns) for one in records]

    def due(self, now_ns: int) -> list[dict[str, Any]]:
        """What control is to be told now, if anything."""
        if self._told_ns is not None and now_ns - self._told_ns < EVERY_NS:
            return []
        self._told_ns = now_ns
        beats = self._marks(now_ns)
        if not beats and not self._records:
            return []
        packed = b64encode(b"".join(map(pack, self._records))).decode()
        self._records.clear()
        return [{"captured": packed, "beats": beats}]

    def _marks(self, now_ns: int) -> list[Beats]:
        """Where the beats fall now, if the last mark does not say so already; and where they fell until just now.

        Between two marks the beats are spread evenly: the first of the two keeps a new tempo from what was before it.
        """
        last, now = self._mark, self._look(now_ns)
        if last is None:
            self._mark = now
            return [now]
        beat = last.beat + (now_ns - last.time_ns) / last.ns_per_beat
        same_tempo = abs(now.ns_per_beat / last.ns_per_beat - 1) < OTHER_TEMPO
        if last[3:] == now[3:] and same_tempo and abs(beat - now.beat) * now.ns_per_beat < OFF_NS:
            return []
        before_ns = now_ns - EVERY_NS
        before = last._replace(time_ns=before_ns, beat=last.beat + (before_ns - last.time_ns) / last.ns_per_beat)
        if now.beat <= max(before.beat, last.beat):  # set back a little: it is waited for until it has gone on
            return []
        self._mark = now
        return [before, now] if before_ns > last.time_ns else [now]

    def _look(self, now_ns: int) -> Beats:
        transport = self._transport
        return Beats(now_ns, transport.beat_at(now_ns), transport.ns_per_beat, *transport.meter, transport.ahead)
