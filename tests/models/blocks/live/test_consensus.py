import numpy as np
import pytest

from models.blocks.live.consensus import BEAM, consensus, widened
from models.blocks.live.picking import Floats


def frames(*classes: tuple[int, ...]) -> np.ndarray:
    return np.array([sum(1 << tone for tone in tones) for tones in classes])


def nats(*chances: float) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(np.array(chances, np.float32))


def test_an_odd_frame_does_not_win_against_two_that_agree() -> None:
    assert consensus(frames((1, 2, 3), (0, 4, 7), (0, 4, 7), (0, 4, 9)), nats(0.3, 0.25, 0.25, 0.2)) in {1, 2}


def test_frames_that_are_the_same_count_more_than_frames_that_are_like() -> None:
    chances = nats(0.34, 0.33, 0.33)
    assert consensus(frames((0, 4, 7, 10), (0, 4, 7), (0, 4, 7)), chances) in {1, 2}
    assert consensus(frames((0, 4), (0, 4, 7, 9), (0, 4, 7, 11)), nats(0.4, 0.3, 0.3)) == 0


def test_the_likeliest_wins_where_it_is_certain_or_all_are_alike() -> None:
    assert consensus(frames((1, 2, 3), (0, 4, 7), (0, 4, 9)), nats(0.9, 0.05, 0.05)) == 0
    assert consensus(frames((0, 4, 7), (0, 4, 7)), nats(0.2, 0.8)) == 1


def test_silence_agrees_with_silence_and_what_is_impossible_is_not_chosen() -> None:
    assert consensus(frames((), (), (0, 4, 7)), nats(0.6, 0.4, 0.0)) == 0
    assert consensus(frames((0, 4, 7), (0, 4, 7), (2,)), nats(0.0, 0.0, 1.0)) == 2


def test_the_likeliest_continuations_know_where_they_come_from() -> None:
    best, parent, outcome = widened(nats(0.6, 0.4), np.stack((nats(0.5, 0.5), nats(0.9, 0.1))))
    assert np.exp(best) == pytest.approx([0.36, 0.3, 0.3, 0.04])
    assert (parent[0], outcome[0]) == (1, 0)


def test_a_beam_is_what_sorting_everything_would_leave_without_the_impossible() -> None:
    dice = np.random.default_rng(1)
    outcomes = dice.normal(size=(4, 9)).astype(np.float32)
    outcomes[dice.random((4, 9)) < 0.4] = -np.inf
    best, parent, outcome = widened(np.zeros(4, np.float32), outcomes)
    assert best.tolist() == sorted(outcomes.ravel().tolist(), reverse=True)[:BEAM]
    assert outcomes[parent, outcome].tolist() == best.tolist()
    few, _, _ = widened(np.zeros(1, np.float32), nats(0.5, 0.5, 0.0)[None])
    assert len(few) == 2
