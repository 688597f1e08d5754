import pytest

from music.instruments import ORCHESTRA, PROGRAMS, Instrument, for_program, instrument
from music.pitch import parse_pitch


def test_general_midi_has_128_programs_in_order() -> None:
    assert [entry.program for entry in PROGRAMS] == list(range(128))
    assert len({entry.name for entry in PROGRAMS}) == 128


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (0, "Acoustic Grand Piano"),
        (19, "Church Organ"),
        (24, "Acoustic Guitar (nylon)"),
        (40, "Violin"),
        (48, "String Ensemble 1"),
        (56, "Trumpet"),
        (60, "French Horn"),
        (73, "Flute"),
        (87, "Lead 8 (bass + lead)"),
        (127, "Gunshot"),
    ],
)
def test_a_program_has_the_name_printed_in_the_specification(program: int, name: str) -> None:
    assert PROGRAMS[program].name == name


def test_every_program_has_room_for_a_fifth_and_fits_midi() -> None:
    assert all(0 <= entry.low <= entry.high - 7 and entry.high <= 127 for entry in PROGRAMS)


@pytest.mark.parametrize("entry", ORCHESTRA.values(), ids=list(ORCHESTRA))
def test_what_an_orchestra_plays_lies_within_what_is_possible(entry: Instrument) -> None:
    assert entry.extreme[0] <= entry.practical[0] < entry.practical[1] <= entry.extreme[1]
    assert 0 <= entry.program < 128


@pytest.mark.parametrize(
    ("name", "low"),
    [("Violin", "G3"), ("Viola", "C3"), ("Cello", "C2"), ("Contrabass", "E1"), ("Flute", "C4"), ("Piano", "A0")],
)
def test_the_lowest_note_is_the_lowest_string_or_key(name: str, low: str) -> None:
    assert ORCHESTRA[name].practical[0] == parse_pitch(low)


def test_a_quartet_of_voices_is_stacked_from_the_bass_up() -> None:
    ranges = [ORCHESTRA[name].practical for name in ("Bass", "Tenor", "Alto", "Soprano")]
    assert ranges == sorted(ranges)


def test_an_instrument_is_found_in_upper_or_lower_case() -> None:
    assert instrument(" violin ") is ORCHESTRA["Violin"]
    with pytest.raises(ValueError, match="'Kazoo' is no instrument"):
        instrument("Kazoo")


def test_a_program_finds_its_instrument_or_none() -> None:
    assert for_program(60) == ORCHESTRA["Horn"]
    assert for_program(71) == ORCHESTRA["Clarinet"]
    assert for_program(127) is None
