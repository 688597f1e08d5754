"""What is played stays spread as what was heard."""

from __future__ import annotations

import numpy as np
import pytest

from models.tokens.spread import KINDS, MOST, Spread
from music.tokens import FIELDS, LENGTH, NOTHING, PITCH, VELOCITY, WAIT

LOW, HIGH, SHORT, LONG = 40, 83, 5, 47


def heard(many: int = 200) -> Spread:
    """Low, loud, short notes and high, soft, long ones by turns, in pairs."""
    spread = Spread()
    for number in range(many):
        row = (12, LOW, SHORT, 100, 0, 0) if number % 2 else (0, HIGH, LONG, 40, 0, 0)
        spread = spread.hear(row)
    return spread


@pytest.mark.parametrize("field", [PITCH, WAIT, LENGTH, VELOCITY])
def test_where_it_stands_as_the_musician_did_nothing_is_moved(field: int) -> None:
    assert heard().lean(field) == pytest.approx(np.zeros(FIELDS[field].size), abs=1e-9)
    assert (Spread().lean(field) == 0).all(), "nor where nothing was heard"


def test_what_came_too_often_gives_way_to_what_was_missed() -> None:
    spread = heard()
    for _ in range(100):
        spread = spread.play((12, LOW, SHORT, 100, 0, 0))
    for field, often, missed in ((PITCH, LOW, HIGH), (WAIT, 12, 0), (LENGTH, SHORT, LONG), (VELOCITY, 100, 40)):
        lean = spread.lean(field)
        assert lean[often] < 0 < lean[missed]
        assert (np.abs(lean) <= MOST * sum(kind.field == field for kind in KINDS)).all()
    for _ in range(100):
        spread = spread.play((0, HIGH, LONG, 40, 0, 0))
    assert spread.lean(PITCH)[HIGH] < 0, "and the other way round"


def test_few_notes_say_little_and_time_alone_says_nothing() -> None:
    once = Spread().hear((0, LOW, SHORT, 100, 0, 0))
    much = heard()
    for _ in range(20):
        once, much = (one.play((12, HIGH, LONG, 40, 0, 0)) for one in (once, much))
    assert abs(once.lean(PITCH)[LOW]) < abs(much.lean(PITCH)[LOW])
    waited = much.play((96, NOTHING, 0, 0, 0, 0))
    assert (waited.lean(PITCH) == much.lean(PITCH)).all()
