import pytest
import torch
from torch import Tensor

from models.blocks import recall
from models.blocks.attention import PAGE, State
from models.blocks.recall import Recall

WHOLE, KEYS, PLANES = 12, 7, 2


def opinionated(span: int = 2048, heads: int = 3) -> Recall:
    torch.manual_seed(heads)
    block = Recall(WHOLE, heads=heads, depth=4, near=20, span=span).eval()
    block.bias.data.normal_()
    block.nothing.data.normal_()
    return block


def music(frames: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    return torch.randn(batch, frames, WHOLE), (torch.rand(batch, frames, KEYS, PLANES) < 0.3).float()


def stepped(block: Recall, whole: Tensor, past: Tensor) -> tuple[Tensor, list[State]]:
    states, outs = [block.start(len(whole), KEYS * PLANES)], []
    for at in range(whole.shape[1]):
        out, state = block.step(whole[:, at], past[:, at : at + 1], states[-1])
        outs.append(out)
        states.append(state)
    return torch.cat(outs, 1), states


@torch.no_grad()
@pytest.mark.parametrize(("frames", "span"), [(1, 2048), (150, 2048), (150, 1), (150, 64), (200, 100)])
def test_stepping_gives_what_forward_gives(frames: int, span: int) -> None:
    block, (whole, past) = opinionated(span), music(frames)
    assert torch.allclose(stepped(block, whole, past)[0], block(whole, past), atol=1e-5)


@torch.no_grad()
def test_a_long_piece_is_looked_up_in_parts_that_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    block, (whole, past) = opinionated(30), music(50)
    at_once = block(whole, past)
    monkeypatch.setattr(recall, "CHUNK", 7)
    assert torch.allclose(block(whole, past), at_once, atol=1e-5)


@torch.no_grad()
def test_an_earlier_state_stays_what_it_was() -> None:
    block, (whole, past) = opinionated(), music(2 * PAGE + 3, batch=1)
    outs, states = stepped(block, whole, past)
    for at in (0, 1, PAGE - 1, PAGE, 2 * PAGE):
        block.step(torch.randn(1, WHOLE), past[:, :1], states[at])
        assert torch.equal(block.step(whole[:, at], past[:, at : at + 1], states[at])[0], outs[:, at : at + 1])


@torch.no_grad()
def test_what_followed_when_the_music_was_the_same_is_found_key_by_key() -> None:
    block = Recall(WHOLE, heads=1, depth=WHOLE)
    for layer in (block.query, block.key):
        layer.weight.copy_(torch.eye(WHOLE) * 9)
    block.query.bias.zero_()
    situations = torch.eye(WHOLE)
    whole = torch.stack([situations[n] for n in (0, 1, 2, 3, 4, 1)])[None]
    past = (torch.rand(1, 6, KEYS, PLANES) < 0.5).float()
    assert torch.allclose(block(whole, past)[0, 5], past[0, 2], atol=1e-3)


@torch.no_grad()
def test_it_may_point_at_nothing() -> None:
    block, (whole, past) = opinionated(heads=1), music(9, batch=1)
    block.key.weight.zero_()  # nothing that was played is like it is now
    block.query.weight.zero_()
    block.query.bias.copy_(block.nothing[0] * 100)
    assert float(block(whole, past).abs().max()) < 1e-3
