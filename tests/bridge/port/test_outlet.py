import pytest

from bridge.port import outlet as module
from bridge.port.outlet import Outlet

FOREVER = 2**62
SECOND = 10**9

Planned = tuple[int, str]
Left = list[str]


def planned(*messages: Planned, deadline_ns: int = FOREVER) -> Outlet:
    outlet = Outlet()
    for due_ns, data in messages:
        outlet.plan(due_ns, deadline_ns, bytes.fromhex(data))
    return outlet


def passing(outlet: Outlet, *messages: str) -> None:
    for data in messages:
        outlet.passed(bytes.fromhex(data))


def left(outlet: Outlet, until_ns: int = FOREVER, now_ns: int = 0) -> Left:
    return [data.hex() for _, data in outlet.due(until_ns, now_ns)]


SCHEDULES: dict[str, tuple[list[Planned], Left]] = {
    "in order of their due times": ([(30, "803c40"), (10, "903c40")][::-1], ["903c40", "803c40"]),
    "whatever the order of planning": ([(20, "903e40"), (10, "903c40")], ["903c40", "903e40"]),
    "in order of planning at one time": ([(5, "c005"), (5, "903c40"), (5, "b00101")], ["c005", "903c40", "b00101"]),
    "a release before its onset takes it along": ([(50, "903c40"), (20, "803c40")], []),
    "a release without an onset is nobody's": ([(50, "803c40")], []),
    "a release of another pitch ends nothing": ([(1, "903c40"), (2, "803d40")], ["903c40"]),
    "a release of another channel ends nothing": ([(1, "903c40"), (2, "813c40")], ["903c40"]),
    "a note-on of velocity 0 is a release": ([(1, "903c40"), (2, "903c00")], ["903c40", "903c00"]),
    "the same pitch twice needs two releases": (
        [(1, "903c40"), (2, "903c50"), (3, "803c40"), (4, "803c40")],
        ["903c40", "903c50", "803c40"],
    ),
    "the first of two releases is swallowed, the note goes on": (
        [(1, "903c40"), (2, "903c50"), (3, "803c40")],
        ["903c40", "903c50"],
    ),
    "struck again after its release": (
        [(1, "903c40"), (2, "803c40"), (3, "903c40"), (4, "803c40")],
        ["903c40", "803c40", "903c40", "803c40"],
    ),
    "a second release brings the planned one forward": (
        [(1, "903c40"), (50, "803c40"), (20, "803c40"), (30, "903d40"), (40, "803d40")],
        ["903c40", "803c40", "903d40", "803d40"],
    ),
    "a second release that is later changes nothing": (
        [(1, "903c40"), (20, "803c40"), (50, "803c40"), (30, "903d40"), (60, "803d40")],
        ["903c40", "803c40", "903d40", "803d40"],
    ),
    "the release of one that was brought forward does not cut the next": (
        [(1, "903c40"), (50, "803c40"), (20, "803c40"), (30, "903c50"), (60, "803c40")],
        ["903c40", "803c40", "903c50", "803c40"],
    ),
    # A strummed voice that is taken back while the motion's release of the same pitch is still to come.
    "a release never stands in for that of a later onset": (
        [(0, "903c40"), (50, "803c40"), (100, "903c40"), (20, "803c40")],
        ["903c40", "803c40"],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_is_planned_leaves(name: str) -> None:
    messages, expected = SCHEDULES[name]
    assert left(planned(*messages)) == expected


def test_only_what_is_due_leaves_and_the_rest_waits() -> None:
    outlet = planned((10, "903c40"), (20, "903e40"))
    assert outlet.next_due_ns == 10
    assert left(outlet, until_ns=10) == []
    assert left(outlet, until_ns=11) == ["903c40"]
    assert outlet.next_due_ns == 20
    assert left(outlet) == ["903e40"]
    assert outlet.next_due_ns is None


def test_due_times_come_with_the_messages() -> None:
    assert planned((7, "903c40")).due(8, 0) == [(7, bytes.fromhex("903c40"))]


def test_onset_after_its_deadline_is_dropped_and_counted_and_its_release_is_harmless() -> None:
    outlet = planned((10, "903c40"), (30, "803c40"), deadline_ns=20)
    assert left(outlet, until_ns=22, now_ns=21) == []
    assert (outlet.late, outlet.sounding) == (1, 0)
    assert left(outlet, now_ns=31) == []


def test_onset_on_its_deadline_is_in_time() -> None:
    assert left(planned((10, "903c40"), deadline_ns=20), now_ns=20) == ["903c40"]


def test_release_and_controller_are_sent_however_late() -> None:
    outlet = planned((10, "903c40"), deadline_ns=FOREVER)
    assert left(outlet) == ["903c40"]
    outlet.plan(20, 0, bytes.fromhex("803c40"))
    outlet.plan(20, 0, bytes.fromhex("b00700"))
    assert left(outlet, now_ns=SECOND) == ["803c40", "b00700"]
    assert outlet.late == 0


def test_release_of_a_late_onset_does_not_end_the_same_pitch_that_sounds() -> None:
    outlet = planned((10, "903c40"), (30, "803c40"), deadline_ns=5)
    outlet.plan(20, FOREVER, bytes.fromhex("903c50"))
    assert left(outlet, until_ns=40, now_ns=6) == ["903c50"]
    outlet.plan(50, FOREVER, bytes.fromhex("803c40"))
    assert left(outlet) == ["803c40"]


def test_wet_release_does_not_cut_a_dry_note_of_the_same_pitch() -> None:
    outlet = planned((1, "903c40"), (3, "803c40"))
    assert left(outlet, until_ns=2) == ["903c40"]
    passing(outlet, "903c50")
    assert left(outlet) == []
    assert outlet.sounding == 1
    passing(outlet, "803c00")
    assert outlet.sounding == 0


def test_wet_release_is_sent_once_the_dry_note_has_ended() -> None:
    outlet = planned((1, "903c40"), (3, "803c40"))
    passing(outlet, "903c50", "903c50", "803c00")  # many keyboards send one release for two presses
    assert left(outlet) == ["903c40", "803c40"]


def test_dry_note_of_another_channel_holds_nothing_back() -> None:
    outlet = planned((1, "913c40"), (3, "813c40"))
    passing(outlet, "903c50")
    assert left(outlet) == ["913c40", "813c40"]


@pytest.mark.parametrize("ends", ["b07b00", "b07800"])
def test_all_notes_off_ends_the_dry_notes_of_its_channel(ends: str) -> None:
    outlet = Outlet()
    passing(outlet, "903c40", "903e40", "913c40", ends)
    assert outlet.sounding == 1


def test_silence_ends_what_the_brain_sounds_and_drops_what_it_planned() -> None:
    outlet = planned((1, "903c40"), (1, "913e40"), (9, "903f40"), (9, "b00101"))
    assert left(outlet, until_ns=2) == ["903c40", "913e40"]
    passing(outlet, "903c50", "924050")
    outlet.silence()
    assert outlet.next_due_ns == 0
    assert left(outlet) == ["813e40"]  # the dry note of the same pitch goes on


def test_release_planned_after_silence_ends_nothing_new() -> None:
    outlet = planned((1, "903c40"))
    left(outlet)
    outlet.silence()
    outlet.plan(2, FOREVER, bytes.fromhex("803c40"))
    outlet.plan(3, FOREVER, bytes.fromhex("903c40"))
    assert left(outlet) == ["803c40", "903c40"]
    assert outlet.sounding == 1


def test_panic_ends_dry_and_wet_and_lifts_every_pedal() -> None:
    outlet = planned((1, "913c40"), (9, "913e40"))
    left(outlet, until_ns=2)
    passing(outlet, "903c40", "b04040")
    outlet.panic()
    messages = left(outlet)
    assert messages[:2] == ["813c40", "803c40"]
    assert messages[2:] == [f"b{channel:x}{end}" for channel in range(16) for end in ("4000", "7b00")]
    assert outlet.sounding == 0


def test_cut_ends_the_dry_notes_and_lifts_their_pedals_and_the_harmony_goes_on() -> None:
    outlet = planned((1, "913c40"), (1, "903e40"))
    left(outlet)
    passing(outlet, "903c40", "903e40", "b14040", "b24040", "b24000")
    outlet.cut()
    assert left(outlet) == ["803c40", "b14000"]
    assert outlet.sounding == 2


@pytest.mark.parametrize("data", ["803c40", "903c00", "b04000", "b07b00", "b07800"])
def test_refused_end_of_a_note_is_tried_again(data: str) -> None:
    outlet = Outlet()
    outlet.refused(bytes.fromhex(data))
    assert outlet.dropped == 0
    assert left(outlet) == [data]
    assert left(outlet) == []


@pytest.mark.parametrize("data", ["903c40", "b0407f", "e00040", "c005", "f07ef7"])
def test_refused_anything_else_is_lost_and_counted(data: str) -> None:
    outlet = Outlet()
    outlet.refused(bytes.fromhex(data))
    assert outlet.dropped == 1
    assert left(outlet) == []


def test_refused_release_does_not_cut_the_key_that_was_pressed_again() -> None:
    outlet = Outlet()
    passing(outlet, "903c40", "803c40")
    outlet.refused(bytes.fromhex("803c40"))
    passing(outlet, "903c50")
    assert left(outlet) == []


def test_a_panic_is_not_undone_for_who_was_unplugged_since() -> None:
    outlet = Outlet()
    passing(outlet, "903c40", "b0407f")
    outlet.panic()
    left(outlet)
    outlet.cut()
    outlet.resume()
    assert left(outlet) == [] and outlet.sounding == 0


def test_what_is_left_of_a_panic_does_not_cut_a_key_that_was_pressed_after_it() -> None:
    outlet = Outlet()
    outlet.panic()
    assert "b07b00" in left(outlet)
    for data in ("b04000", "b07b00", "b17b00"):
        outlet.refused(bytes.fromhex(data))
    passing(outlet, "903c50", "b0407f")
    assert left(outlet) == ["b17b00"]


def test_release_of_a_lost_cycle_is_repeated_unless_its_note_sounds_again() -> None:
    outlet = Outlet()
    for when_ns, data in ((1, "803a40"), (8, "803c40"), (9, "803e40"), (9, "b04000"), (9, "903f40")):
        outlet.sent(when_ns, bytes.fromhex(data))
    passing(outlet, "903e40")
    outlet.repeat(since_ns=5)
    assert left(outlet) == ["803c40", "b04000"]


def test_repeated_pedal_does_not_lift_one_that_is_down_again() -> None:
    outlet = Outlet()
    outlet.sent(9, bytes.fromhex("b04000"))
    passing(outlet, "b04040")
    outlet.repeat(since_ns=5)
    assert left(outlet) == []


def test_onsets_beyond_the_plan_s_limit_are_dropped_and_their_releases_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PLAN_LIMIT", 3)
    outlet = planned(
        *((10, f"90{pitch:02x}40") for pitch in range(5)), *((20, f"80{pitch:02x}40") for pitch in range(5))
    )
    assert outlet.dropped == 2
    assert left(outlet) == ["900040", "900140", "900240", "800040", "800140", "800240"]


def test_flood_of_releases_without_onsets_takes_no_room() -> None:
    outlet = planned(*((10, "803c40") for _ in range(1000)))
    assert outlet.next_due_ns is None


def test_what_is_let_go_or_played_after_a_panic_is_not_brought_back() -> None:
    outlet = planned()
    passing(outlet, "903c40", "904050", "904330", "b04070", "b14070")
    outlet.panic()
    left(outlet)
    passing(outlet, "803c40", "904022", "b14000")
    outlet.resume()
    assert left(outlet) == ["904330", "b0407f"]
    assert outlet.sounding == 2
    outlet.resume()
    assert left(outlet) == []


def test_waits_are_those_of_notes_that_leave_after_their_time() -> None:
    outlet = planned((10, "903c40"), (100, "904040"), (100, "803c40"))
    left(outlet, until_ns=20, now_ns=15)
    left(outlet, until_ns=120, now_ns=90)
    assert list(outlet.waits_ns) == [5]


def test_a_panic_pressed_twice_is_undone_like_one() -> None:
    outlet = planned()
    passing(outlet, "903c40", "b04070")
    outlet.panic()
    outlet.panic()
    left(outlet)
    outlet.resume()
    assert left(outlet) == ["903c40", "b0407f"]
