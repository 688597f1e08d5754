from music.midifile import Track
from music.orchestra import SECTIONS
from tests.train.ensembles.makers import FLUTE, VIOLIN
from tests.train.pieces import part, score
from train.ensembles.sections import PERCUSSION, ensemble, pianos


def played(*tracks: Track) -> dict[str, list[int]]:
    """Pitches by section."""
    found: dict[str, list[int]] = {}
    for note in ensemble(score(*tracks)).notes:
        found.setdefault(SECTIONS[note["part"]].name, []).append(int(note["pitch"]))
    return found


def violin(name: str, *pitches: int) -> Track:
    return part(name, [(0, 1, pitch) for pitch in pitches], VIOLIN)


def test_names_tell_the_second_violins() -> None:
    found = played(violin("Violino Secondo", 60), violin("Violino Primo", 70))
    assert found == {"Violin 1": [70], "Violin 2": [60]}


def test_of_two_tracks_called_violin_the_first_is_violin_1() -> None:
    assert played(violin("Violin", 60), violin("Violin", 70)) == {"Violin 1": [60], "Violin 2": [70]}


def test_of_a_soloist_and_two_unnamed_tracks_the_last_is_violin_2() -> None:
    assert played(violin("a", 80), violin("b", 72), violin("c", 64)) == {"Violin 1": [80, 72], "Violin 2": [64]}


def test_a_single_track_of_violins_is_divided() -> None:
    assert played(violin("Violini", 60, 70)) == {"Violin 1": [70], "Violin 2": [60]}
    assert played(violin("Violini", 60, 64, 70)) == {"Violin 1": [64, 70], "Violin 2": [60]}
    assert played(violin("Violini", 70)) == {"Violin 1": [70]}


def test_a_single_soloist_is_not_divided() -> None:
    assert played(violin("Violino principale", 60, 70)) == {"Violin 1": [60, 70]}


def test_voices_and_drums_are_left_out_and_counted() -> None:
    drum = Track("Timp", 0, drum=True, notes=part("", [(0, 1, 60)]).notes)
    found = ensemble(score(part("Canto", [(0, 1, 60), (1, 1, 62)], 52), drum, part("Flauto", [(0, 1, 72)], FLUTE)))
    assert found.sections == 1
    assert found.left_out == {"Choir Aahs": 2, PERCUSSION: 1}


def test_notes_outside_the_extreme_range_are_counted() -> None:
    found = ensemble(score(part("Flute", [(0, 1, 40), (1, 1, 72)], FLUTE)))
    assert found.notes["pitch"].tolist() == [72]
    assert found.outside == {"Flute": 1}


def test_only_the_tracks_of_a_piano_are_its_part() -> None:
    found = pianos(score(part("Canto", [(0, 1, 60)], 52), part("RH", [(1, 1, 72)]), part("LH", [(0, 1, 48)])).tracks)
    assert found["pitch"].tolist() == [48, 72]
