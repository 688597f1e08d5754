from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.abreast import Closed
from models.assemble import build_frames
from models.capture import live_step
from models.frame_model import FrameModel, FrameState
from models.frames import Batch, Choice, blended
from music.errors import ContinuoError

SMALL = {"width": 8, "channels": 8, "whole": 8, "dropout": 0.3}
CONFIGS: dict[str, dict[str, Any]] = {
    "keys": {"task": "keys", "lowest": 40, "keys": 20, "sampler": "ascending", "layers": 2},
    "keys, independent": {"task": "keys", "lowest": 40, "keys": 20, "sampler": "independent", "time": "gru"},
    "keys, masked": {"task": "keys", "lowest": 40, "keys": 20, "sampler": "masked", "time": "window"},
    "voices": {"task": "voices", "lowest": 36, "keys": 46, "sampler": "voices", "embed": "shared-octave"},
    "hands": {
        "task": "hands",
        "lowest": 40,
        "keys": 24,
        "sampler": "ascending",
        "given": 2,
        "predict_given": 0.1,
        "embed": "class-octave",
    },
    "solo": {"task": "solo", "lowest": 40, "keys": 24, "sampler": "ascending", "recall": 2},
    "lead": {"task": "lead", "lowest": 0, "keys": 12, "sampler": "sounds-silent", "given": 2, "time": "attention"},
}
EVERY = pytest.mark.parametrize("name", CONFIGS)


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def model(name: str) -> FrameModel:
    torch.manual_seed(1)
    return build_frames(CONFIGS[name] | SMALL).eval()


def piece(name: str, batch: int, frames: int, seed: int = 0) -> Batch:
    """Music of chance that the task allows: a key goes on only where it sounded."""
    config, dice = CONFIGS[name], torch.Generator().manual_seed(seed)
    keys = config["keys"]
    planes = torch.rand(batch, frames, keys, config.get("given", 0), generator=dice) < 0.2
    phase = torch.randint(0, 17, (batch, frames), generator=dice)
    mask = torch.ones(batch, frames, dtype=torch.bool)
    if config["task"] == "voices":
        target = torch.randint(0, keys + 1, (batch, frames, 4), generator=dice)
    else:
        target = (torch.rand(batch, frames, keys, generator=dice) < 0.3).long()
        target[..., 3] *= 2 if config["task"] in {"hands", "lead", "solo"} else 1
        if config["task"] == "lead":
            target[..., 3] = 2
        if config["task"] in {"hands", "solo"}:
            for frame in range(frames):
                before = target[:, frame - 1] if frame else torch.zeros_like(target[:, 0])
                target[:, frame] = torch.where((target[:, frame] == 1) & (before == 0), 2, target[:, frame])
    return Batch(target, planes.float(), phase, mask)


def stepped(made: FrameModel, music: Batch) -> torch.Tensor:
    """The nats of each frame, one step after the other."""
    state, nats = made.start(len(music), music.phase[:, :1]), []
    for frame in range(music.target.shape[1]):
        here = slice(frame, frame + 1)
        features = made._with_given(state.features, music.given[:, here])
        nats.append(made.sampler.nll(features, music.target[:, here], state.before))
        if frame + 1 < music.target.shape[1]:
            opens = music.phase[:, frame + 1 : frame + 2]
            state = made.step(state, music.target[:, here], music.given[:, here], opens)
    return torch.cat(nats, 1)


@EVERY
def test_stepping_gives_what_the_whole_piece_gives(name: str) -> None:
    made, music = model(name), piece(name, 2, 11)
    assert torch.allclose(made.nll(music), stepped(made, music), atol=1e-4)


@EVERY
@settings(max_examples=3, deadline=None)
@given(batch=st.integers(1, 4), place=st.integers(0, 3), padding=st.integers(0, 5))
def test_neither_neighbours_nor_padding_change_a_piece(name: str, batch: int, place: int, padding: int) -> None:
    made, music, place = model(name), piece(name, 4, 7), place % batch
    alone = made.nll(Batch(music.target[:1], music.given[:1], music.phase[:1], music.mask[:1]))
    many = piece(name, batch, 7 + padding, seed=9)
    for whole, part in ((many.target, music.target), (many.given, music.given), (many.phase, music.phase)):
        whole[place, :7] = part[0]
    many.target[place, 7:] = made.silence
    assert torch.allclose(made.nll(many)[place, :7], alone[0], atol=1e-4)


@EVERY
def test_no_frame_sees_a_later_one(name: str) -> None:
    made, music, other = model(name), piece(name, 1, 12), piece(name, 1, 12, seed=5)
    mixed = Batch(
        torch.cat((music.target[:, :6], other.target[:, 6:]), 1),
        torch.cat((music.given[:, :6], other.given[:, 6:]), 1),
        torch.cat((music.phase[:, :6], other.phase[:, 6:]), 1),
        music.mask,
    )
    assert torch.allclose(made.nll(music)[:, :6], made.nll(mixed)[:, :6], atol=1e-5)


@EVERY
def test_every_frame_depends_on_the_first_one(name: str) -> None:
    made, music = model(name), piece(name, 1, 10)
    state = made.start(1, music.phase[:, :1])
    silent = torch.full_like(music.target[:, :1], made.silence)
    heard = [
        made.step(state, first, music.given[:, :1], music.phase[:, 1:2]) for first in (music.target[:, :1], silent)
    ]
    assert not torch.allclose(heard[0].features, heard[1].features)


@pytest.mark.parametrize("name", ["hands", "lead"])
def test_what_the_musician_does_now_counts_unless_it_is_hidden(name: str) -> None:
    made, music = model(name), piece(name, 1, 5)
    silent = Batch(music.target, music.given.clone(), music.phase, music.mask)
    silent.given[:, 4] = 0
    assert not torch.allclose(made.nll(music)[:, 4], made.nll(silent)[:, 4])
    assert torch.allclose(made.nll(music, hidden=True), made.nll(silent, hidden=True))


def test_chords_to_a_transposed_melody_are_the_transposed_chords() -> None:
    made, music = model("lead"), piece("lead", 1, 9)
    turned = Batch(music.target.roll(5, 2), music.given.roll(5, 2), music.phase, music.mask)
    # the memory of whole frames is not shared by the pitch classes: without it, every key is the same
    made.trunk.spread.weight.zero_()
    assert torch.allclose(made.nll(music), made.nll(turned), atol=1e-4)


@EVERY
def test_a_state_can_be_kept_and_gone_back_to(name: str) -> None:
    made, music = model(name), piece(name, 1, 4)
    state = made.start(1, music.phase[:, :1])
    before = [part.clone() for part in (state.trunk.keys, *state.trunk.whole, state.features)]
    for frame in range(3):
        here = slice(frame, frame + 1)
        made.step(state, music.target[:, here], music.given[:, here], music.phase[:, here])
    after = (state.trunk.keys, *state.trunk.whole, state.features)
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


@EVERY
def test_everything_learns(name: str) -> None:
    with torch.enable_grad():
        made = model(name).train()
        music = piece(name, 2, 6)
        optimizer = torch.optim.Adam(made.parameters(), lr=0.03)
        first = float(made.eval().nll(music).mean().detach()) if name != "keys, masked" else None
        for _ in range(25):
            optimizer.zero_grad()
            loss = made.train().nll(music).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert all(value.grad is not None for value in made.parameters() if value.requires_grad)
        if first is not None:
            assert float(made.eval().nll(music).mean().detach()) < 0.8 * first


@pytest.mark.parametrize(
    ("name", "change"),
    [(name, {"scheduled": 0.5}) for name in ("keys", "voices", "hands", "lead", "solo")]
    + [(name, {"hide_own": 0.5}) for name in ("voices", "lead")]
    + [("keys, independent", {"loss": loss}) for loss in ("focal", "soft")]
    + [("voices", {"loss": loss}) for loss in ("soft", "distance")],
)
def test_training_may_differ_from_playing(name: str, change: dict[str, Any]) -> None:
    torch.manual_seed(0)
    made, music = build_frames(CONFIGS[name] | SMALL | change), piece(name, 2, 8)
    played, learned = made.eval().nll(music), made.train().nll(music)
    assert bool(torch.isfinite(learned).all())
    assert not torch.allclose(played, learned)


def again(name: str, **changes: float) -> FrameModel:
    """The same weights with other listeners."""
    torch.manual_seed(1)
    return build_frames(CONFIGS[name] | SMALL | changes).eval()


def heard(made: FrameModel, music: Batch) -> list[FrameState]:
    """The state that opens each frame."""
    states = [made.start(len(music), music.phase[:, :1])]
    for frame in range(music.target.shape[1] - 1):
        here, opens = slice(frame, frame + 1), slice(frame + 1, frame + 2)
        states.append(made.step(states[-1], music.target[:, here], music.given[:, here], music.phase[:, opens]))
    return states


def with_other_answers(name: str, music: Batch, silent: bool = False) -> Batch:
    """The same music of the musician's, to which something else was played, or nothing."""
    target = piece(name, len(music), music.target.shape[1], seed=8).target
    if silent:
        target.fill_(CONFIGS[name]["keys"] if name == "voices" else 0)
    if name == "voices":
        target[..., 0] = music.target[..., 0]
    return Batch(target, music.given, music.phase, music.mask)


@pytest.mark.parametrize("name", ["voices", "lead"])
def test_a_player_that_does_not_hear_itself_hears_the_musician_alone(name: str) -> None:
    made, music = again(name, hide_own=0.5, blend=0.3), piece(name, 1, 6)
    one, other = (heard(made, some)[-1].features for some in (music, with_other_answers(name, music)))
    assert torch.allclose(one[1], other[1])
    assert not torch.allclose(one[0], other[0])
    music.target[:, 2], music.given[:, 2] = made.silence, 0
    assert not torch.allclose(one[1], heard(made, music)[-1].features[1])


@pytest.mark.parametrize("name", ["voices", "lead"])
def test_two_listeners_are_one_who_hears_itself_and_one_who_does_not(name: str) -> None:
    music = piece(name, 2, 4)
    plain, made = again(name), again(name, hide_own=0.5, blend=0.3)
    silent = with_other_answers(name, music, silent=True)
    alone, deaf, both = heard(plain, music)[-1], heard(plain, silent)[-1], heard(made, music)[-1]
    assert torch.allclose(both.features, torch.cat((alone.features, deaf.features)), atol=1e-5)
    assert made.draw(both, music.given[:, 3:], made.free(2), Choice(0.0)).shape == music.target[:, 3:].shape


def test_blended_outcomes_are_a_product_in_which_a_ban_stays() -> None:
    logits = torch.tensor([[2.0, 0.0, float("-inf")], [0.0, 1.0, float("-inf")]])
    assert torch.equal(blended(logits, 2, 0.4), logits)
    one, other = logits.log_softmax(-1)
    mixed = blended(logits, 1, 0.25)[0]
    assert torch.allclose(mixed[:2], 0.75 * one[:2] + 0.25 * other[:2])
    assert mixed[2] == float("-inf")


@EVERY
def test_the_same_seed_draws_the_same_frame(name: str) -> None:
    made = model(name)
    state = made.start(1)
    known = torch.zeros(1, 1, CONFIGS[name]["keys"], CONFIGS[name].get("given", 0))
    drawn = [
        made.draw(state, known, made.free(), Choice(1.0, generator=torch.Generator().manual_seed(4))) for _ in range(2)
    ]
    assert torch.equal(*drawn)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"widht": 3}, "Did you mean 'width'"),
        ({"kind": "fram"}, "Did you mean 'frame'"),
        ({"keys": "many"}, "keys"),
        ({"sampler": "voices"}, "does not decide"),
        ({"hide_own": 0.5}, "Leave hide_own out"),
        ({"blend": 0.5}, "Set hide_own too"),
        ({"blend": 1.0}, "below 1"),
        ({"loss": "focal"}, "cannot be trained with"),
    ],
)
def test_a_config_that_makes_no_model_is_refused_in_a_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContinuoError) as refused:
        build_frames(CONFIGS["keys"] | change)
    assert said in str(refused.value)


@EVERY
def test_a_live_step_whose_past_is_no_number_any_more_raises(name: str) -> None:
    made, batch = model(name), piece(name, 1, 1)
    step, state = live_step(made), made.start(1)
    (state,) = step([Closed(state, batch.target, batch.given, batch.phase)])
    for broken in (
        state._replace(trunk=state.trunk._replace(keys=torch.full_like(state.trunk.keys, float("nan")))),
        state._replace(trunk=state.trunk._replace(whole=tuple(part * float("nan") for part in state.trunk.whole))),
    ):
        with pytest.raises(ArithmeticError, match="NaN"):
            step([Closed(broken, batch.target, batch.given, batch.phase)])
