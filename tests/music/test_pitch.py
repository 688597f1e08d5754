import pytest

from music.pitch import ALL_KEYS, NAMES, QUALITIES, Chord, Key, parse_pitch, pitch_class, pitch_name


@pytest.mark.parametrize("pitch", range(128))
def test_every_pitch_comes_back_from_its_name(pitch: int) -> None:
    assert parse_pitch(pitch_name(pitch)) == pitch


@pytest.mark.parametrize(
    ("name", "pitch"), [("C4", 60), ("A4", 69), ("C-1", 0), ("G9", 127), ("Cb4", 59), ("B#3", 60), ("bb2", 46)]
)
def test_a_pitch_is_read_as_musicians_write_it(name: str, pitch: int) -> None:
    assert parse_pitch(name) == pitch


@pytest.mark.parametrize("name", ["", "H4", "C", "C##4", "C10", "G#9", "Cb-1", "4C"])
def test_what_is_no_pitch_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"no pitch|outside"):
        parse_pitch(name)


def test_a_pitch_class_knows_its_enharmonic_names() -> None:
    assert [pitch_class(name) for name in NAMES] == list(range(12))
    assert pitch_class("F#") == pitch_class("Gb") == 6
    assert pitch_class("Cb") == 11
    with pytest.raises(ValueError, match="no note name"):
        pitch_class("H")


@pytest.mark.parametrize("key", ALL_KEYS)
def test_every_key_comes_back_from_its_name(key: Key) -> None:
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [("C", Key(0, "major")), ("Am", Key(9, "minor")), ("F# min", Key(6, "minor")), ("Bb maj", Key(10, "major"))],
)
def test_a_key_is_read_in_short(name: str, key: Key) -> None:
    assert Key.parse(name) == key


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no key"):
        Key.parse("C dorian")


def test_a_scale_begins_on_its_tonic() -> None:
    assert Key(7, "major").scale == (7, 9, 11, 0, 2, 4, 6)
    assert Key(9, "minor").scale == (9, 11, 0, 2, 4, 5, 7)


def test_relative_keys_share_their_notes() -> None:
    assert all(set(Key(t, "major").scale) == set(Key((t + 9) % 12, "minor").scale) for t in range(12))


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_chord_begins_on_its_root_and_repeats_nothing(quality: str) -> None:
    for root in range(12):
        pitch_classes = Chord(root, quality).pitch_classes
        assert pitch_classes[0] == root
        assert len(set(pitch_classes)) == len(QUALITIES[quality])


def test_a_chord_is_named_as_on_a_lead_sheet() -> None:
    assert str(Chord(9, "m7")) == "Am7"
    assert Chord(7, "7").pitch_classes == (7, 11, 2, 5)
