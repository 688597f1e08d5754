import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.blocks import attention
from models.blocks.attention import PAGE, RelativeAttention, State


def opinionated(heads: int = 4, near: int = 20, span: int | None = None, width: int = 16) -> RelativeAttention:
    torch.manual_seed(heads)
    block = RelativeAttention(width, heads=heads, near=near, span=span).eval()
    block.distances.data.normal_()
    block.bias.data.normal_()
    return block


def slowly(block: RelativeAttention, frames: Tensor) -> Tensor:
    """What the formula says, number by number."""
    query, key, value = block.query_key_value(frames).chunk(3, -1)
    out = torch.zeros_like(frames)
    depth = block.depth
    for slot in range(frames.shape[0]):
        for head in range(block.heads):
            part = slice(head * depth, (head + 1) * depth)
            for at in range(frames.shape[1]):
                seen = range(max(0, at + 1 - block.span) if block.span else 0, at + 1)
                scores = []
                for past in seen:
                    near = min(at - past, block.near)
                    relative = key[slot, past, part] + block.distances[head, near]
                    scores.append(query[slot, at, part] @ relative / depth**0.5 + block.bias[head, near])
                weights = torch.stack(scores).softmax(0)
                out[slot, at, part] = weights @ value[slot, list(seen), part]
    result: Tensor = block.out(out)
    return result


def stepped(block: RelativeAttention, frames: Tensor) -> tuple[Tensor, list[State]]:
    states = [block.start(len(frames))]
    outs = []
    for frame in frames.unbind(1):
        out, state = block.step(frame, states[-1])
        outs.append(out)
        states.append(state)
    return torch.stack(outs, 1), states


@torch.no_grad()
@pytest.mark.parametrize(("heads", "near", "span"), [(1, 20, None), (4, 20, None), (4, 3, None), (2, 9, 5), (4, 2, 1)])
def test_attention_is_what_its_formula_says(heads: int, near: int, span: int | None) -> None:
    block = opinionated(heads, near, span)
    frames = torch.randn(3, 13, 16)
    assert torch.allclose(block(frames), slowly(block, frames), atol=1e-5)


@torch.no_grad()
@settings(max_examples=25)
@given(batch=st.integers(1, 3), length=st.integers(1, 200), span=st.sampled_from([None, 1, 7, 64, 65, 100]))
def test_stepping_gives_what_forward_gives(batch: int, length: int, span: int | None) -> None:
    block = opinionated(span=span)
    frames = torch.randn(batch, length, 16)
    assert torch.allclose(stepped(block, frames)[0], block(frames), atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("span", [None, 5, 30])
def test_a_long_piece_is_attended_in_parts_that_fit_together(span: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    block = opinionated(span=span)
    frames = torch.randn(2, 50, 16)
    whole = block(frames)
    monkeypatch.setattr(attention, "CHUNK", 7)
    assert torch.allclose(block(frames), whole, atol=1e-5)


@torch.no_grad()
def test_an_earlier_state_stays_what_it_was() -> None:
    block = opinionated()
    frames = torch.randn(1, 2 * PAGE + 3, 16)
    outs, states = stepped(block, frames)
    for at in (0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE):
        block.step(torch.randn(1, 16), states[at])
        assert torch.equal(block.step(frames[:, at], states[at])[0], outs[:, at])


@torch.no_grad()
def test_the_cache_holds_every_frame_and_no_more_than_its_span_asks_for() -> None:
    frames = torch.randn(1, 300, 16)
    for span in (None, 1, 70, 128):
        for at, state in enumerate(stepped(opinionated(span=span), frames)[1]):
            kept = state[0].shape[2] + state[2].shape[2]
            if span is None:
                assert kept == at
            else:
                assert min(at, span - 1) <= kept < span + PAGE


def test_a_width_that_the_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="evenly"):
        RelativeAttention(30, heads=4)
    with pytest.raises(ValueError, match="span"):
        RelativeAttention(32, span=0)
