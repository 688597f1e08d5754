import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

from models.assemble import build_frames
from models.frames import Batch
from music.errors import ContinuoError
from train.config import Config, parse
from train.evaluate import evaluate, score
from train.evaluate.pieces import Piece, pad
from train.evaluate.probes import company_difference, probed, shifted, transposed
from train.evaluate.stream import Manner, nats, play
from train.evaluate.tables import CountTable, nothing, past
from train.rolls import from_benchmark
from train.windows import whole

KEYS = {"task": "keys", "lowest": 21, "keys": 88, "sampler": "independent", "width": 8, "whole": 8, "layers": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two splits of a benchmark: a few pieces with two voices that move by step."""
    random = np.random.default_rng(0)
    tables: dict[str, Any] = {}
    for split, count in (("train", 6), ("valid", 3)):
        pieces = []
        for _ in range(count):
            roll = np.zeros((24, 88), np.uint8)
            top = 40 + np.cumsum(random.integers(-2, 3, 24))
            roll[np.arange(24), top], roll[np.arange(24), top - 12] = 1, 1
            pieces.append(roll)
        tables[f"{split}_roll"] = np.packbits(np.concatenate(pieces), axis=1)
        tables[f"{split}_lengths"] = np.array([len(piece) for piece in pieces], np.int32)
    np.savez(tmp_path / "tiny.npz", **tables)
    return tmp_path / "tiny.npz"


@pytest.fixture
def config() -> Config:
    data = {"task": "keys", "corpora": ["benchmark/other.npz"]}
    return parse({"format": 1, "name": "tiny", "data": data, "model": KEYS, "train": {"epochs": 1}})


def pieces_of(file: Path, split: str) -> list[Piece]:
    return [Piece(title, batch) for title, batch in whole(from_benchmark(file), split)]


def test_a_benchmark_file_gives_one_object_of_figures_and_baselines(file: Path, config: Config) -> None:
    found = json.loads(msgspec.json.encode(evaluate(build_frames(KEYS), file, config, "valid").json()))
    assert found["pieces"] == 3 and found["frames"] == 72
    assert found["nats_per_frame"] > 0 and found["ms_per_step"] > 0
    assert {"silence", "marginal", "copy_previous", "markov", "persistence"} <= found["baselines"].keys()
    assert found["baselines"]["markov"]["nats_per_frame"] < found["baselines"]["silence"]["nats_per_frame"]
    assert 0 <= found["onset_f1"] <= 1 and found["baselines"]["persistence"]["onset_f1"] == 0


def test_a_split_that_is_not_there_is_one_sentence(file: Path, config: Config) -> None:
    with pytest.raises(ContinuoError, match="no piece of the split 'test'"):
        evaluate(build_frames(KEYS), file, config, "test")


def test_without_a_train_split_nothing_is_counted_and_it_is_said(file: Path, config: Config, tmp_path: Path) -> None:
    tables = dict(np.load(file))
    np.savez(tmp_path / "held.npz", test_roll=tables["valid_roll"], test_lengths=tables["valid_lengths"])
    report = evaluate(build_frames(KEYS), tmp_path / "held.npz", config, "test")
    assert list(report.baselines) == ["persistence"]
    assert any("no train split" in remark for remark in report.remarks)


def test_the_model_learns_on_as_before_after_a_score(file: Path) -> None:
    model = build_frames(KEYS).train()
    found = score(model, [piece.batch for piece in pieces_of(file, "valid")])
    assert model.training
    assert {"frame_f1", "onset_f1", "change_f1"} == found.keys()


def test_the_first_frame_of_a_piece_costs_nothing(file: Path) -> None:
    pieces = pieces_of(file, "valid")
    table = CountTable(nothing, (88, 1, 2)).count(pieces)
    lost = torch.cat([table.nll(piece.batch)[0, 1:] for piece in pieces])
    assert nats(table, pieces)["nats_per_frame"] == pytest.approx(lost.mean().item())


def test_padding_costs_nothing(file: Path) -> None:
    pieces = [piece.cut(9 + 5 * place) for place, piece in enumerate(pieces_of(file, "valid"))]
    table = CountTable(past, (88, 2, 2)).count(pieces)
    lost = torch.cat([table.nll(piece.batch)[0, 1:] for piece in pieces])
    assert nats(table, pieces)["nats_per_frame"] == pytest.approx(lost.mean().item())


def test_after_the_warm_up_the_model_hears_itself(file: Path) -> None:
    (piece, *_) = pieces_of(file, "valid")
    table = CountTable(past, (88, 2, 2), shared=True).count([piece])
    table.counts[:] = torch.tensor([[[1.0, 0.001], [0.001, 1.0]]])  # what sounds goes on
    alone = play(table, piece.batch, Manner(warm_up=4))
    assert torch.equal(alone[0, 4:], piece.batch.target[0, 3].expand(20, -1))
    taught = play(table, piece.batch, Manner(warm_up=None))
    assert torch.equal(taught[0, 1:], piece.batch.target[0, :-1])


def test_steps_company_and_keys_make_no_difference_to_a_model_that_is_right(file: Path) -> None:
    torch.manual_seed(0)
    found = probed(build_frames(KEYS).eval(), pieces_of(file, "valid"), "keys")
    assert found["company_difference_nats"] < 1e-4
    assert found["step_difference"] < 1e-4


def test_a_table_for_all_keys_is_the_same_in_every_key_and_one_for_each_key_is_not(file: Path) -> None:
    pieces = pieces_of(file, "train")
    same = transposed(CountTable(past, (88, 2, 2), shared=True).count(pieces), pieces, "keys")
    other = transposed(CountTable(nothing, (88, 1, 2)).count(pieces), pieces, "keys")
    assert same["transposition_spread_nats_per_frame"] < 1e-6
    assert same["transposition_same_frames_share"] == 1
    assert other["transposition_spread_nats_per_frame"] > 0.5


def test_a_piece_in_another_key_and_back_is_the_piece(file: Path) -> None:
    (piece, *_) = pieces_of(file, "valid")
    back = shifted(shifted(piece, 4, "keys"), -4, "keys")
    assert torch.equal(back.batch.target, piece.batch.target)


class _Leaky(CountTable):
    """Knows how many pieces stand beside it."""

    def nll(self, batch: Batch, *, hidden: bool = False) -> Tensor:
        return super().nll(batch, hidden=hidden) + len(batch)


def test_a_model_that_hangs_on_its_batch_is_found(file: Path) -> None:
    pieces = pieces_of(file, "valid")
    assert company_difference(_Leaky(nothing, (88, 1, 2)), pieces) > 1


def test_pieces_played_side_by_side_are_played_as_each_alone(file: Path) -> None:
    torch.manual_seed(0)
    for sampler in ("independent", "ascending"):
        model = build_frames(KEYS | {"sampler": sampler}).eval()
        with torch.no_grad():
            out = "sampler.out" if sampler == "ascending" else "sampler.sampler.out"
            model.get_parameter(f"{out}.weight").mul_(30)
            model.get_parameter(f"{out}.bias").zero_()
        pieces = [piece.cut(5) for piece in pieces_of(file, "valid")]
        together = play(model, pad(pieces), Manner(warm_up=None))
        alone = torch.cat([play(model, piece.batch, Manner(warm_up=None)) for piece in pieces])
        assert torch.equal(together, alone)
        assert not torch.equal(together[0], together[1])
