import numpy as np
import pytest
import torch

from models.blocks.live.picking import by_input, deepened, normalised, picked, uniform
from models.frames import Choice


def test_a_deepened_row_is_what_the_layer_makes_of_it() -> None:
    layer = torch.nn.Linear(8, 8)
    x = torch.relu(torch.randn(8, generator=torch.Generator().manual_seed(1)))
    with torch.no_grad():
        expected = x + torch.relu(layer(x))
        row = x.numpy().copy()
        deepened(row, by_input(layer), layer.bias.numpy(), np.empty(8, np.float32))
    assert row == pytest.approx(expected.numpy(), abs=1e-6)


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.5, 1.0), (2.0, 0.6), (0.0, 1.0), (1.0, 0.05)])
def test_picks_come_as_often_as_those_of_a_choice(temperature: float, top_p: float) -> None:
    nats = torch.randn(7, generator=torch.Generator().manual_seed(2)).mul(1.5).log_softmax(-1)
    nats[3] = float("-inf")
    many = 20_000
    ours = [picked(nats.numpy(), temperature, top_p, (i + 0.5) / many) for i in range(many)]
    theirs = Choice(temperature, top_p, torch.Generator().manual_seed(1)).pick(nats.expand(many, -1))
    shares = [torch.bincount(torch.as_tensor(found), minlength=7) / many for found in (ours, theirs)]
    assert float((shares[0] - shares[1]).abs().max()) < 0.02
    assert shares[0][3] == 0


def test_scores_without_a_possible_outcome_are_no_probabilities() -> None:
    assert not normalised(np.full(3, -np.inf, np.float32))
    assert not normalised(np.array([0, np.nan], np.float32))
    scores = np.array([1, -np.inf, 3], np.float32)
    assert normalised(scores)
    assert np.exp(scores).sum() == pytest.approx(1)


def test_the_same_generator_gives_the_same_numbers() -> None:
    first, again = (uniform(5, Choice(1.0, generator=torch.Generator().manual_seed(3))) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert ((first >= 0) & (first < 1)).all()
