import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch
from click.testing import CliRunner, Result

from bridge.cli import main
from models import card as cards
from models import checkpoint
from tests.train.ensembles.makers import orchestra, pairs, piano
from tests.train.pieces import song, write
from tests.train.runs import songs, written
from train import cli, run

pytestmark = pytest.mark.timeout(600)  # a run takes a second, on a machine that is busy more

USER_ERROR = 2
COMMANDS = ("evaluate", "prepare", "sweep", "train")


def continuo(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="continuo")


def refused(result: Result) -> list[str]:
    """The two lines of a command that fails as a user can expect."""
    assert result.exit_code == USER_ERROR, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()[-2:]
    assert lines[0].startswith("continuo: ")
    assert lines[1].startswith("  ")
    assert "Traceback" not in result.output
    return lines


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    """A run sets how torch computes in this process: afterwards it is as before."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return songs(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("config") / "small.toml", ("epochs = 3", "epochs = 1"))


def places(data: Path, out: Path) -> tuple[object, ...]:
    return ("--data", data, "--cache", data / "cache", "--out", out)


@pytest.fixture(scope="module")
def trained(data: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of the runs after a training, and what the command said."""
    out = tmp_path_factory.mktemp("runs")
    result = continuo("train", config, *places(data, out), "--device", "cpu", "--json")
    assert result.exit_code == 0, result.output
    return out, result


def test_commands_are_listed_with_one_line_each() -> None:
    listed = continuo("--help").output
    for name in COMMANDS:
        assert [line for line in listed.splitlines() if line.strip().startswith(f"{name} ") and line.endswith(".")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = continuo(command, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: continuo {command}")


def test_help_loads_nothing_that_is_slow() -> None:
    program = (
        "import sys\nfrom bridge.cli import main\n"
        "for words in (['--help'], ['train', '--help'], ['sweep', '--help']):\n"
        "    try:\n        main(words)\n    except SystemExit:\n        pass\n"
        "sys.exit(str(sorted({'torch', 'numpy', 'numba', 'lightning', 'msgspec', 'rich'} & set(sys.modules))))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == "[]"


def test_training_prints_one_object_and_leaves_weights_with_their_card(trained: tuple[Path, Result]) -> None:
    out, result = trained
    told = json.loads(result.stdout)
    assert told["folder"] == str(out / "small")
    assert {"steps", "wall_s", "best_wall_s", "frames_per_second", "train_step_ms", "baselines"} <= told.keys()
    assert told["figures"]["nats_per_frame"] > 0
    assert "epoch 1 of 1" in result.stderr
    _, card = checkpoint.load(out / "small")
    assert card.figures == told["figures"]
    assert card.baselines == told["baselines"]
    assert (card.name, card.seed, card.kind) == ("small", 0, "frame")
    assert card.data == (cards.Corpus("songs", "CC0", 8),)
    assert card.train["cost"]["steps"] == told["steps"]
    assert card.ms_per_step > 0


def test_exported_model_is_evaluated_to_the_figures_of_its_card(trained: tuple[Path, Result], data: Path) -> None:
    out, _ = trained
    card = cards.read(out / "small" / "card.json")
    result = continuo("evaluate", out / "small" / "model.safetensors", *places(data, out), "--json")
    told = json.loads(result.stdout)
    assert {"pieces", "frames", "ms_per_step", "baselines"} <= told.keys()
    for name, value in card.figures.items():
        assert told[name] == pytest.approx(value, rel=1e-4), name


@pytest.mark.parametrize("which", ["weights", "card", "folder", "name", "config"])
def test_model_is_found_by_whatever_names_it(trained: tuple[Path, Result], config: Path, which: str) -> None:
    out, _ = trained
    folder = out / "small"
    names = {
        "weights": folder / "model.safetensors",
        "card": folder / "card.json",
        "folder": folder,
        "name": "small",
        "config": config,
    }
    assert checkpoint.load(run.trained(str(names[which]), out))[1].name == "small"


def test_figures_are_a_table_with_the_baselines_beside(trained: tuple[Path, Result], data: Path) -> None:
    out, _ = trained
    told = continuo("evaluate", "small", *places(data, out)).stdout
    [row] = [line for line in told.splitlines() if " nats_per_frame " in line]
    card = cards.read(out / "small" / "card.json")
    assert f"{card.figures['nats_per_frame']:.4g}" in row
    assert f"{card.baselines['markov']['nats_per_frame']:.4g}" in row
    assert "4 pieces" in told


def test_one_corpus_alone_may_be_evaluated_on(trained: tuple[Path, Result], data: Path) -> None:
    out, _ = trained
    model = out / "small"
    told = json.loads(continuo("evaluate", model, "--data", data / "songs", "--cache", data / "cache", "--json").stdout)
    assert told["pieces"] == 4


def test_split_that_is_not_there_is_told(trained: tuple[Path, Result], data: Path) -> None:
    out, _ = trained
    lines = refused(continuo("evaluate", "small", *places(data, out), "--split", "test"))
    assert "no piece of the split 'test'" in lines[0]


def test_config_that_nothing_was_trained_from_is_told(data: Path, config: Path, tmp_path: Path) -> None:
    lines = refused(continuo("evaluate", config, *places(data, tmp_path)))
    assert lines == [
        f"continuo: {tmp_path / 'small'}: nothing was trained from {config} yet.",
        f"  continuo train {config}.",
    ]


def test_model_that_is_not_there_is_told(data: Path, tmp_path: Path) -> None:
    assert (
        "no model and no config 'bench-jbs'" in refused(continuo("evaluate", "bench-jbs", *places(data, tmp_path)))[0]
    )
    lines = refused(continuo("evaluate", tmp_path / "x.safetensors", *places(data, tmp_path)))
    assert lines[0] == f"continuo: {tmp_path / 'x.safetensors'}: there is no such file."


def test_weights_that_are_no_numbers_are_refused(trained: tuple[Path, Result], data: Path, tmp_path: Path) -> None:
    import hashlib

    import msgspec

    out, _ = trained
    tensors = safetensors.torch.load((out / "small" / "model.safetensors").read_bytes())
    next(iter(tensors.values())).fill_(float("nan"))
    (tmp_path / "bad.safetensors").write_bytes(safetensors.torch.save(tensors))
    digest = hashlib.sha256((tmp_path / "bad.safetensors").read_bytes()).hexdigest()
    card = msgspec.structs.replace(cards.read(out / "small" / "card.json"), sha256=digest)
    cards.write(tmp_path / "bad.json", card)
    lines = refused(continuo("evaluate", tmp_path / "bad.safetensors", *places(data, out)))
    assert "holds values that are no finite numbers" in lines[0]


def test_checkpoint_of_another_architecture_is_refused(
    trained: tuple[Path, Result], data: Path, tmp_path: Path
) -> None:
    out, _ = trained
    wide = written(tmp_path / "small.toml", ("width = 8", "width = 16"))
    lines = refused(continuo("train", wide, *places(data, out), "--device", "cpu", "--resume"))
    assert "last.ckpt: of another architecture: model.width is 8 there and 16 here" in lines[0]
    assert (out / "small" / "model.safetensors").exists()


def test_seed_of_ones_own_has_a_run_of_its_own(data: Path, config: Path, tmp_path: Path) -> None:
    result = continuo("train", config, *places(data, tmp_path), "--device", "cpu", "--seed", 7)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "small-seed7" / "model.safetensors")
    assert checkpoint.load(tmp_path / "small-seed7")[1].seed == 7


def test_unknown_key_of_a_config_is_told(data: Path, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.toml", ("warmup = 4", "warmpu = 4"))
    assert refused(continuo("train", bad, *places(data, tmp_path))) == [
        f"continuo: {bad}: train.warmpu: there is no such key.",
        "  Did you mean 'warmup'?",
    ]


def test_unknown_key_of_a_model_is_told(data: Path, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.toml", ("reach = 4", "raech = 4"))
    assert "model.raech: there is no such key" in refused(continuo("train", bad, *places(data, tmp_path)))[0]


def test_folder_without_usable_music_is_told(config: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a piece")
    assert "there is no corpus 'songs'" in refused(continuo("train", config, *places(tmp_path, tmp_path / "runs")))[0]
    (tmp_path / "a.mid").write_bytes(b"RIFF")
    refused(continuo("train", config, *places(tmp_path, tmp_path / "runs")))
    refused(continuo("prepare", tmp_path, "--cache", tmp_path / "cache"))
    assert not (tmp_path / "runs").exists()


def test_broken_file_costs_itself_alone(config: Path, tmp_path: Path) -> None:
    songs(tmp_path)
    (tmp_path / "songs" / "mid" / "song 3.mid").write_bytes(b"hello")
    result = continuo("train", config, *places(tmp_path, tmp_path / "runs"), "--device", "cpu", "--json")
    assert result.exit_code == 0, result.output
    assert "11 pieces are used; not used: not a MIDI file, or a damaged one (1)" in result.stderr
    assert cards.read(tmp_path / "runs" / "small" / "card.json").data[0].pieces == 7


def test_device_that_is_not_there_is_told(data: Path, config: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    lines = refused(continuo("train", config, *places(data, tmp_path), "--device", "cuda"))
    assert lines == ["continuo: there is no cuda device here.", "  Leave --device out."]


def test_kit_that_is_not_installed_is_told(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda _: None)
    lines = refused(continuo("train", config))
    assert lines[1] == '  pip install "continuo[train]".'


def test_pairs_of_piano_and_orchestra_are_prepared(tmp_path: Path) -> None:
    pairs(tmp_path / "pairs", {"a": (piano(), orchestra())}, {"a": "train"})
    told = continuo("prepare", tmp_path / "pairs", "--task", "orchestra", "--cache", tmp_path / "cache")
    assert "1 pieces (1 train), 16 events; 0 not used" in told.stderr
    assert (Path(told.stdout.strip()) / "slots.npy").is_file()


def test_folder_is_prepared_and_what_is_dropped_is_told(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / "midi" / f"tune{number}.mid", song(number))
    (tmp_path / "midi" / "bad.mid").write_bytes(b"hello")
    told = json.loads(continuo("prepare", tmp_path / "midi", "--cache", tmp_path / "cache", "--json").stdout)
    assert (told["pieces"], len(told["dropped"])) == (4, 1)
    assert Path(told["folder"]).parent == tmp_path / "cache"
    result = continuo("prepare", tmp_path / "midi", "--task", "hands", "--out", tmp_path / "rolls", "--jobs", 2)
    assert result.stdout.strip() == str(tmp_path / "rolls")
    assert "bad: not a MIDI file" in result.stderr
    assert "4 pieces" in result.stderr


def test_sweep_tries_every_combination_and_goes_on_where_it_was(data: Path, config: Path, tmp_path: Path) -> None:
    grid = ("--grid", "train.lr=0.001,0.02", "--grid", "model.width=8")
    command = ("sweep", config, *places(data, tmp_path), "--device", "cpu", *grid)
    rows = json.loads(continuo(*command, "--json").stdout)
    assert [row["train.lr"] for row in rows] == [0.02, 0.001]
    assert rows[0]["nats"] < rows[1]["nats"]
    with (tmp_path / "small-sweep" / "results.csv").open(newline="") as table:
        assert [float(row["train.lr"]) for row in csv.DictReader(table)] == [0.02, 0.001]
    again = continuo(*command)
    assert "epoch" not in again.stderr
    assert "0.02" in again.stdout


def test_run_of_a_sweep_that_fails_is_a_row(data: Path, config: Path, tmp_path: Path) -> None:
    command = ("sweep", config, *places(data, tmp_path), "--device", "cpu", "--grid", "model.sampler=voices,ascending")
    good, bad = json.loads(continuo(*command, "--json").stdout)
    assert good["model.sampler"] == "ascending"
    assert "does not decide" in bad["error"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("train.lr", "not a key with values"),
        ("train.lrr=1", "there is no such key"),
        ("train.lr=x", "train.lr: expected"),
    ],
)
def test_grid_that_makes_no_sense_is_told_before_anything_runs(
    data: Path, config: Path, tmp_path: Path, grid: str, said: str
) -> None:
    assert said in refused(continuo("sweep", config, *places(data, tmp_path), "--grid", grid))[0]
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_pieces_are_read_says_how_to_go_on(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("train.fit.gather", interrupted)
    result = continuo("train", config, *places(data, tmp_path))
    assert result.exit_code == 130
    assert "the same command goes on" in result.stderr and "Traceback" not in result.output
