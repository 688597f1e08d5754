import torch

from models.frames import Batch, Choice
from train.evaluate.pieces import Piece
from train.evaluate.stream import Manner, nats, play
from train.evaluate.tables import CountTable, HoldTable, nothing, past

Rows = list[list[int]]


def piece(rows: Rows, mask_first: bool = False) -> Piece:
    target = torch.tensor([rows])
    mask = torch.ones(target.shape[:2], dtype=torch.bool)
    mask[:, 0] = not mask_first
    phase = torch.zeros(target.shape[:2], dtype=torch.long)
    return Piece("piece", Batch(target, torch.zeros(*target.shape, 0), phase, mask))


def random_piece(frames: int, outcomes: int, cells: int = 4) -> Piece:
    generator = torch.Generator().manual_seed(frames)
    return piece(torch.randint(outcomes, (frames, cells), generator=generator).tolist())


def chances(table: CountTable | HoldTable, before: list[int], choices: int) -> list[float]:
    rows = [piece([before, [outcome] * len(before)]) for outcome in range(choices)]
    return [(-table.nll(row.batch)[0, 1]).exp().item() for row in rows]


def test_a_table_that_counted_nothing_gives_every_outcome_the_same_chance() -> None:
    assert torch.allclose(torch.tensor(chances(CountTable(past, (1, 3, 3)), [1], 3)), torch.tensor([1 / 3] * 3))


def test_a_table_gives_what_was_counted() -> None:
    table = CountTable(past, (1, 2, 2)).count([piece([[0], [1], [0], [1], [1]], mask_first=True)])
    # after 0 came 1 twice; after 1 came 0 once and 1 once; half a count each before
    assert torch.allclose(torch.tensor(chances(table, [0], 2)), torch.tensor([0.5 / 3, 2.5 / 3]))
    assert torch.allclose(torch.tensor(chances(table, [1], 2)), torch.tensor([0.5, 0.5]))


def test_frames_that_are_not_scored_are_not_counted() -> None:
    first_only = CountTable(nothing, (1, 1, 2)).count([piece([[1], [0]], mask_first=True)])
    assert chances(first_only, [0], 2)[0] == torch.tensor(0.75)


def test_holding_on_and_every_other_key_add_up_to_one() -> None:
    for beat, bigram in ((False, False), (True, True)):
        table = HoldTable(5, voices=1, beat=beat, bigram=bigram).count([random_piece(200, 6, 1)])
        assert abs(sum(chances(table, [2], 6)) - 1) < 1e-9


def test_a_line_that_never_moves_is_foretold_at_almost_no_cost() -> None:
    still = piece([[3, 2, 1, 0]] * 400)
    assert nats(HoldTable(5).count([still]), [still])["nats_per_frame"] < 0.1


def test_a_table_plays_what_is_known() -> None:
    melody = random_piece(12, 6)
    table = HoldTable(5).count([melody])
    played = play(table, melody.batch, Manner(known=(0,)))
    assert torch.equal(played[..., 0], melody.batch.target[..., 0])


def test_drawing_gives_outcomes_as_often_as_the_table_says() -> None:
    table = CountTable(nothing, (1, 1, 2)).count([piece([[1], [0], [0], [0]])] * 100)
    batch = piece([[0]] * 2000).batch
    drawn = play(table, batch, Manner(Choice(1.0, generator=torch.Generator().manual_seed(1))))
    assert abs(drawn.double().mean().item() - 0.25) < 0.03
