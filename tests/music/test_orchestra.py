"""Sections and slots."""

import pytest

from music.orchestra import DESKS, FIRST_SLOT, SECTIONS, SLOTS, section_of, slotted


@pytest.mark.parametrize(
    ("program", "name", "section"),
    [
        (40, "Violin 1", "Violin 1"), (40, "Violin 2", "Violin 2"), (40, "Violino Secondo", "Violin 2"),
        (40, "Violino 2do", "Violin 2"), (40, "Violino IIdo", "Violin 2"), (40, "Violini", "Violin 1"),
        (40, "VIOLINO PRIMO", "Violin 1"), (40, "Violino Imo", "Violin 1"), (40, "Violin", "Violin 1"),
        (71, "Bb Clarinet 2", "Clarinet"), (69, "Corno inglese", "Oboe"), (43, "Bassi", "Contrabass"),
        (52, "Canto", None), (0, "Piano", None), (48, "Part", None),
    ],
)  # fmt: skip
def test_tracks_are_known_by_program_and_name(program: int, name: str, section: str | None) -> None:
    found = section_of(program, name)
    assert (None if found is None else SECTIONS[found].name) == section


def test_slots_are_the_desks_of_all_sections() -> None:
    assert len(SLOTS) == sum(DESKS)
    assert all(SLOTS[first] == (section, 0) for section, first in enumerate(FIRST_SLOT))
    assert 14 <= len(SECTIONS) <= 16


def test_a_section_keeps_its_outer_notes_and_counts_the_rest() -> None:
    horn = [section.name for section in SECTIONS].index("Horn")
    assert slotted(horn, [48, 60]) == ([60, 48, 0, 0], 0)
    assert slotted(horn, [48, 52, 55, 60, 64, 60]) == ([64, 60, 55, 48], 1)
