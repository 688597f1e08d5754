import hashlib
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import safetensors.torch
import torch

from models import card as cards
from models import checkpoint
from models.assemble import build_frames
from models.card import Card, CardError
from models.checkpoint import CheckpointError
from models.frame_model import FrameModel
from music.errors import FileError

CONFIG = {
    "kind": "frame", "task": "keys", "lowest": 21, "keys": 88, "sampler": "ascending", "width": 8, "whole": 8,
    "channels": 8, "layers": 1, "reach": 4,
}  # fmt: skip


@pytest.fixture
def model() -> FrameModel:
    torch.manual_seed(0)
    return build_frames(CONFIG)


@pytest.fixture
def saved(tmp_path: Path, model: FrameModel) -> Path:
    checkpoint.save(tmp_path / "tiny", model, card())
    return tmp_path / "tiny.safetensors"


def card(**values: object) -> Card:
    return msgspec.convert({"name": "tiny", "kind": "frame", "config": CONFIG} | values, Card)


def spoiled(path: Path, **tensors: torch.Tensor) -> None:
    """Other weights under the same card, its hash mended."""
    data = safetensors.torch.save(safetensors.torch.load(path.read_bytes()) | tensors)
    path.write_bytes(data)
    described = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(described | {"sha256": hashlib.sha256(data).hexdigest()}))


def a_weight(model: FrameModel) -> str:
    return next(name for name, value in model.named_parameters() if value.ndim == 2)


def test_model_comes_back_as_it_was_to_float16(saved: Path, model: FrameModel) -> None:
    loaded, described = checkpoint.load(saved)
    assert not loaded.training
    assert described.parameters == sum(value.numel() for value in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.half().float() if value.is_floating_point() else value)


def test_what_was_loaded_is_saved_as_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    loaded, described = checkpoint.load(saved)
    checkpoint.save(tmp_path / "again", loaded, described)
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("name", ["tiny.safetensors", "tiny.json"])
def test_model_loads_by_either_of_its_files(saved: Path, name: str) -> None:
    assert checkpoint.load(saved.with_name(name))[1].name == "tiny"


def test_folder_holds_a_model_with_its_card(tmp_path: Path, model: FrameModel) -> None:
    checkpoint.save(tmp_path, model, card())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.json", "model.safetensors"]
    for name in (".", "model.safetensors", "card.json"):
        assert checkpoint.load(tmp_path / name)[1].name == "tiny"


def test_stem_with_a_dot_is_kept(tmp_path: Path, model: FrameModel) -> None:
    checkpoint.save(tmp_path / "left-hand-0.2", model, card())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["left-hand-0.2.json", "left-hand-0.2.safetensors"]


def test_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        checkpoint.load(tmp_path / "nothing.safetensors")
    with pytest.raises(CheckpointError, match="there is no model 'nothing'"):
        checkpoint.load("nothing")


@pytest.mark.parametrize("at", [0, 8, 100, -1])
def test_weights_of_which_a_byte_was_changed_are_refused_unread(
    saved: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(safetensors.torch, "load")
    data = bytearray(saved.read_bytes())
    data[at] ^= 1
    saved.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"not the weights that tiny\.json describes"):
        checkpoint.load(saved)


@pytest.mark.parametrize("sha256", ["", "0" * 64])
def test_card_without_the_hash_of_its_weights_vouches_for_none(saved: Path, sha256: str) -> None:
    described = json.loads(saved.with_suffix(".json").read_text())
    saved.with_suffix(".json").write_text(json.dumps(described | {"sha256": sha256}))
    with pytest.raises(CheckpointError, match=r"not the weights that tiny\.json describes"):
        checkpoint.load(saved)


@pytest.mark.parametrize("name", sorted(checkpoint.shelf()))
def test_every_bundled_model_with_a_changed_byte_is_refused(name: str, tmp_path: Path) -> None:
    weights, beside = checkpoint.locate(name)
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 0x80
    (tmp_path / weights.name).write_bytes(data)
    (tmp_path / beside.name).write_bytes(beside.read_bytes())
    with pytest.raises(CheckpointError, match="not the weights that"):
        checkpoint.load(tmp_path / weights.name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(saved: Path, model: FrameModel, value: float) -> None:
    name = a_weight(model)
    tensor = model.state_dict()[name].half()
    tensor[0, 0] = value
    spoiled(saved, **{name: tensor})
    with pytest.raises(CheckpointError, match=f"{name} holds values that are no finite numbers"):
        checkpoint.load(saved)


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path, model: FrameModel) -> None:
    with torch.no_grad():
        next(model.parameters()).fill_(1e9)  # infinite in float16
    with pytest.raises(CheckpointError, match="no finite numbers"):
        checkpoint.save(tmp_path / "tiny", model, card())
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_width_are_refused(saved: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "wide", build_frames(CONFIG | {"width": 16}), card())
    with pytest.raises(CheckpointError, match=r"weights of another architecture \(.* is .*, not .*\)"):
        checkpoint.load(tmp_path / "wide.safetensors")


def test_weights_of_another_depth_are_refused(saved: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "deep", build_frames(CONFIG | {"layers": 2}), card())
    with pytest.raises(CheckpointError, match="weights of another architecture"):
        checkpoint.load(tmp_path / "deep.safetensors")


def test_card_of_a_model_that_is_unknown_here_is_refused(saved: Path, model: FrameModel) -> None:
    checkpoint.save(saved, model, card(config=CONFIG | {"glow": 1}))
    with pytest.raises(CheckpointError, match=r"tiny\.json: model\.glow: there is no such key"):
        checkpoint.load(saved)


def test_weights_without_a_card_are_refused(saved: Path) -> None:
    saved.with_suffix(".json").unlink()
    with pytest.raises(FileError, match=r"tiny\.json: there is no such file"):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no valid card"),
        ('{"name": "x", "kind": "frame", "config": {}, "colour": 1}', "unknown field colour"),
        ('{"format": 9, "name": "x", "kind": "frame", "config": {}}', "format is 9, not 1"),
    ],
)
def test_card_that_does_not_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(CardError, match=said):
        cards.read(path)


def test_card_survives_being_written(tmp_path: Path) -> None:
    whole = card(
        data=[{"name": "songs", "licence": "CC0", "pieces": 3}], attribution=["By us"], figures={"nats_per_frame": 1.5},
        weaknesses=["It never rests"], ms_per_step=0.5, seed=3,
    )  # fmt: skip
    cards.write(tmp_path / "x.json", whole)
    assert cards.read(tmp_path / "x.json") == whole


def test_pickle_is_never_read(tmp_path: Path, saved: Path) -> None:
    torch.save({"a": torch.zeros(1)}, saved)
    described = json.loads(saved.with_suffix(".json").read_text())
    digest = hashlib.sha256(saved.read_bytes()).hexdigest()
    saved.with_suffix(".json").write_text(json.dumps(described | {"sha256": digest}))
    with pytest.raises(CheckpointError, match="no valid safetensors file"):
        checkpoint.load(saved)


def test_users_own_model_comes_before_a_bundled_one(
    saved: Path, model: FrameModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "user_folder", lambda: tmp_path)
    assert checkpoint.shelf()["tiny"] == saved
    assert checkpoint.load("tiny")[1].name == "tiny"
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load("tini")
    assert caught.value.hint == "Did you mean 'tiny'?"


def test_card_is_read_without_torch(tmp_path: Path) -> None:
    cards.write(tmp_path / "x.json", card())
    program = "import sys\nfrom pathlib import Path\nfrom models import card\ncard.read(Path(sys.argv[1]))\n"
    program += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program, tmp_path / "x.json"], check=False).returncode == 0


@pytest.mark.parametrize("name", sorted(checkpoint.shelf()))
def test_every_bundled_model_loads_and_says_what_it_owes(name: str) -> None:
    _, described = checkpoint.load(name)
    assert described.name == name
    assert described.data and described.figures and described.baselines and described.weaknesses
    needs = any("CC-BY" in corpus.licence or "CC BY" in corpus.licence for corpus in described.data)
    assert described.attribution or not needs
