import torch

from train.evaluate.hits import changing, figures, persistence

TRUTH = torch.tensor([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1]])


def test_the_truth_is_foretold_perfectly() -> None:
    assert figures([(TRUTH, TRUTH)], strikes=False) == {"frame_f1": 1.0, "change_f1": 1.0, "onset_f1": 1.0}


def test_saying_the_frame_before_again_finds_no_onset_and_half_of_the_changes() -> None:
    found = figures([persistence(TRUTH, strikes=False)], strikes=False)
    assert found["onset_f1"] == 0
    # of two changing frames it says one key wrongly and one rightly, and misses two
    assert found["change_f1"] == 2 * 1 / (2 * 1 + 1 + 2)


def test_a_key_struck_again_is_a_change_only_where_states_tell_it() -> None:
    struck = torch.tensor([[2], [1], [2], [1]])
    assert changing(struck, strikes=True).tolist() == [True, False, True, False]
    assert changing(struck.clamp(max=1), strikes=False).tolist() == [True, False, False, False]


def test_the_chord_struck_last_is_struck_again_at_each_change() -> None:
    struck = torch.tensor([[2, 0], [1, 0], [2, 0], [1, 0]])
    found = figures([persistence(struck, strikes=True)], strikes=True)
    assert found["onset_f1"] == 1.0


def test_what_is_played_a_frame_too_late_is_no_hit() -> None:
    late = torch.cat([torch.zeros_like(TRUTH[:1]), TRUTH[:-1]])
    assert figures([(late, TRUTH)], strikes=False)["onset_f1"] == 0
