import pytest

from bridge.addresses import INSERT, MACROS, PART
from bridge.daemon_addresses import DAEMON
from bridge.parameters import Parameter
from bridge.tui.faders import SECTIONS, TYPED, Fader, common, faders, of_part

MOVED = {"switch", "trigger", "int", "float", "choice", "pitch", "program", "key", "player"}
MODELS = ("rules", "chorale")
ALL = {fader.name: fader for effect in (*SECTIONS, "of tomorrow") for fader in faders(effect, MODELS)}
PARTS = {f"part/{fader.name}": fader for fader in of_part()}
MOVABLE = {name: fader for name, fader in (ALL | PARTS).items() if not fader.typed}


def test_every_parameter_has_a_row_and_a_way_to_set_it() -> None:
    assert set(ALL) == {parameter.name for parameter in INSERT}
    assert [fader.name for fader in common()] == [parameter.name for parameter in DAEMON]
    assert [fader.name for fader in of_part()] == [parameter.name for parameter in PART]
    assert {parameter.kind for parameter in (*INSERT, *DAEMON, *PART)} <= MOVED | {*TYPED}
    assert {fader.name for fader in faders("of tomorrow", MODELS)} == set(ALL)


@pytest.mark.parametrize("effect", [*SECTIONS, "of tomorrow"])
def test_the_macros_are_seen_first_on_every_effect(effect: str) -> None:
    first = [fader.name for fader in faders(effect, MODELS)][: len(MACROS)]
    assert sorted(first) == sorted(macro.name for macro in MACROS)


def test_the_changes_of_a_continuation_come_after_the_macros_and_are_nobody_elses() -> None:
    assert [fader.name for fader in faders("continue", MODELS)].index("changes") == len(MACROS)
    assert "changes" not in [fader.name for fader in faders("harmonize", MODELS)]


def test_what_is_written_is_read_as_it_is_and_an_empty_one_is_none() -> None:
    assert [ALL["changes"].text(value) for value in ("", "Am F")] == ["none", "Am F"]
    assert {name for name, fader in ALL.items() if fader.typed} == {"changes", "channels"}


@pytest.mark.parametrize("name", sorted(MOVABLE))
def test_whatever_a_fader_says_the_daemon_takes(name: str) -> None:
    fader = MOVABLE[name]
    value = fader.home
    tried = [fader.at(share) for share in (0, 0.25, 0.5, 1)] + [fader.pressed(value), fader.moved(value, 1)]
    tried += [fader.moved(fader.at(1), 10), fader.moved(fader.at(0), -10)]
    for one in tried:
        fader.parameter.check(one)
        assert 0 <= fader.share(one) <= 1
        assert fader.text(one)


def test_pitches_and_programs_are_read_as_musicians_say_them() -> None:
    assert [ALL["split"].text(value) for value in (0, 60)] == ["off", "C4"]
    assert [PARTS["part/lowest"].text(value) for value in (0, 127)] == ["C-1", "G9"]
    assert [PARTS["part/program"].text(value) for value in (0, 1, 128)] == [
        "as it is", "1 Acoustic Grand Piano", "128 Gunshot",
    ]  # fmt: skip


def test_a_number_moves_by_hundredths_of_its_way_and_stops_at_its_ends() -> None:
    temperature = ALL["temperature"]
    assert temperature.moved(0.5, 1) == 0.52
    assert temperature.moved(1.99, 10) == 2.0
    assert ALL["voices"].moved(3, -1) == 2
    assert ALL["register"].at(0.5) == 0.0


def test_enter_turns_a_switch_goes_round_a_choice_and_brings_a_number_home() -> None:
    assert [ALL["bypass"].pressed(value) for value in (0, 1)] == [1, 0]
    assert [ALL["placement"].pressed(value) for value in ("below", "above")] == ["above", "below"]
    assert ALL["go"].pressed(0) == 1
    assert ALL["strum"].pressed(200.0) == 0.0


def test_a_parameter_that_is_new_gets_a_fader_as_its_kind_has_it() -> None:
    swing = Fader(Parameter("swing", ("style", "swing"), "float", 0.5, "How uneven", 0, 1))
    assert swing.text(swing.at(0.25)) == "0.25"
