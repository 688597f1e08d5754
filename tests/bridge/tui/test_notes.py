from bridge.tui.notes import ALL, ANSWERED, KEPT_S, PLAYED, Notes

NOW = 100.0


def told(*rows: tuple[int, int, int, int, int]) -> Notes:
    notes = Notes()
    for row in rows:
        notes.take(row, NOW)
    return notes


def test_a_note_begins_when_it_was_played_and_not_when_it_is_told_of() -> None:
    (note,) = told((PLAYED, 500, 1, 60, 80), (PLAYED, 100, 1, 60, 0)).notes
    assert (note.on_s, note.off_s) == (99.5, 99.9)


def test_a_release_ends_the_oldest_note_of_its_key_and_side_only() -> None:
    rows = [(ANSWERED, 500, 2, 60, 80), (ANSWERED, 400, 2, 60, 80), (PLAYED, 400, 2, 60, 80), (ANSWERED, 100, 2, 60, 0)]
    first, second, dry = told(*rows).notes
    assert first.off_s is not None
    assert second.off_s is None and dry.off_s is None


def test_a_silence_ends_what_sounds_and_drops_what_was_to_come() -> None:
    rows = [(ANSWERED, 500, 2, 60, 80), (ANSWERED, -800, 2, 62, 80), (PLAYED, 500, 1, 72, 80), (ANSWERED, 0, 0, ALL, 0)]
    notes = told(*rows)
    assert [(note.pitch, note.off_s) for note in notes.notes] == [(60, NOW), (72, None)]
    assert [note.pitch for note in notes.sounding(NOW + 1)] == [72]


def test_what_ended_long_ago_is_forgotten_and_what_sounds_is_not() -> None:
    notes = told((PLAYED, 500, 1, 60, 80), (PLAYED, 400, 1, 60, 0), (PLAYED, 300, 1, 64, 80))
    notes.take([], NOW + KEPT_S)
    assert [note.pitch for note in notes.notes] == [64]


def test_a_list_that_is_cut_short_brings_what_is_whole() -> None:
    notes = Notes()
    notes.take([PLAYED, 0, 1, 60, 80, PLAYED, 0], NOW)
    assert len(notes.notes) == 1
