"""Any of four voices in, the others out."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.players import Players
from bridge.brain.timing import PLAN_AHEAD_NS
from bridge.render.offline import render
from music.chunks import Chunks
from music.events import NoteOff, NoteOn
from music.midifile import Part, append_tracks, parse
from tests.bridge.brain.stage import BEAT, MS, Band, state

SOPRANO, ALTO, TENOR, BASS = 1, 2, 3, 4
"""Channels of the preset, from 0."""
RANGES = {part["channel"] - 1: tuple(part["pitches"]) for part in presets.load("choir")["part"]}


@cache
def players() -> Players:
    return Players()


def band(**changes: object) -> Band:
    return Band(state("choir", **{"player_model": "rules"} | changes), players())


def played(group: Band, *keys: int) -> dict[int, int]:
    """What sounds by channel, after these keys went down."""
    group.play(*(NoteOn(0, key, 80) for key in keys))
    group.leave()
    return dict(group.sounding)


@pytest.mark.parametrize(
    ("keys", "sing"),
    [
        ((76,), {ALTO, TENOR, BASS}),
        ((43,), {SOPRANO, ALTO, TENOR}),
        ((76, 48), {ALTO, TENOR}),
        ((72, 64, 48), {TENOR}),
        ((72, 64, 55, 48), set()),
    ],
    ids=str,
)
def test_who_is_not_given_sings(keys: tuple[int, ...], sing: set[int]) -> None:
    found = played(band(), *keys)
    assert set(found) == sing
    order = sorted([*found.values(), *keys], reverse=True)
    assert len(set(order)) == 4, "four voices"
    lowest_first = [found[channel] for channel in sorted(found)]
    assert lowest_first == sorted(lowest_first, reverse=True), "no voice crosses another"


def test_a_note_that_ends_ends_the_others_and_one_of_two_leaves_them() -> None:
    group = band()
    before = played(group, 76, 48)
    group.now += 300 * MS
    group.play(NoteOff(0, 48))
    group.leave()
    assert dict(group.sounding) == before
    group.play(NoteOff(0, 76))
    group.leave()
    assert not group.sounding


def test_a_new_chord_may_come_on_the_beat_under_a_long_note() -> None:
    group = band()
    played(group, 72)
    chords = {tuple(sorted(group.sounding))}
    for _ in range(12):
        for _ in range(50):
            group.wait(BEAT // 50)
            group.leave()
        chords.add(tuple(sorted(group.sounding)))
    assert len(chords) > 1


KEYS = st.tuples(st.sampled_from((43, 48, 55, 60, 64, 72, 76)), st.booleans(), st.integers(0, 900))


@settings(max_examples=40, deadline=None)
@given(st.lists(KEYS, max_size=25))
def test_whatever_is_played_nobody_leaves_their_range_and_nothing_is_left(keys: list[tuple[int, bool, int]]) -> None:
    group = band()
    for key, down, wait_ms in keys:
        group.play(NoteOn(0, key, 90) if down else NoteOff(0, key))
        group.leave()
        group.wait(wait_ms * MS)
        group.leave()
        assert all(RANGES[channel][0] <= pitch <= RANGES[channel][1] for channel, pitch in group.sounding)
    group.play(*(NoteOff(0, key) for key, *_ in keys))
    group.wait(PLAN_AHEAD_NS)  # a chord that was to move on a beat so near ends there
    group.leave()
    assert not group.sounding


def test_a_file_with_two_voices_gets_the_other_two() -> None:
    def line(name: str, channel: int, pitches: tuple[int, ...]) -> Part:
        events = [
            event
            for beat, pitch in enumerate(pitches)
            for event in ((beat * 480, NoteOn(channel, pitch, 80)), (beat * 480 + 480, NoteOff(channel, pitch)))
        ]
        return Part(name, channel, None, events)

    empty = Chunks(1, 480, (b"\x00\xff\x2f\x00",)).join()
    source = append_tracks(empty, [line("S", 0, (72, 74, 76, 72)), line("B", 1, (48, 55, 48, 48))])
    rendered = parse(render(source, state("choir", player_model="rules"), players=players()).data)
    added = [track for track in rendered.tracks if "Continuo" in track.name]
    sung = {track.name: len(track.notes) for track in added if len(track.notes)}
    assert set(sung) == {"Continuo Alto", "Continuo Tenor"} and min(sung.values()) >= 3
