import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from models.blocks.embed import EMBEDS, Bag, EmbedName, PitchClassOctave, SharedOctave

NAMES = st.sampled_from(sorted(EMBEDS))
RANGES = st.sampled_from([(88, 21), (46, 36), (12, 0), (1, 60), (25, 35), (128, 0)])


def chord(*pitches: int, keys: int = 88, lowest: int = 21) -> Tensor:
    roll = torch.zeros(1, 1, keys, 1)
    roll[0, 0, [pitch - lowest for pitch in pitches]] = 1
    return roll


@given(name=NAMES, place=RANGES, planes=st.integers(1, 4), batch=st.integers(1, 3), frames=st.integers(1, 5))
def test_every_embedding_gives_one_vector_per_frame(
    name: EmbedName, place: tuple[int, int], planes: int, batch: int, frames: int
) -> None:
    keys, lowest = place
    embed = EMBEDS[name](planes, 24, keys=keys, lowest=lowest)
    roll = (torch.rand(batch, frames, keys, planes) < 0.2).float()
    out = embed(roll)
    assert out.shape == (batch, frames, 24)
    assert torch.isfinite(out).all()
    assert torch.allclose(embed(roll[:, -1:]), out[:, -1:], atol=1e-5)


@pytest.mark.parametrize("name", sorted(EMBEDS))
def test_every_embedding_tells_each_key_and_plane_from_silence(name: EmbedName) -> None:
    torch.manual_seed(0)
    embed = EMBEDS[name](2, 32, keys=30, lowest=50)
    silence = torch.zeros(1, 1, 30, 2)
    for key in range(30):
        for plane in range(2):
            roll = silence.clone()
            roll[0, 0, key, plane] = 1
            assert (embed(roll) - embed(silence)).abs().max() > 1e-4


@pytest.mark.parametrize("name", sorted(EMBEDS))
def test_every_weight_of_an_embedding_learns(name: EmbedName) -> None:
    embed = EMBEDS[name](2, 16, keys=88, lowest=21)
    torch.autograd.backward(embed(torch.rand(2, 3, 88, 2)).square().sum())
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in embed.parameters())


def test_pitch_class_and_octave_sums_are_those_of_the_notes() -> None:
    embed = PitchClassOctave(1, 8, keys=88, lowest=21)
    roll = chord(21, 60, 64, 72, 108)[..., 0]
    assert (roll @ embed.classes)[0, 0].tolist() == [3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert (roll @ embed.octaves)[0, 0].tolist() == [1, 0, 0, 0, 2, 1, 0, 0, 1]


def test_pitch_class_and_octave_do_not_see_the_voicing() -> None:
    embed = PitchClassOctave(1, 8, keys=88, lowest=21)
    assert torch.allclose(embed(chord(60, 64, 79)), embed(chord(67, 64, 72)), atol=1e-6)


def test_a_chord_an_octave_higher_goes_through_the_same_octave_weights() -> None:
    torch.manual_seed(0)
    embed = SharedOctave(1, 64, keys=88, lowest=21)
    seen: list[Tensor] = []
    embed.octave.register_forward_hook(lambda _module, _given, out: seen.append(out[0, 0]))
    embed(chord(48, 52, 55))
    embed(chord(60, 64, 67))
    assert torch.allclose(seen[0][3], seen[1][4], atol=1e-6)
    assert not torch.allclose(seen[0][3], seen[0][4], atol=1e-3)


@given(st.permutations([40, 43, 60, 61, 84]))
def test_a_bag_of_notes_has_no_order(pitches: list[int]) -> None:
    embed = Bag(1, 16, keys=88, lowest=21)
    notes = torch.tensor([[pitch - 21 for pitch in pitches]])
    total = functional.embedding_bag(notes, embed.notes, mode="sum")
    average = functional.embedding_bag(notes, embed.notes, mode="mean")
    expected = embed.both(torch.cat([total, average], -1))
    assert torch.allclose(embed(chord(*pitches))[0], expected, atol=1e-5)


def test_velocity_weighs_a_note_of_a_bag_and_does_not_count_it() -> None:
    embed = Bag(1, 16, keys=88, lowest=21)
    loud, soft = embed(chord(60)), embed(0.5 * chord(60))
    expected = embed.both(0.5 * torch.cat([embed.notes[39], embed.notes[39]]))
    assert torch.allclose(soft[0, 0], expected, atol=1e-6)
    assert not torch.allclose(loud, soft, atol=1e-3)
