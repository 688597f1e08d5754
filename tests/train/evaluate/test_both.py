"""A learned player and the musician's own phrases in turns."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from models.continuation import leads
from models.learned import make
from tests.train.evaluate.test_continuation import line
from train.evaluate.both import Both
from train.evaluate.continuation import copied, cut, goes_on


@pytest.mark.parametrize("distance", [0.0, 0.25, 0.85, 1.0])
def test_a_model_leads_its_share_in_turns_of_some_onsets(distance: float) -> None:
    dice, led = np.random.default_rng(1), list[bool]()
    before: bool | None = None
    for _ in range(20_000):
        before = leads(before, distance, dice)
        led.append(before)
    assert sum(led) / len(led) == pytest.approx(distance, abs=0.03)
    changes = sum(one != other for one, other in pairwise(led))
    assert changes <= len(led) * 0.125 * 0.5, "it is not another one at each onset"


def test_near_it_plays_what_was_heard_and_far_it_does_not() -> None:
    walk = 67 + np.random.default_rng(2).integers(-2, 3, 96).cumsum() % 12
    opening = cut("walk", line(*walk.tolist()), 24.0, 24.0)
    assert opening
    model, heard = make("goes-on"), opening.heard
    near, between, far = (goes_on(Both(model, distance), opening, 48.0, 0) for distance in (0.0, 0.5, 1.0))
    assert copied(near, heard) > 0.2 > copied(far, heard)
    for played in (near, between, far):
        beats = [onset.beat for onset in played]
        assert beats == sorted(beats) and beats[0] >= opening.start
