from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.blocks.samplers import SAMPLERS, Boltzmann, Independent, Masked, SamplerName
from models.frames import Choice
from tests.models.blocks.outcomes import (
    FREE,
    WIDTH,
    Told,
    agree,
    chances,
    chooser,
    conditional,
    drawn,
    entropy,
    every,
    features,
    opinionated,
    slots,
    tempered,
    undecided,
)

Made = Independent | Masked | Boltzmann

MAKERS: dict[str, Callable[[int], Made]] = {
    "independent": lambda keys: Independent(WIDTH, keys=keys),
    "lowest entropy first": lambda keys: Masked(WIDTH, keys=keys, passes=keys),
    "highest entropy first": lambda keys: Masked(WIDTH, keys=keys, passes=keys, order="highest"),
    "two passes": lambda keys: Masked(WIDTH, keys=keys, passes=2),
    "one pass": lambda keys: Masked(WIDTH, keys=keys, passes=1),
    "boltzmann": lambda keys: Boltzmann(WIDTH, keys=keys, units=6),
}
EACH = pytest.mark.parametrize("name", sorted(MAKERS))
BY_BAYES = pytest.mark.parametrize("name", ["independent", "boltzmann"])


def made(name: str, keys: int) -> Made:
    sampler = MAKERS[name](keys)
    return undecided(sampler) if isinstance(sampler, Masked) else opinionated(sampler)


@EACH
@pytest.mark.parametrize("keys", [1, 4, 6])
def test_probabilities_of_all_outcomes_sum_to_one(name: str, keys: int) -> None:
    whole = chances(made(name, keys), features(keys))
    assert float(whole.sum()) == pytest.approx(1, abs=1e-5)
    assert whole.max() < 0.99


@EACH
def test_draws_are_as_frequent_as_the_likelihood_says(name: str) -> None:
    sampler, seen = made(name, 5), features(5)
    assert agree(drawn(sampler, seen, chooser()), chances(sampler, seen))


@BY_BAYES
def test_what_is_known_and_banned_is_conditioned_on_by_bayes_rule(name: str) -> None:
    sampler, seen, told = made(name, 5), features(5), Told((FREE, 1, FREE, 0, FREE), banned=(2,))
    expected = conditional(chances(sampler, seen), told)
    assert agree(drawn(sampler, seen, chooser(), told), expected)


@EACH
@pytest.mark.parametrize("choice", [chooser(), chooser(0.0), chooser(1.7), chooser(1.0, 0.6)], ids=str)
def test_known_keys_are_honoured_and_banned_ones_never_drawn(name: str, choice: Choice) -> None:
    sampler = made(name, 9)
    for _, (seen, known, banned) in zip(range(3), slots(40, 9, seed=4), strict=False):
        frame = sampler.draw(seen, known, banned, choice)
        assert torch.equal(frame[known != FREE], known[known != FREE])
        assert not frame[banned & (known == FREE)].any()
        assert ((frame == 0) | (frame == 1)).all()


@EACH
def test_a_frame_that_is_known_throughout_is_drawn_as_it_is(name: str) -> None:
    sampler, known = made(name, 4), every(4)
    seen = features(4).expand(16, -1, -1, -1)
    for choice in (chooser(), chooser(0.0), chooser(2.0)):
        assert torch.equal(sampler.draw(seen, known, torch.ones_like(known, dtype=torch.bool), choice), known)


@pytest.mark.parametrize("name", ["independent", "boltzmann", "one pass"])
def test_temperature_zero_gives_the_likeliest_outcome(name: str) -> None:
    sampler = made(name, 6)
    for seed in range(5):
        seen = features(6, seed)
        shares = drawn(sampler, seen, chooser(0.0), count=50)
        assert int(shares.argmax()) == int(chances(sampler, seen).argmax())
        assert shares.max() == 1


@BY_BAYES
def test_temperature_zero_gives_the_likeliest_outcome_that_agrees_with_the_evidence(name: str) -> None:
    sampler, told = made(name, 6), Told((FREE, FREE, 1, FREE, FREE, 0), banned=(0,))
    for seed in range(5):
        seen = features(6, seed)
        expected = conditional(chances(sampler, seen), told)
        assert int(drawn(sampler, seen, chooser(0.0), told, count=50).argmax()) == int(expected.argmax())


@pytest.mark.parametrize("name", ["lowest entropy first", "highest entropy first", "two passes"])
def test_at_temperature_zero_the_masked_sampler_is_certain_and_finds_what_is_far_likelier(name: str) -> None:
    sampler, seen = made(name, 5), features(5)
    shares = drawn(sampler, seen, chooser(0.0), count=50)
    assert shares.max() == 1
    whole = chances(sampler, seen)
    assert whole[shares.argmax()] >= whole.mean()


@BY_BAYES
@pytest.mark.parametrize("temperature", [0.5, 2.5])
def test_temperature_is_the_standard_one(name: str, temperature: float) -> None:
    sampler, seen = made(name, 5), features(5)
    expected = tempered(chances(sampler, seen), temperature)
    assert agree(drawn(sampler, seen, chooser(temperature)), expected)


@EACH
def test_heat_flattens_and_cold_sharpens(name: str) -> None:
    sampler, seen = made(name, 5), features(5)
    cold, mild, hot = (entropy(drawn(sampler, seen, chooser(heat), count=4000)) for heat in (0.3, 1.0, 4.0))
    assert cold < mild < hot


@EACH
def test_a_small_nucleus_leaves_each_key_its_likelier_outcome(name: str) -> None:
    sampler, seen = made(name, 5), features(5)
    narrow = drawn(sampler, seen, chooser(1.0, 0.5), count=500)
    if name == "boltzmann":
        assert entropy(narrow) < entropy(drawn(sampler, seen, chooser(), count=500))
    else:
        assert torch.equal(narrow, drawn(sampler, seen, chooser(0.0), count=500))


@EACH
def test_the_same_seed_draws_the_same(name: str) -> None:
    sampler, seen = made(name, 6), features(6)
    for heat in (1.0, 1.5):
        first = drawn(sampler, seen, chooser(heat), count=30)
        torch.rand(5)  # the draw has a source of its own
        assert torch.equal(drawn(sampler, seen, chooser(heat), count=30), first)


@torch.no_grad()
@EACH
def test_a_slot_does_not_depend_on_its_neighbours(name: str) -> None:
    sampler = made(name, 7)
    seen = torch.randn(3, 4, 7, WIDTH)
    target = torch.randint(0, 2, (3, 4, 7))
    alone = sampler.nll(seen[1:2, 2:3], target[1:2, 2:3])
    assert torch.allclose(sampler.nll(seen, target)[1, 2], alone[0, 0], atol=1e-4)


@EACH
@settings(max_examples=10)
@given(keys=st.integers(1, 14), batch=st.integers(1, 3), frames=st.integers(1, 3))
def test_shapes_are_those_of_the_seam(name: str, keys: int, batch: int, frames: int) -> None:
    sampler = MAKERS[name](keys)
    seen, target = torch.randn(batch, frames, keys, WIDTH), torch.randint(0, 2, (batch, frames, keys))
    for mode in (True, False):
        nats = sampler.train(mode).nll(seen, target)
        assert nats.shape == (batch, frames) and torch.isfinite(nats).all()
    assert torch.equal(sampler.planes(target)[..., 0], target.float())


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_training_learns_which_keys_sound_together(name: SamplerName) -> None:
    torch.manual_seed(0)
    sampler = SAMPLERS[name](WIDTH, keys=4)
    optimizer = torch.optim.Adam(sampler.parameters(), 0.03)
    target = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]]).repeat(16, 1)[:, None]
    seen = torch.ones(32, 1, 4, WIDTH)
    for _ in range(250):
        optimizer.zero_grad()
        torch.autograd.backward(sampler.nll(seen, target).mean())
        optimizer.step()
    nats = sampler.eval().nll(seen, target).mean().item()
    if name == "independent":
        assert nats == pytest.approx(4 * 0.6931, abs=0.05)
    else:
        assert 0.6931 - 1e-3 < nats < 1.0
