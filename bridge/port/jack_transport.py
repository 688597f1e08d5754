"""JACK's transport, told to the brain when it changes."""

from __future__ import annotations

from typing import Any

from bridge.messages import BEAT_SCALE, POSITION, TEMPO, Record

LOOK_NS = 10_000_000
TELL_NS = 500_000_000
JUMP_BEATS = 0.002
"""A song further than this from where it should be has been moved, or goes faster: at 120 bpm, 1 ms."""
BBT_VALID = 0x10
"""`JackPositionBBT`: somebody gives bars and beats (jack/types.h)."""
ROLLING = 1
SLOWEST_BPM, FASTEST_BPM = 1.0, 1000.0
BEAT_TYPES = 1, 2, 4, 8, 16, 32, 64
MAX_BEATS_PER_BAR = 64
MAX_BAR = 100_000

Song = tuple[bool, float, float, int, int]
"""Whether it rolls, the beat, ns a beat (quarter notes), beats in a bar, the note that such a beat is."""


class JackTransport:
    """Looks at the transport of a client's server. JACK's thread owns it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._looked_ns = self._told_ns = 0
        self._told: Song | None = None

    def look(self, now_ns: int) -> list[Record]:
        """What there is to tell of the cycle that starts now; most often nothing."""
        if now_ns - self._looked_ns < LOOK_NS:
            return []
        self._looked_ns = now_ns
        state, position = self._client.transport_query_struct()
        song = _song(state, position)
        if song is None:
            if self._told is None:
                return []
            song = (False, *self._told[1:])  # it stands, or who gave the beats is gone
        elif self._told and not self._is_news(song, self._told, now_ns):
            return []
        self._told_ns, self._told = now_ns, song if song[0] else None
        rolls, beat, ns_per_beat, numerator, denominator = song
        data = bytes((rolls, numerator, denominator))
        tempo = Record(now_ns, int(ns_per_beat), TEMPO, 0, b"")
        return [tempo, Record(now_ns, int(beat * BEAT_SCALE), POSITION, 0, data)]

    def _is_news(self, song: Song, told: Song, now_ns: int) -> bool:
        expected = told[1] + (now_ns - self._told_ns) / told[2]
        moved = abs(song[1] - expected) > JUMP_BEATS
        return moved or song[2:] != told[2:] or now_ns - self._told_ns > TELL_NS


def _song(state: int, position: Any) -> Song | None:
    """None where the song stands, or nobody gives it beats."""
    if state != ROLLING or not position.valid & BBT_VALID or not _is_sane(position):
        return None
    numerator, denominator = round(position.beats_per_bar), round(position.beat_type)
    beats = (position.bar - 1) * position.beats_per_bar + position.beat - 1 + position.tick / position.ticks_per_beat
    quarters = 4 / position.beat_type
    return True, beats * quarters, 60e9 / (position.beats_per_minute * quarters), numerator, denominator


def _is_sane(position: Any) -> bool:
    """Whether anybody could play by it. NaN is within no bounds."""
    return (
        position.beat_type in BEAT_TYPES
        and SLOWEST_BPM <= position.beats_per_minute * 4 / position.beat_type <= FASTEST_BPM
        and 1 <= position.beats_per_bar <= MAX_BEATS_PER_BAR
        and abs(position.bar) <= MAX_BAR
        and 0 <= position.beat <= MAX_BEATS_PER_BAR
        and position.ticks_per_beat >= 1
        and abs(position.tick) <= 2 * position.ticks_per_beat
    )
