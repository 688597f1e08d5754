from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch

from models.blocks.live import voices as live
from models.blocks.live.picking import shares
from models.blocks.samplers.voices import Voices
from models.frames import Choice, blended
from models.rules.score import parallel

KEYS, WIDTH, VOICES = 4, 8, 3


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def sampler(keys: int = KEYS, strict: bool = False) -> Voices:
    torch.manual_seed(2)
    made = Voices(WIDTH, keys=keys, voices=VOICES, order=(0, 2, 1), channels=8, strict=strict).eval()
    with torch.no_grad():
        made.intervals.weight *= 20  # so that the voices really depend on each other
    return made


def features(count: int) -> torch.Tensor:
    return torch.randn(1, 1, KEYS, WIDTH, generator=torch.Generator().manual_seed(5)).expand(1, count, -1, -1)


def test_all_chords_and_rests_together_have_probability_one() -> None:
    chords = torch.tensor(list(product(range(KEYS + 1), repeat=VOICES)))[None]
    before = torch.tensor([1, KEYS, 3]).expand_as(chords)
    nats = sampler().nll(features(chords.shape[1]), chords, before)
    assert float(torch.exp(-nats).sum()) == pytest.approx(1, abs=1e-5)


def test_a_voice_knows_the_voices_before_it_in_the_order_and_not_those_after() -> None:
    made, before = sampler(), torch.full((1, 1, VOICES), KEYS)
    one = made.nll_by_voice(features(1), torch.tensor([[[0, 1, 2]]]), before)[0, 0]
    other_last = made.nll_by_voice(features(1), torch.tensor([[[0, 3, 2]]]), before)[0, 0]  # voice 1 comes last
    assert torch.equal(one[[0, 2]], other_last[[0, 2]])
    other_first = made.nll_by_voice(features(1), torch.tensor([[[3, 1, 2]]]), before)[0, 0]
    assert not torch.isclose(one[1], other_first[1])


def test_draws_come_as_often_as_the_likelihood_says() -> None:
    made, before = sampler(), torch.tensor([[[0, 1, 2]]])
    chords = torch.tensor(list(product(range(KEYS + 1), repeat=VOICES)))[None]
    chances = torch.exp(-made.nll(features(125), chords, before.expand_as(chords)))[0]
    many = 4000
    free = torch.full((many, 1, VOICES), -1)
    banned = torch.zeros(many, 1, VOICES, KEYS + 1, dtype=torch.bool)
    choice = Choice(1.0, generator=torch.Generator().manual_seed(1))
    drawn = made.draw(features(1).expand(many, 1, -1, -1), before.expand(many, 1, -1), free, banned, choice)[:, 0]
    index = (drawn * torch.tensor([25, 5, 1])).sum(-1)
    assert float((torch.bincount(index, minlength=125) / many - chances).abs().sum()) < 0.25


@pytest.mark.parametrize("blend", [0.0, 0.3])
@pytest.mark.parametrize("rests", [False, True])
def test_what_is_scored_live_is_what_the_likelihood_scores(blend: float, rests: bool) -> None:
    made, listeners = sampler(), 2 if blend else 1
    context = torch.randn(listeners, KEYS, 8, generator=torch.Generator().manual_seed(5))
    before = torch.tensor([[0, KEYS, 2], [0, 3, KEYS]])[:listeners]
    weights = made._weights()._replace(listeners=shares(blend))
    for frame in product(range(KEYS + 1), repeat=2):
        decided = torch.tensor([frame[0], -1, frame[1]])
        expected = blended(made.logits(context, 1, decided.expand(listeners, -1), before), 1, blend)[0]
        banned = np.zeros((VOICES, KEYS + 1), bool)
        banned[1, 2], banned[1, KEYS] = True, not rests
        expected[torch.from_numpy(banned[1])] = float("-inf")
        heard = live.Heard(context.numpy(), before.numpy(), banned, np.array(made.order))
        scores = np.empty(KEYS + 1, np.float32)
        live.score(heard, weights, 2, decided.numpy(), False, scores)
        found = torch.from_numpy(scores).log_softmax(-1)
        assert torch.allclose(found, expected.log_softmax(-1), atol=1e-5)


def test_at_temperature_zero_the_likeliest_frame_wins_where_nothing_else_is_likely() -> None:
    made, before = sampler(), torch.tensor([[[0, 1, 2]]])
    made.out.weight *= 90
    chords = torch.tensor(list(product(range(KEYS + 1), repeat=VOICES)))[None]
    nats = made.nll(features(125), chords, before.expand_as(chords))[0]
    assert float(torch.exp(-nats.min())) > 0.9
    free = torch.full((1, 1, VOICES), -1)
    banned = torch.zeros(1, 1, VOICES, KEYS + 1, dtype=torch.bool)
    drawn = made.draw(features(1), before, free, banned, Choice(0.0))[0, 0]
    assert drawn.tolist() == chords[0, int(nats.argmin())].tolist()


def test_no_possible_outcome_is_an_error() -> None:
    free = torch.full((1, 1, VOICES), -1)
    banned = torch.ones(1, 1, VOICES, KEYS + 1, dtype=torch.bool)
    for temperature in (0.0, 1.0):
        with pytest.raises(ValueError, match="no outcome is possible"):
            sampler().draw(features(1), torch.tensor([[[0, 1, 2]]]), free, banned, Choice(temperature))


def test_a_known_voice_stays_and_the_others_depend_on_it() -> None:
    made, before = sampler(), torch.tensor([[[0, 1, 2]]])
    banned = torch.zeros(1, 1, VOICES, KEYS + 1, dtype=torch.bool)
    banned[..., 1, :2] = True
    found = set()
    for melody in range(KEYS):
        drawn = made.draw(features(1), before, torch.tensor([[[melody, -1, -1]]]), banned, Choice(0.0))[0, 0].tolist()
        assert drawn[0] == melody and drawn[1] >= 2
        found.add(tuple(drawn[1:]))
    assert len(found) > 1


def test_strict_voices_neither_cross_nor_follow_each_other_in_perfect_intervals() -> None:
    keys, many = 30, 400
    context = torch.randn(many, 1, keys, WIDTH, generator=torch.Generator().manual_seed(5))
    before = torch.tensor([[[24, 17, 5]]]).expand(many, 1, -1)  # a fifth and an octave
    known = torch.tensor([[[26, -1, -1]]]).expand(many, 1, -1)
    banned = torch.zeros(many, 1, VOICES, keys + 1, dtype=torch.bool)
    for strict in (False, True):
        choice = Choice(1.0, generator=torch.Generator().manual_seed(1))
        drawn = sampler(keys, strict).draw(context, before, known, banned, choice)[:, 0].tolist()
        found = [
            parallel((24, before_), (26, now))
            for row in drawn
            for before_, now in ((17, row[1]), (5, row[2]))
            if now < keys
        ]
        assert any(found) != strict
        sounding = [[key for key in row if key < keys] for row in drawn]
        assert all(sorted(row, reverse=True) == row for row in sounding) == strict


def test_strict_voices_sound_all_the_same_where_there_is_no_other_way() -> None:
    banned = torch.ones(1, 1, VOICES, 31, dtype=torch.bool)
    banned[..., 7] = False
    known, before = torch.tensor([[[26, 19, -1]]]), torch.tensor([[[24, 17, 5]]])
    drawn = sampler(30, strict=True).draw(torch.zeros(1, 1, 30, WIDTH), before, known, banned, Choice(0.0))
    assert drawn.tolist() == [[[26, 19, 7]]]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_pieces_side_by_side_are_drawn_as_each_alone(temperature: float) -> None:
    keys, rows = 30, 3
    dice = torch.Generator().manual_seed(5)
    made = sampler(keys, strict=True)
    made.blend = 0.4
    context = torch.randn(2, rows, 1, keys, WIDTH, generator=dice)  # two listeners
    before = torch.randint(0, keys + 1, (2, rows, 1, VOICES), generator=dice)
    known = torch.tensor([26, 20, 29]).view(rows, 1, 1) * torch.tensor([1, 0, 0]) - torch.tensor([0, 1, 1])
    banned = torch.rand(rows, 1, VOICES, keys + 1, generator=dice) < 0.3
    together = made.draw(context.flatten(0, 1), before.flatten(0, 1), known, banned, chance(temperature))
    generator = chance(temperature)
    for row in range(rows):
        now = slice(row, row + 1)
        alone = made.draw(context[:, row], before[:, row], known[now], banned[now], generator)
        assert alone.tolist() == together[now].tolist()


def chance(temperature: float) -> Choice:
    return Choice(temperature, generator=torch.Generator().manual_seed(1))


def test_faults_are_those_that_the_musician_heard_and_not_what_the_other_listener_did() -> None:
    keys, many = 30, 200
    made = sampler(keys, strict=True)
    made.blend = 0.4
    context = torch.randn(2 * many, 1, keys, WIDTH, generator=torch.Generator().manual_seed(5))
    played = torch.tensor([[24, 17, 5]]).expand(many, 1, -1)
    unheard = torch.tensor([[24, keys, keys]]).expand(many, 1, -1)
    known = torch.tensor([[26, -1, -1]]).expand(many, 1, -1)
    banned = torch.zeros(many, 1, VOICES, keys + 1, dtype=torch.bool)
    drawn = made.draw(context, torch.cat((played, unheard)), known, banned, chance(1.0))[:, 0].tolist()
    found = [parallel((24, was), (26, row[i])) for row in drawn for i, was in ((1, 17), (2, 5)) if row[i] < keys]
    assert len(found) > many and not any(found)
