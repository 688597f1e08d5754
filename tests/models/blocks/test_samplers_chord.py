from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch

from models.blocks.live import chord as live
from models.blocks.live.chord import BASS
from models.blocks.live.vocabulary import names
from models.blocks.samplers.chord import SoundsOrSilent
from models.frames import Choice, blended

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
    nats, masks, basses = made.looked_at(heard(context), made._weights())
    assert nats.shape == masks.shape == (3, len(names(6).masks))
    for bass, row, chords in zip(basses, nats, masks, strict=True):
        for found, mask in zip(row, chords, strict=True):
            steps = [step for step in range(12) if mask >> (bass + step) % 12 & 1]
            assert steps[0] == 0
            tones = [int(bass + step) % 12 for step in steps]
            assert float(found) == pytest.approx(decided_one_by_one(made, context, tones), abs=1e-4)


def decided_one_by_one(made: SoundsOrSilent, context: torch.Tensor, tones: list[int]) -> float:
    """The log-probability of a chord, its bass first, by the outcomes that would be drawn."""
    chord, last, total = np.zeros(12, np.int64), -1, 0.0
    chances = torch.empty(24)
    for number, tone in enumerate(tones):
        live.score(heard(context), made._weights(), chord, last, chances.numpy())
        total += float(chances.log_softmax(-1)[tone])
        chord[tone], last = BASS if number == 0 else 1, tone
    if (tones[-1] - tones[0]) % 12 < 11:
        live.score(heard(context), made._weights(), chord, last, chances.numpy())
        total += float(chances.log_softmax(-1)[12:].logsumexp(-1))
    return total


def heard(context: torch.Tensor) -> live.Heard:
    """What nothing else is known of, (listener, 12, channel)."""
    return live.Heard(context.numpy(), np.zeros(12, bool), np.zeros(13, bool))


@pytest.mark.parametrize("blend", [0.0, 0.4])
def test_what_is_scored_live_is_what_the_likelihood_scores(blend: float) -> None:
    made, listeners = sampler(), 2 if blend else 1
    made.blend = blend
    context = made.features(torch.randn(listeners, 1, 12, WIDTH))[:, 0]
    scores = torch.empty(24)
    for tones in ((), (3,), (3, 7), (11, 2, 6), (5, 6, 7, 8), tuple(range(11))):
        chord = torch.zeros(12, dtype=torch.long)
        chord[list(tones)] = 1
        chord[list(tones[:1])] = BASS
        last = tones[-1] if tones else -1
        logits = made.logits(context, chord.expand(listeners, -1), torch.tensor([last] * listeners))
        expected = blended(logits, 1, blend)[0].log_softmax(-1)
        live.score(heard(context), made._weights(), chord.numpy(), last, scores.numpy())
        assert torch.allclose(scores.log_softmax(-1), expected, atol=1e-5)


def test_what_is_known_and_banned_leaves_only_outcomes_that_agree_with_it() -> None:
    made, scores = sampler(), torch.empty(24)
    context = made.features(features(1))[:, 0]
    banned = np.zeros(13, bool)
    banned[[4, 12]] = True
    known = np.zeros(12, bool)
    known[7] = True
    told = live.Heard(context.numpy(), known, banned)
    live.score(told, made._weights(), np.zeros(12, np.int64), -1, scores.numpy())
    assert torch.isfinite(scores).nonzero()[:, 0].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    chord = np.zeros(12, np.int64)
    chord[3] = BASS  # 7 is to come: nothing above it, and no end before it
    live.score(told, made._weights(), chord, 3, scores.numpy())
    assert torch.isfinite(scores).nonzero()[:, 0].tolist() == [5, 6, 7]
    banned[:] = True
    free = torch.full((1, 1, 12), -1)
    for temperature in (0.0, 1.0):
        with pytest.raises(ValueError, match="no outcome is possible"):
            made.draw(features(1), free, free, torch.tensor(banned)[None, None], Choice(temperature))
