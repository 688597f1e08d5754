from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch

from models.blocks.live import ascending as live
from models.blocks.samplers.ascending import Ascending
from models.frames import Choice

KEYS, WIDTH = 5, 8


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def sampler(states: int = 2, *, upwards: bool = True) -> Ascending:
    torch.manual_seed(3)
    made = Ascending(WIDTH, keys=KEYS, states=states, channels=8, reach=3, upwards=upwards).eval()
    with torch.no_grad():
        made.out.weight *= 6  # so that the keys really depend on each other
        made.out.bias.zero_()
    return made


def every_frame(states: int) -> torch.Tensor:
    return torch.tensor(list(product(range(states), repeat=KEYS)))[None]  # (1, N, K)


def features(count: int) -> torch.Tensor:
    return torch.randn(1, 1, KEYS, WIDTH, generator=torch.Generator().manual_seed(5)).expand(1, count, -1, -1)


@pytest.mark.parametrize("upwards", [True, False])
def test_all_frames_together_have_probability_one(upwards: bool) -> None:
    frames = every_frame(2)
    nats = sampler(upwards=upwards).nll(features(32), frames, torch.zeros_like(frames))
    assert float(torch.exp(-nats).sum()) == pytest.approx(1, abs=1e-5)


def test_what_did_not_sound_before_cannot_go_on_and_the_rest_has_probability_one() -> None:
    frames = every_frame(3)
    before = torch.tensor([0, 1, 0, 2, 0]).expand_as(frames)
    chances = torch.exp(-sampler(3).nll(features(frames.shape[1]), frames, before))
    impossible = ((frames == 1) & (before == 0)).any(-1)
    assert float(chances[impossible].sum()) == 0
    assert float(chances.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("upwards", "blind"), [(True, 0), (False, KEYS - 1)])
def test_the_first_key_decided_sees_no_other_and_the_last_sees_all(upwards: bool, blind: int) -> None:
    made = sampler(upwards=upwards)
    context = made.features(features(1))[0]
    silent, full = torch.zeros(1, KEYS, dtype=torch.long), torch.ones(1, KEYS, dtype=torch.long)
    difference = (made.logits(context, silent, silent) - made.logits(context, full, silent)).abs().sum(-1)[0]
    assert float(difference[blind]) == 0
    assert float(difference[KEYS - 1 - blind]) > 0


def test_draws_come_as_often_as_the_likelihood_says() -> None:
    made, frames = sampler(), every_frame(2)
    chances = torch.exp(-made.nll(features(32), frames, torch.zeros_like(frames)))[0]
    choice = Choice(1.0, generator=torch.Generator().manual_seed(1))
    free, zero = torch.full((1, 1, KEYS), -1), torch.zeros(1, 1, KEYS, dtype=torch.long)
    count = torch.zeros(32)
    for _ in range(300):
        drawn = made.draw(features(1), zero, free, zero.bool(), choice)[0, 0]
        count[int((drawn * torch.tensor([16, 8, 4, 2, 1])).sum())] += 1
    assert float((count / 300 - chances).abs().sum()) < 0.35


@pytest.mark.parametrize("upwards", [True, False])
def test_what_is_scored_live_is_what_the_likelihood_scores(upwards: bool) -> None:
    made = sampler(3, upwards=upwards)
    context = made.features(features(1))[0]
    order = slice(None) if upwards else slice(None, None, -1)
    no_ban, no_lean = np.zeros(KEYS, bool), np.zeros(KEYS, np.float32)
    heard = live.Heard(context[0].numpy()[order], np.ones(KEYS, bool), np.full(KEYS, -1), no_ban, no_lean)
    for frame in every_frame(3)[0, ::7]:
        expected = made.logits(context, frame[None], torch.ones_like(frame)[None])[0].numpy()[order]
        scores = np.empty(3, np.float32)
        for key in range(KEYS):
            live.score(heard, made._weights(), frame.numpy()[order].copy(), key, scores)
            assert scores == pytest.approx(expected[key], abs=1e-4)


@pytest.mark.parametrize("upwards", [True, False])
def test_a_lean_multiplies_the_chances_of_each_key(upwards: bool) -> None:
    made, zero = sampler(upwards=upwards), torch.zeros(1, 1, KEYS, dtype=torch.long)
    first, free = 0 if upwards else KEYS - 1, torch.full((1, 1, KEYS), -1)
    chance = made.logits(made.features(features(1))[0], zero[0], zero[0]).softmax(-1)[0, first, 1]
    lean = np.zeros(KEYS, np.float32)
    lean[first] = 1.5
    choice = Choice(1.0, generator=torch.Generator().manual_seed(1), lean=lean)
    drawn = [int(made.draw(features(1), zero, free, zero.bool(), choice)[0, 0, first]) for _ in range(2000)]
    odds = float(chance / (1 - chance)) * np.exp(1.5)
    assert float(np.mean(drawn)) == pytest.approx(odds / (1 + odds), abs=0.04)


def test_known_keys_stay_and_banned_ones_are_silent() -> None:
    made = sampler()
    zero = torch.zeros(1, 1, KEYS, dtype=torch.long)
    known = torch.tensor([[[-1, 1, -1, 0, -1]]])
    banned = torch.tensor([[[True, False, False, False, True]]])
    for seed in range(20):
        choice = Choice(2.0, generator=torch.Generator().manual_seed(seed))
        drawn = made.draw(features(1), zero, known, banned, choice)[0, 0].tolist()
        assert drawn[1] == 1 and drawn[3] == 0 and drawn[0] == drawn[4] == 0


def test_what_did_not_sound_is_never_drawn_as_going_on() -> None:
    made, before = sampler(3), torch.tensor([[[0, 1, 0, 2, 0]]])
    free, none = torch.full((1, 1, KEYS), -1), torch.zeros(1, 1, KEYS, dtype=torch.bool)
    choice = Choice(3.0, generator=torch.Generator().manual_seed(1))
    drawn = torch.cat([made.draw(features(1), before, free, none, choice)[0] for _ in range(200)])
    assert ((drawn == 1).any(0) == (before[0, 0] > 0)).all()


def test_features_that_are_no_numbers_are_an_error() -> None:
    made, zero = sampler(), torch.zeros(1, 1, KEYS, dtype=torch.long)
    for temperature in (0.0, 1.0):
        with pytest.raises(ValueError, match="no outcome is possible"):
            made.draw(features(1) * float("nan"), zero, zero - 1, zero.bool(), Choice(temperature))
