"""What is known to come: in a file, or where an insert answers later than it hears."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from models.player import Coming, Sound
from music.beat import Timeline
from music.events import Event, NoteOff, NoteOn

MOST = 8
"""Onsets that are foreseen."""
TOGETHER_NS = 20_000_000
"""What is struck within so short a time is one chord: keys go down up to so far apart."""

Later = tuple[int, Event]
"""(time in ns, event)."""


def coming(
    sounds: Sequence[Sound], later: Iterable[Later], timeline: Timeline, channels: frozenset[int]
) -> tuple[Coming, ...]:
    """The next onsets, from what sounds now and what happens later, in order."""
    held = {sound.pitch: sound.velocity for sound in sounds}
    found: list[Coming] = []
    for time_ns, events in _together(later):
        struck: dict[int, int] = {}
        for event in events:
            match event:
                case NoteOn(channel, pitch, velocity) if channel in channels:
                    held[pitch] = struck[pitch] = velocity
                case NoteOff(channel, pitch) if channel in channels:
                    held.pop(pitch, None)
                    struck.pop(pitch, None)
        if struck:
            onsets = tuple(Sound(pitch, velocity) for pitch, velocity in struck.items())
            found.append(Coming(timeline.beat_at(time_ns), onsets, tuple(Sound(*one) for one in held.items())))
        if len(found) == MOST:
            break
    return tuple(found)


def _together(later: Iterable[Later]) -> Iterable[tuple[int, list[Event]]]:
    """Events in groups, with the time of the first of each."""
    first_ns = None
    group: list[Event] = []
    for time_ns, events in groupby(later, key=lambda one: one[0]):
        if first_ns is not None and time_ns - first_ns > TOGETHER_NS:
            yield first_ns, group
            first_ns, group = None, []
        first_ns = time_ns if first_ns is None else first_ns
        group += [event for _, event in events]
    if first_ns is not None:
        yield first_ns, group
