import numpy as np

from music import midifile
from music.orchestra import FIRST_SLOT, SECTIONS, slotted
from music.roll import spans
from train.ensembles.events import HELD, LOWEST, SILENT, STRUCK, events, moments, seated
from train.ensembles.reduction import piano_of

FLUTE, HORN, CELLO = 1, 5, 13
TICKS = 480
TOGETHER = 15.0


def notes(*rows: tuple[int, int, int, int]) -> np.ndarray:
    """Of onset, length, pitch, velocity."""
    return midifile.notes(*np.array(rows, np.int64).reshape(-1, 4).T)


def of(**sections: np.ndarray) -> np.ndarray:
    numbers = {"flute": FLUTE, "horn": HORN, "cello": CELLO}
    parts = [midifile.notes([], [], [], [])] * len(SECTIONS)
    for name, played in sections.items():
        parts[numbers[name]] = played
    return spans(parts)


def test_onsets_that_are_close_are_one_event() -> None:
    assert moments(np.array([0, 15, 16, 480, 470]), TOGETHER).tolist() == [0, 16, 470]


def test_the_states_after_each_event() -> None:
    flute, piano = notes((0, 960, 72, 60), (960, 480, 74, 60)), notes((480, 480, 60, 80), (960, 480, 60, 90))
    found, beyond = events(of(flute=flute), piano, TOGETHER)
    assert found.tick.tolist() == [0, 480, 960]
    assert found.slots[:, FIRST_SLOT[FLUTE]].tolist() == [72, 72, 74]
    assert found.struck[:, FIRST_SLOT[FLUTE]].tolist() == [True, False, True]
    assert found.piano[:, 60 - LOWEST].tolist() == [SILENT, STRUCK, STRUCK]
    assert found.piano_velocity.tolist() == [0, 80, 90]
    assert found.at_piano.tolist() == [False, True, True]
    assert not beyond


def test_what_ends_just_after_an_event_does_not_sound_on() -> None:
    found, _ = events(of(flute=notes((0, 490, 72, 60), (480, 480, 74, 60))), notes((0, 960, 60, 80)), TOGETHER)
    assert found.slots[:, FIRST_SLOT[FLUTE] : FIRST_SLOT[FLUTE] + 2].tolist() == [[72, 0], [74, 0]]
    assert found.piano[:, 60 - LOWEST].tolist() == [STRUCK, HELD]


def test_a_grace_note_is_an_event_of_its_own() -> None:
    found, _ = events(of(flute=notes((0, 5, 71, 60), (60, 420, 72, 60))), notes((0, 480, 60, 80)), TOGETHER)
    assert found.slots[:, FIRST_SLOT[FLUTE]].tolist() == [71, 72]


def test_what_finds_no_desk_is_counted_once() -> None:
    chord = notes(*((0, 960, pitch, 60) for pitch in (60, 64, 67)))
    found, beyond = events(of(flute=chord), notes((0, 480, 60, 80), (480, 480, 60, 80)), TOGETHER)
    assert found.slots[1, FIRST_SLOT[FLUTE] : FIRST_SLOT[FLUTE] + 2].tolist() == [67, 60]
    assert beyond == {"Flute": 1}


def test_seats_are_those_of_the_orchestra() -> None:
    random = np.random.default_rng(1)
    sounding = random.random((50, 128)) < 0.03
    for section in range(len(SECTIONS)):
        wanted = [slotted(section, np.flatnonzero(row).tolist())[0] for row in sounding]
        assert seated(sounding, SECTIONS[section].desks).tolist() == wanted


def test_a_score_without_piano_gets_melody_and_bass() -> None:
    found, _ = events(
        of(flute=notes((0, 480, 76, 50), (480, 480, 77, 70)), cello=notes((0, 960, 48, 60))), None, TOGETHER
    )
    down = [(np.flatnonzero(row) + LOWEST).tolist() for row in found.piano]
    assert down == [[48, 76], [48, 77]]
    assert found.piano[1, 48 - LOWEST] == HELD
    assert found.piano_velocity.tolist() == [55, 70]


def test_a_reduction_never_holds_what_it_did_not_strike() -> None:
    slots = np.array([[72, 60, 64, 67, 48], [72, 60, 0, 67, 48], [60, 0, 64, 67, 48]], np.uint8)
    struck = np.zeros(slots.shape, bool)
    struck[0] = True
    found = piano_of(slots, struck)
    assert (np.flatnonzero(found[0]) + LOWEST).tolist() == [48, 60, 64, 67, 72]
    assert found[1, 67 - LOWEST] == HELD
    assert not found[1, 64 - LOWEST], "what ends, ends"
