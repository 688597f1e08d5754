from pathlib import Path
from typing import Any

import pytest

from models.assemble import build
from train import config
from train.config import ConfigError

GOOD: dict[str, Any] = {
    "format": 1,
    "name": "tiny",
    "data": {"task": "keys", "corpora": ["songs"]},
    "model": {"sampler": "ascending"},
    "train": {"epochs": 2},
}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(**tables: Any) -> dict[str, Any]:
    """The good config with other values, or other keys in its tables."""
    return {
        key: value | tables.get(key, {}) if isinstance(value, dict) else tables.get(key, value)
        for key, value in (GOOD | {key: {} for key in tables if key not in GOOD}).items()
    }


@pytest.mark.parametrize("name", config.names())
def test_bundled_config_reads_under_its_own_name_and_its_model_can_be_built(name: str) -> None:
    found = config.load(name)
    assert found.name == name
    assert found.about
    assert sum(value.numel() for value in build(found.model).parameters()) > 0


def test_task_says_the_shapes_of_the_model() -> None:
    found = config.parse(changed(data={"task": "hands"}))
    assert found.model == {
        "kind": "frame", "task": "hands", "lowest": 21, "keys": 88, "given": 2, "sampler": "ascending",
    }  # fmt: skip


def test_advice_is_more_that_is_given_and_can_be_switched() -> None:
    told = config.parse(changed(data={"task": "lead", "advice": True}, model={"sampler": "sounds-silent"}))
    assert told.model["given"] == 5
    assert config.changed(told, {"data.advice": False}).model["given"] == 2


def test_config_survives_being_written_as_json() -> None:
    found = config.parse(GOOD)
    assert config.parse(found.json()) == found


@pytest.mark.parametrize(
    ("tables", "said", "hint"),
    [
        ({"train": {"epoch": 2}}, "train.epoch: there is no such key", "Did you mean 'epochs'?"),
        ({"data": {"windows": 2}}, "data.windows: there is no such key", "Did you mean 'window'?"),
        ({"train": {"lr": "high"}}, "train.lr: expected float, got str", ""),
        ({"train": {"lr": 0}}, "train.lr: expected float >= 1e-12", ""),
        ({"data": {"task": "drums"}}, "data.task: invalid enum value 'drums'", ""),
        ({"data": {"corpora": []}}, "data.corpora: expected array of length >= 1", ""),
        ({"data": {"transpose": [3, -3]}}, "data.transpose: the first is above the second", ""),
        ({"data": {"transpose": [3]}}, "data.transpose: expected array of length 2, got 1", ""),
        ({"model": {"task": "hands"}}, "model.task is 'hands' and data.task 'keys'", ""),
        ({"format": 2}, "format is 2, not 1", "Write format = 1"),
        ({"name": "a/b"}, "name: expected str matching regex", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tables: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(changed(**tables))
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_unknown_table_is_told() -> None:
    with pytest.raises(ConfigError, match="trian: there is no such key"):
        config.parse(GOOD | {"trian": {}})


def test_missing_key_is_told() -> None:
    with pytest.raises(ConfigError, match=r"train\.epochs is missing"):
        config.parse(GOOD | {"train": {}})
    with pytest.raises(ConfigError, match="train is missing"):
        config.parse({key: value for key, value in GOOD.items() if key != "train"})


def test_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "format = 1\n[trian]\n")
    with pytest.raises(ConfigError, match=r"tiny\.toml: trian: there is no such key"):
        config.load(path)


def test_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tiny\.toml: no valid TOML"):
        config.load(written(tmp_path, "format ="))


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        config.load(tmp_path / "nothing.toml")


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        config.load("bench-jbs")
    assert caught.value.hint == "Did you mean 'bench-jsb'?"


def test_values_are_changed_by_dotted_keys() -> None:
    found = config.changed(config.parse(GOOD), {"train.lr": 0.5, "model.width": 8, "name": "other"})
    assert (found.train.lr, found.model["width"], found.name) == (0.5, 8, "other")


@pytest.mark.parametrize("key", ["train.lrr", "lr", "train.lr.high", "nothing.at.all"])
def test_key_that_cannot_be_changed_is_told(key: str) -> None:
    with pytest.raises(ConfigError, match="there is no such key"):
        config.changed(config.parse(GOOD), {key: 1})
