"""Effects that follow every key: an orchestra out of a piano, and a piano out of an orchestra."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.players import Players
from music.errors import ContinuoError
from music.events import Control, Event, NoteOff, NoteOn, Program, Stop
from tests.bridge.brain.stage import MS, Band, onsets, pitches, releases, state

BASS, MIDDLE, TOP = 43, 60, 76
CHORD = (BASS, 55, MIDDLE, 64, TOP)
ALL = ("orchestra", "strings", "chamber-winds", "reduce")


@cache
def players() -> Players:
    return Players()


def band(preset: str = "orchestra", **changes: object) -> Band:
    return Band(state(preset, **({"player_model": "rules"} | changes)), players())


def on(*keys: int, velocity: int = 80, channel: int = 0) -> list[Event]:
    return [NoteOn(channel, key, velocity) for key in keys]


def off(*keys: int, channel: int = 0) -> list[Event]:
    return [NoteOff(channel, key) for key in keys]


def sounding(band: Band) -> set[tuple[int, int]]:
    band.leave()
    return band.sounding


def played(band: Band, *events: Event) -> set[tuple[int, int]]:
    band.play(*events)
    return sounding(band)


@pytest.mark.parametrize("preset", ["orchestra", "strings", "chamber-winds"])
def test_melody_and_bass_are_played_by_somebody_and_nobody_leaves_their_range(preset: str) -> None:
    found = played(band(preset), *on(*CHORD))
    assert {BASS, TOP} <= {pitch for _, pitch in found}
    ranges = {part["channel"] - 1: part["pitches"] for part in presets.load(preset)["part"]}
    assert all(ranges[channel][0] <= pitch <= ranges[channel][1] for channel, pitch in found)
    assert len({channel for channel, _ in found}) >= 4


def test_a_key_that_goes_up_takes_its_notes_with_it_and_the_others_keep_their_instruments() -> None:
    group = band("strings")
    before = played(group, *on(*CHORD)).copy()
    group.now += 400 * MS
    after = played(group, *off(TOP))
    assert TOP not in {pitch for _, pitch in after}
    assert {note for note in before if note[1] == BASS} <= after
    group.now += 400 * MS
    assert played(group, *off(*CHORD[:-1])) == set()


def test_a_repeated_note_is_struck_again_however_soon() -> None:
    group = band("strings")
    group.play(*on(*CHORD))
    for _ in range(3):
        group.now += 30 * MS
        group.play(*off(TOP))
        group.now += 10 * MS
        again = onsets(group.play(*on(TOP)))
        assert TOP in {note.pitch for note in again}
        assert BASS not in {note.pitch for note in again}, "what is held is not struck again"


def test_a_note_struck_again_without_a_release_between_is_struck_again() -> None:
    group = band("strings")
    group.play(*on(*CHORD))
    group.now += 30 * MS
    due = group.play(*on(TOP))
    assert pitches(onsets(due)) & pitches(releases(due)), "ended and begun on the same instrument"


def test_what_comes_too_late_begins_nothing_and_ends_what_it_ends() -> None:
    group = band("strings")
    group.play(*on(BASS, TOP))
    sounding(group)
    group.now += 300 * MS
    assert not onsets(group.play(*off(TOP), *on(TOP - 2), stale=True))
    assert {pitch % 12 for _, pitch in sounding(group)} == {BASS % 12}
    assert group.insert.missed == 1
    group.now += 300 * MS
    assert {pitch % 12 for _, pitch in played(group, *on(60))} >= {BASS % 12, (TOP - 2) % 12, 0}


def test_the_pedal_holds_what_the_keys_have_let_go() -> None:
    group = band("strings")
    group.play(Control(0, 64, 127))
    before = played(group, *on(*CHORD)).copy()
    assert played(group, *off(*CHORD)) == before
    both = played(group, *on(TOP + 3))
    assert {BASS, TOP + 3} <= {pitch for _, pitch in both}
    group.play(*off(TOP + 3))
    assert played(group, Control(0, 64, 0)) == set()


def test_the_pedal_holds_nothing_where_it_is_not_to() -> None:
    group = band("strings", input_pedal=False)
    group.play(Control(0, 64, 127))
    group.play(*on(*CHORD))
    assert played(group, *off(*CHORD)) == set()


@pytest.mark.parametrize("preset", ALL)
def test_a_stop_a_panic_and_a_bypass_end_everything(preset: str) -> None:
    group = band(preset)
    assert played(group, *on(*CHORD))
    assert played(group, Stop()) == set()
    group.play(*off(*CHORD))
    assert played(group, *on(*CHORD))
    group.set(bypass=True)
    assert sounding(group) == set()
    group.set(bypass=False)
    back = sounding(group).copy()
    assert back
    group.panic()
    group.leave()
    group.sounding.clear()
    group.plan(group.engine.resume(group.now))
    assert sounding(group) == back


def test_families_are_muted_and_forced_while_notes_sound() -> None:
    group = band("orchestra")
    strings = {
        part["channel"] - 1
        for part in group.state["part"]
        if part["name"] in ("Violin 1", "Violin 2", "Viola", "Cello")
    }
    assert {channel for channel, _ in played(group, *on(*CHORD, velocity=60))} & strings
    group.set(orchestrate_strings="mute")
    left = {channel for channel, _ in sounding(group)}
    assert left and not left & strings
    group.set(orchestrate_strings="auto", orchestrate_brass="force")
    horn = next(part["channel"] - 1 for part in group.state["part"] if part["name"] == "Horn")
    assert horn in {channel for channel, _ in sounding(group)}


def test_touch_brings_instruments_in() -> None:
    soft, loud = (len({c for c, _ in played(band(), *on(*CHORD, velocity=velocity))}) for velocity in (30, 115))
    assert soft < loud


def test_divisi_limits_how_many_notes_a_section_has() -> None:
    for divisi in (1, 2, 3):
        found = played(band("strings", orchestrate_divisi=divisi), *on(48, 52, 55, 60, 64, 67, 72, 76))
        counts = [sum(1 for c, _ in found if c == channel) for channel in {c for c, _ in found}]
        assert max(counts) <= divisi


def test_parts_get_their_program_their_keyswitch_and_their_dynamics() -> None:
    tree = state("strings")
    tree["part"][0] |= {"keyswitch": 24, "dynamics": "cc1+cc11"}
    group = Band(tree, players())
    begun = [due.event for _, due in group.engine.programs(0)]
    first = tree["part"][0]["channel"] - 1
    assert Program(first, 40) in begun
    assert NoteOn(first, 24, 80) in begun and NoteOff(first, 24) in begun
    events = [due.event for due in group.play(*on(*CHORD, velocity=90))]
    told = [event for event in events if isinstance(event, Control)]
    assert {(event.channel, event.number) for event in told} == {(first, 1), (first, 11)}
    assert events.index(told[0]) < events.index(next(e for e in events if isinstance(e, NoteOn) and e.channel == first))
    group.now += 300 * MS
    group.play(*off(*CHORD))
    assert not [due for due in group.play(*on(*CHORD, velocity=90)) if isinstance(due.event, Control)], "as it was"


def test_what_many_channels_play_comes_out_in_two_hands() -> None:
    group = band("reduce")
    events = [event for channel, key in enumerate((76, 72, 67, 64, 60, 52, 43)) for event in on(key, channel=channel)]
    found = played(group, *events)
    hands = {channel: sorted(p for c, p in found if c == channel) for channel in {c for c, _ in found}}
    assert set(hands) == {1, 2}
    assert all(hand[-1] - hand[0] <= 12 and len(hand) <= 5 for hand in hands.values())
    assert max(hands[1]) == 76 and min(hands[2]) == 43 and max(hands[2]) < min(hands[1])


def test_a_learned_player_of_another_effect_is_refused_by_name() -> None:
    with pytest.raises(ContinuoError, match="'chorale' does not orchestrate"):
        band("orchestra", player_model="chorale")


def test_another_effect_takes_over_what_is_held() -> None:
    group = band("orchestra")
    group.play(*on(*CHORD))
    group.configure(state("harmony"))
    assert {channel for channel, _ in sounding(group)} == {1}
    group.configure(state("orchestra"))
    assert len({channel for channel, _ in sounding(group)}) >= 4
    assert played(group, *off(*CHORD)) == set()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ALL),
    st.lists(
        st.tuples(st.sampled_from(["on", "off", "down", "up"]), st.integers(30, 90), st.integers(0, 300)), max_size=40
    ),
)
def test_whatever_is_played_stays_in_range_and_ends(preset: str, steps: list[tuple[str, int, int]]) -> None:
    group = band(preset)
    ranges = {part["channel"] - 1: part["pitches"] for part in presets.load(preset)["part"]}
    for what, key, later in steps:
        group.now += later * MS
        events: dict[str, Event] = {
            "on": NoteOn(0, key, 1 + key), "off": NoteOff(0, key), "down": Control(0, 64, 127), "up": Control(0, 64, 0),
        }  # fmt: skip
        found = played(group, events[what])
        assert all(ranges[channel][0] <= pitch <= ranges[channel][1] for channel, pitch in found)
    group.now += 300 * MS
    assert played(group, Control(0, 64, 0), *off(*range(30, 91))) == set()
    assert group.doubled == 0


def test_what_only_the_pedal_holds_ends_with_a_change_of_what_is_listened_to() -> None:
    for change in ({"input_split": 40}, {"input_channels": "2"}, {"input_pedal": False}, {"harmonize_latch": True}):
        group = band("strings")
        group.play(Control(0, 64, 127))
        group.play(*on(*CHORD))
        group.play(*off(*CHORD))
        group.set(**change)
        group.play(Control(0, 64, 0))
        assert sounding(group) == set(), change


def test_no_chord_is_latched_where_every_key_is_followed() -> None:
    group = band("strings", harmonize_latch=True)
    group.play(*on(*CHORD))
    group.panic()
    group.leave()
    group.sounding.clear()
    group.play(*off(*CHORD))
    assert group.plan(group.engine.resume(group.now)) == []


def test_after_a_stop_nothing_sounds_until_a_key_goes_down() -> None:
    group = band("strings")
    group.play(Control(0, 64, 127))
    group.play(*on(*CHORD))
    group.play(*off(MIDDLE))
    assert played(group, Stop()) == set()
    assert played(group, *off(BASS)) == set()
    found = {pitch % 12 for _, pitch in played(group, *on(86))}
    assert MIDDLE % 12 not in found and 86 % 12 in found


def test_reset_controllers_lifts_the_pedal() -> None:
    group = band("strings")
    group.play(Control(0, 64, 127))
    group.play(*on(*CHORD))
    group.play(*off(*CHORD))
    assert played(group, Control(0, 121, 0)) == set()


def test_a_panic_that_is_undone_leaves_the_pedal_down() -> None:
    group = band("strings")
    group.play(Control(0, 64, 127))
    group.play(*on(*CHORD))
    group.panic()
    group.plan(group.engine.resume(group.now))
    group.play(*off(*CHORD))
    assert sounding(group)
    assert played(group, Control(0, 64, 0)) == set()


def test_divisi_sends_no_program_again_and_dynamics_that_end_are_taken_back() -> None:
    group = band("strings")
    group.play(*on(*CHORD))
    assert not [due for due in group.set(orchestrate_divisi=1) if isinstance(due.event, Program)]
    tree = state("strings")
    tree["part"][0] |= {"dynamics": "cc11"}
    group.configure(tree)
    group.play(*on(84, velocity=30))
    first = tree["part"][0]["channel"] - 1
    assert Control(first, 11, 127) in [due.event for due in group.configure(state("strings"))]


def test_keys_below_the_split_are_not_orchestrated_and_stop_nobody() -> None:
    group = band("strings", input_split=50)
    before = played(group, *on(60, 64, 67)).copy()
    assert played(group, *on(43)) == before
    assert {pitch % 12 for _, pitch in played(group, *on(72))} == {0, 4, 7}
