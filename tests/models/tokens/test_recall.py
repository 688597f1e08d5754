"""What was decided in a moment like this one is likelier again."""

from __future__ import annotations

import numpy as np
import pytest

from models.tokens import recall as module
from models.tokens.recall import MOST, Asked, Recall

WIDTH, TOKENS, TRUST = 16, 9, 0.5


def moments(many: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(many, WIDTH)).astype(np.float32)


def logits(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=TOKENS).astype(np.float32)


def chances(odds: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.exp(odds - np.logaddexp.reduce(odds))
    return found


@pytest.fixture
def recall() -> Recall:
    return Recall(np.full(WIDTH, 0.5, np.float32), TRUST)


def test_without_memories_it_says_what_the_model_says(recall: Recall) -> None:
    assert recall.lean(Asked(moments(1)[0]), logits()) == pytest.approx(np.log(chances(logits())), abs=1e-5)


def test_in_the_same_moment_what_was_decided_has_its_share(recall: Recall) -> None:
    for number, moment in enumerate(moments(5)):
        recall.remember(Asked(moment), number)
    leaning = chances(recall.lean(Asked(moments(5)[3]), logits()))
    assert leaning[3] == pytest.approx((1 - MOST) * chances(logits())[3] + MOST, abs=0.01)
    assert leaning.sum() == pytest.approx(1, abs=1e-5)


def test_a_moment_like_none_before_changes_little(recall: Recall) -> None:
    recall.remember(Asked(moments(1)[0]), 2)
    opposite = 1.0 - moments(1)[0]  # mirrored at the centre
    assert chances(recall.lean(Asked(opposite), logits())) == pytest.approx(chances(logits()), abs=1e-5)


def test_what_is_out_of_the_question_stays_so(recall: Recall) -> None:
    moment, odds = moments(1)[0], logits()
    recall.remember(Asked(moment), 4)
    odds[4] = -np.inf
    leaning = recall.lean(Asked(moment), odds)
    assert leaning[4] == -np.inf and chances(leaning).sum() == pytest.approx(1, abs=1e-5)


def test_the_oldest_memories_go_first(recall: Recall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 256)
    many, younger = moments(300), Recall(np.full(WIDTH, 0.5, np.float32), TRUST)
    for number, moment in enumerate(many):
        recall.remember(Asked(moment), number % TOKENS)
        if number >= 300 - 256:
            younger.remember(Asked(moment), number % TOKENS)
    for at in (0, 50, 299):
        assert recall.lean(Asked(many[at]), logits()) == pytest.approx(
            younger.lean(Asked(many[at]), logits()), abs=1e-5
        )
    assert chances(recall.lean(Asked(many[299]), logits()))[299 % TOKENS] > 0.9 * MOST


def test_what_followed_the_same_notes_has_its_share(recall: Recall) -> None:
    nowhere = np.full(WIDTH, 0.5, np.float32)  # no direction: no moment is like it
    for token in (2, 2, 5):
        recall.remember(Asked(nowhere, (("a",), ("a", "b"))), token)
    plain, leaning = (chances(recall.lean(Asked(nowhere, phrases), logits())) for phrases in ((), (("a",),)))
    assert plain == pytest.approx(chances(logits()), abs=1e-5)
    own = 2 / 5 * plain + np.bincount([2, 2, 5], minlength=TOKENS) / 5  # two kinds among three
    assert leaning == pytest.approx((1 - TRUST) * plain + TRUST * own, abs=1e-5)
    assert np.array_equal(recall.lean(Asked(nowhere, (("c",),)), logits()), recall.lean(Asked(nowhere), logits()))


def test_old_phrases_are_forgotten(recall: Recall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 256)
    for number in range(300):
        recall.remember(Asked(moments(1)[0], ((number < 10,),)), 3)
    old, new = (recall.lean(Asked(1.0 - moments(1)[0], ((one,),)), logits()) for one in (True, False))
    assert chances(old) == pytest.approx(chances(logits()), abs=1e-5)
    assert chances(new)[3] > chances(logits())[3] + 0.1
