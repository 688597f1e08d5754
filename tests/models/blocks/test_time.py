from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.blocks.attention import State
from models.blocks.time import CausalWindow, Cell, HistoryAttention, Recurrent, Time

FEATURES, WIDTH = 6, 16

BLOCKS: dict[str, Callable[[], Recurrent | CausalWindow | HistoryAttention]] = {
    "rnn": lambda: Recurrent(FEATURES, WIDTH, kind="rnn", layers=2, dropout=0.3),
    "gru": lambda: Recurrent(FEATURES, WIDTH, kind="gru"),
    "lstm": lambda: Recurrent(FEATURES, WIDTH, kind="lstm", layers=3, dropout=0.1),
    "window": lambda: CausalWindow(FEATURES, WIDTH, layers=4, kernel=3, dropout=0.2),
    "narrow window": lambda: CausalWindow(FEATURES, WIDTH, layers=1, kernel=2),
    "frame alone": lambda: CausalWindow(FEATURES, WIDTH, layers=2, kernel=1),
    "history": lambda: HistoryAttention(FEATURES, WIDTH, near=30, dropout=0.2),
    "history of two layers": lambda: HistoryAttention(FEATURES, WIDTH, layers=2, heads=2, near=500),
    "history with a span": lambda: HistoryAttention(FEATURES, WIDTH, near=10, span=40),
}
EACH = pytest.mark.parametrize("name", sorted(BLOCKS))


def made(name: str) -> Time:
    torch.manual_seed(0)
    block = BLOCKS[name]()
    return block.eval()


def stepped(block: Time, frames: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    state = block.start(len(frames)) if state is None else state
    outs = []
    for frame in frames.unbind(1):
        out, state = block.step(frame, state)
        outs.append(out)
    return torch.stack(outs, 1), state


@torch.no_grad()
@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(BLOCKS)), batch=st.integers(1, 4), length=st.integers(1, 140), seed=st.integers(0, 9)
)
def test_stepping_gives_what_forward_gives(name: str, batch: int, length: int, seed: int) -> None:
    block = made(name)
    frames = torch.randn(batch, length, FEATURES, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(stepped(block, frames)[0], block(frames), atol=1e-5)


@torch.no_grad()
@EACH
def test_a_state_can_be_rewound_copied_and_branched(name: str) -> None:
    block, frames = made(name), torch.randn(2, 70, FEATURES)
    _, middle = stepped(block, frames[:, :66])
    kept = deepcopy(middle)
    first, _ = stepped(block, frames[:, 66:], middle)
    stepped(block, torch.randn(2, 9, FEATURES), middle)
    assert all(torch.equal(now, then) for now, then in zip(middle, kept, strict=True))
    assert torch.equal(stepped(block, frames[:, 66:], middle)[0], first)
    assert torch.equal(stepped(block, frames[:, 66:], kept)[0], first)


@torch.no_grad()
@EACH
def test_states_are_batch_first_and_slots_can_be_taken_and_joined(name: str) -> None:
    block, frames = made(name), torch.randn(3, 68, FEATURES)
    after = torch.randn(3, 5, FEATURES)
    _, state = stepped(block, frames)
    whole, _ = stepped(block, after, state)
    swapped = tuple(part[[2, 0]] for part in state)
    assert torch.allclose(stepped(block, after[[2, 0]], swapped)[0], whole[[2, 0]], atol=1e-5)
    apart = [stepped(block, frames[slot : slot + 1])[1] for slot in range(3)]
    joined = tuple(torch.cat(parts) for parts in zip(*apart, strict=True))
    assert torch.allclose(stepped(block, after, joined)[0], whole, atol=1e-5)


@torch.no_grad()
@EACH
def test_no_frame_sees_a_later_one(name: str) -> None:
    block, frames = made(name), torch.randn(2, 50, FEATURES)
    other = frames.clone()
    other[:, 30:] = torch.randn(2, 20, FEATURES)
    assert torch.allclose(block(frames)[:, :30], block(other)[:, :30], atol=1e-6)
    assert not torch.allclose(block(frames)[:, 30], block(other)[:, 30], atol=1e-3)


@torch.no_grad()
@EACH
def test_output_does_not_depend_on_batch_slot_or_padding(name: str) -> None:
    block, frames = made(name), torch.randn(1, 40, FEATURES)
    alone = block(frames)[0]
    crowd = torch.randn(5, 90, FEATURES) * 3
    for slot in (0, 2, 4):
        crowd[slot, :40] = frames[0]
        assert torch.allclose(block(crowd)[slot, :40], alone, atol=1e-5)


@EACH
def test_every_weight_of_a_block_learns(name: str) -> None:
    block = BLOCKS[name]()
    torch.autograd.backward((block(torch.randn(2, 45, FEATURES)) * torch.randn(2, 45, WIDTH)).sum())
    for weights in block.parameters():
        assert weights.grad is not None and weights.grad.abs().sum() > 0


@torch.no_grad()
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_recurrence_is_torch_s_own(kind: Cell) -> None:
    block = Recurrent(FEATURES, WIDTH, kind=kind, layers=2).eval()
    frames = torch.randn(2, 11, FEATURES)
    assert torch.equal(block(frames), block.cell(frames)[0])


@torch.no_grad()
@pytest.mark.parametrize("layers", [1, 3, 5])
def test_the_window_is_as_long_as_it_says(layers: int) -> None:
    torch.manual_seed(0)
    block = CausalWindow(FEATURES, WIDTH, layers=layers).eval()
    frames = torch.randn(1, block.window + 1, FEATURES)
    other = frames.clone()
    other[:, 0] += 5
    assert torch.equal(block(frames)[:, -1], block(other)[:, -1])
    assert not torch.equal(block(frames)[:, -2], block(other)[:, -2])


@torch.no_grad()
def test_attention_reaches_the_first_frame_after_three_hundred() -> None:
    torch.manual_seed(0)
    block = HistoryAttention(FEATURES, WIDTH, near=8).eval()
    block.get_parameter(
        "recurrent.cell.weight_hh_l0"
    ).data.zero_()  # what is left reaches back by the forget gate alone
    block.get_parameter("recurrent.cell.bias_ih_l0").data[WIDTH : 2 * WIDTH] = -20
    frames = torch.randn(1, 301, FEATURES)
    other = frames.clone()
    other[:, 0] *= -3
    assert torch.equal(block.recurrent(frames)[:, -1], block.recurrent(other)[:, -1])
    assert (block(frames)[:, -1] - block(other)[:, -1]).abs().max() > 1e-4
    assert (stepped(block, frames)[0][:, -1] - stepped(block, other)[0][:, -1]).abs().max() > 1e-4


@torch.no_grad()
def test_a_span_forgets_what_is_older() -> None:
    torch.manual_seed(0)
    block = HistoryAttention(FEATURES, WIDTH, span=20).eval()
    block.get_parameter("recurrent.cell.weight_hh_l0").data.zero_()
    block.get_parameter("recurrent.cell.bias_ih_l0").data[WIDTH : 2 * WIDTH] = -200
    frames = torch.randn(1, 60, FEATURES)
    other = frames.clone()
    other[:, 40 - 1] += 1
    assert torch.equal(block(frames)[:, -1], block(other)[:, -1])
    assert not torch.equal(block(frames)[:, -2], block(other)[:, -2])
