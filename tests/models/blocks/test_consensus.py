import torch

from models.blocks.samplers.consensus import BEAM, consensus, widened


def frames(*classes: tuple[int, ...]) -> torch.Tensor:
    found = torch.zeros(1, len(classes), 12)
    for row, tones in zip(found[0], classes, strict=True):
        row[list(tones)] = 1
    return found


def test_an_odd_frame_does_not_win_against_two_that_agree() -> None:
    classes = frames((1, 2, 3), (0, 4, 7), (0, 4, 7), (0, 4, 9))
    assert int(consensus(classes, torch.tensor([[0.3, 0.25, 0.25, 0.2]]).log())) in {1, 2}


def test_the_likeliest_wins_where_it_is_certain_or_all_are_alike() -> None:
    assert int(consensus(frames((1, 2, 3), (0, 4, 7), (0, 4, 9)), torch.tensor([[0.9, 0.05, 0.05]]).log())) == 0
    assert int(consensus(frames((0, 4, 7), (0, 4, 7)), torch.tensor([[0.2, 0.8]]).log())) == 1


def test_silence_agrees_with_silence_and_what_is_impossible_is_not_chosen() -> None:
    nats = torch.tensor([[0.6, 0.4, 0.0]]).log()
    assert int(consensus(frames((), (), (0, 4, 7)), nats)) == 0


def test_the_likeliest_continuations_know_where_they_come_from() -> None:
    so_far, outcomes = torch.tensor([[0.6, 0.4]]).log(), torch.tensor([[[0.5, 0.5], [0.9, 0.1]]]).log()
    nats, parent, outcome = widened(so_far, outcomes)
    assert torch.allclose(nats.exp(), torch.tensor([[0.36, 0.3, 0.3, 0.04]]))
    assert (int(parent[0, 0]), int(outcome[0, 0])) == (1, 0)
    many = widened(torch.zeros(3, 4), torch.randn(3, 4, 9))
    assert all(part.shape == (3, BEAM) for part in many)
