import torch

from models.frames import Batch
from train.evaluate.pieces import Piece, exchanged, groups, pad, spread


def piece(frames: int, fill: int = 1) -> Piece:
    target = torch.full((1, frames, 3), fill)
    given = torch.full((1, frames, 3, 2), fill, dtype=torch.uint8)
    return Piece(str(frames), Batch(target, given, torch.ones(1, frames).long(), torch.ones(1, frames).bool()))


def test_what_is_added_behind_a_short_piece_is_not_scored() -> None:
    batch = pad([piece(5), piece(3)])
    assert batch.target.shape == (2, 5, 3) and batch.given.shape == (2, 5, 3, 2)
    assert batch.mask.tolist() == [[True] * 5, [True] * 3 + [False] * 2]
    assert batch.target[1, 3:].sum() == 0 and batch.given[1, 3:].sum() == 0


def test_every_piece_is_in_one_group_within_the_bounds() -> None:
    pieces = [piece(n) for n in (3, 50, 7, 20, 24, 100, 12)]
    found = groups(pieces, most_frames=100, most=3)
    assert sorted(len(p) for group in found for p in group) == sorted(map(len, pieces))
    for group in found:
        assert len(group) == 1 or len(group) * len(group[0]) <= 100
        assert 2 * len(group[-1]) >= len(group[0])


def test_a_condition_is_exchanged_for_that_of_another_piece_of_its_own_length() -> None:
    pieces = [piece(4, 1), piece(6, 2), piece(3, 3)]
    found = exchanged(pieces)
    assert [int(p.batch.given.max()) for p in found] == [2, 3, 1]
    assert [p.batch.given.shape[1] for p in found] == [4, 6, 3]
    assert [int(p.batch.target.max()) for p in found] == [1, 2, 3]


def test_some_pieces_are_taken_evenly_from_all() -> None:
    assert spread([*range(10)], 5) == [0, 2, 4, 6, 8]
    assert spread([*range(3)], 5) == [0, 1, 2]
