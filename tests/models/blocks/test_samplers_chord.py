from collections.abc import Iterator
from itertools import product

import pytest
import torch

from models.blocks.live.vocabulary import names
from models.blocks.samplers.chord import BASS, SoundsOrSilent
from models.frames import Choice

WIDTH = 8


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def sampler() -> SoundsOrSilent:
    torch.manual_seed(4)
    return SoundsOrSilent(WIDTH, channels=8).eval()


def features(count: int) -> torch.Tensor:
    return torch.randn(1, 1, 12, WIDTH, generator=torch.Generator().manual_seed(6)).expand(1, count, -1, -1)


def every_chord() -> torch.Tensor:
    """Every set of pitch classes with each of its members as the bass, and silence."""
    sets = torch.tensor(list(product((0, 1), repeat=12)))
    chords = [torch.zeros(1, 12, dtype=torch.long)]
    for bass in range(12):
        with_bass = sets[sets[:, bass] > 0].clone()
        with_bass[:, bass] = BASS
        chords.append(with_bass)
    return torch.cat(chords)[None]  # (1, 24577, 12)


def test_every_chord_and_silence_together_have_probability_one() -> None:
    chords = every_chord()
    nats = sampler().nll(features(chords.shape[1]), chords, chords)
    assert float(torch.exp(-nats.double()).sum()) == pytest.approx(1, abs=1e-4)


def test_a_transposed_chord_of_transposed_features_is_as_likely() -> None:
    made, chords = sampler(), every_chord()[:, 1000:1040]
    known = features(40)
    turned = made.nll(known.roll(5, 2), chords.roll(5, 2), chords)
    assert torch.allclose(made.nll(known, chords, chords), turned, atol=1e-4)


def test_what_is_banned_does_not_sound_and_each_chord_has_one_bass() -> None:
    made, many = sampler(), 500
    free = torch.full((many, 1, 12), -1)
    banned = torch.zeros(many, 1, 13, dtype=torch.bool)
    banned[..., 3:12] = True  # three classes are left: few enough chords to count
    choice = Choice(1.0, generator=torch.Generator().manual_seed(1))
    drawn = made.draw(features(1).expand(many, 1, -1, -1), free, free, banned, choice)[:, 0]
    assert int((drawn[:, 3:] > 0).sum()) == 0
    basses = (drawn == BASS).sum(-1)
    assert torch.equal(basses, (drawn > 0).any(-1).long())
    assert len({tuple(row) for row in drawn.tolist()}) > 8


def test_a_known_class_sounds_whatever_the_bass_and_silence_can_be_forbidden() -> None:
    made = sampler()
    known = torch.full((1, 1, 12), -1)
    known[..., 7] = 1
    banned = torch.zeros(1, 1, 13, dtype=torch.bool)
    banned[..., 12] = True
    for seed in range(30):
        choice = Choice(1.5, generator=torch.Generator().manual_seed(seed))
        assert int(made.draw(features(1), known, known, banned, choice)[0, 0, 7]) > 0
        free = torch.full_like(known, -1)
        assert bool((made.draw(features(1), free, free, banned, choice) > 0).any())


@pytest.mark.parametrize("blend", [0.0, 0.4])
def test_the_chords_that_are_looked_at_are_as_likely_as_the_likelihood_says(blend: float) -> None:
    made = sampler()
    made.blend = blend
    context = made.features(torch.randn(1 if blend == 0 else 2, 1, 12, WIDTH))[:, 0]
    nats, masks, basses = made.looked_at(context, torch.zeros(13, dtype=torch.bool))
    assert nats.shape == masks.shape == (3, len(names(6).masks))
    for bass, row, chords in zip(basses, nats, masks, strict=True):
        for found, mask in zip(row, chords, strict=True):
            steps = [step for step in range(12) if mask >> (bass + step) % 12 & 1]
            assert steps[0] == 0
            tones = [int(bass + step) % 12 for step in steps]
            assert float(found) == pytest.approx(decided_one_by_one(made, context, tones), abs=1e-4)


def decided_one_by_one(made: SoundsOrSilent, context: torch.Tensor, tones: list[int]) -> float:
    """The log-probability of a chord, its bass first, by the outcomes that would be drawn."""
    chord, last, total = torch.zeros(1, 12, dtype=torch.long), torch.tensor([-1]), 0.0
    free, banned = torch.full((1, 12), -1), torch.zeros(1, 13, dtype=torch.bool)
    for number, tone in enumerate(tones):
        chances = made._outcomes(context, chord, last, free, banned).log_softmax(-1)[0]
        total += float(chances[tone])
        chord[0, tone], last = BASS if number == 0 else 1, torch.tensor([tone])
    if (tones[-1] - tones[0]) % 12 < 11:
        total += float(made._outcomes(context, chord, last, free, banned).log_softmax(-1)[0, 12:].logsumexp(-1))
    return total
