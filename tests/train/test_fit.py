import math
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch

from models.assemble import build
from models.frames import Batch
from music.errors import ContinuoError, FileError
from tests.train.runs import Witness, continuo, last, same, small, songs, trained, weights, written
from train.callbacks import StoppedError
from train.export import export
from train.feed import Steps
from train.learner import Learner
from train.material import gather

pytestmark = pytest.mark.timeout(600)  # some start processes that import Lightning, on machines that are busy


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
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    return trained(small(), data, tmp_path_factory.mktemp("whole")).folder


def test_run_learns_and_says_what_it_took(data: Path, tmp_path: Path) -> None:
    watch = Witness()
    run = trained(small(train_epochs=6, train_lr=0.01), data, tmp_path, watch)
    nats = [figures["nats"] for figures in watch.validations]
    assert run.best == min(nats) < nats[0] / 2
    assert watch.steps == list(range(1, run.steps + 1))
    assert len(nats) == run.epochs == 6
    assert 0 < run.best_wall_s <= run.wall_s
    assert run.frames_per_second > 0


def test_same_seed_gives_the_same_weights_and_another_one_others(data: Path, whole: Path, tmp_path: Path) -> None:
    assert same(weights(trained(small(), data, tmp_path / "same").folder), weights(whole))
    assert not same(weights(trained(small(train_seed=1), data, tmp_path / "other").folder), weights(whole))


def test_curves_lie_in_the_run_for_tensorboard(whole: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curves = EventAccumulator(str(whole / "tb"))
    curves.Reload()
    assert {"train/nats", "train/lr", "valid/nats", "valid/onset_f1"} <= set(curves.Tags()["scalars"])


KILLED = """
import os, signal
from train.learner import Learner
step = Learner.training_step
def deadly(self, batch, index):
    if self.global_step == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batch, index)
Learner.training_step = deadly
"""


def test_killed_run_goes_on_to_bit_identical_weights(data: Path, whole: Path, tmp_path: Path) -> None:
    steps = last(whole)["global_step"]
    config = written(tmp_path / "small.toml", ("threads = 1", "threads = 1\nsave_minutes = 0.0000001"))
    command = ("train", config, "--data", data, "--cache", data / "cache", "--out", tmp_path, "--device", "cpu")
    at = (steps // 3 + 1, 2 * steps // 3)  # in the second epoch, and between two
    for place in at:
        killed = continuo(*command, "--resume", before=KILLED.format(at=place))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert last(tmp_path / "small")["global_step"] == place
    run = trained(small(train_save_minutes=1e-7), data, tmp_path, resume=True)
    one, other = last(whole), last(run.folder)
    assert same(one["state_dict"], other["state_dict"])
    assert str(one["optimizer_states"]) == str(other["optimizer_states"])
    assert one["lr_schedulers"] == other["lr_schedulers"]
    assert same(weights(whole), weights(run.folder))


def test_ctrl_c_saves_and_the_run_goes_on_exactly(data: Path, whole: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    watch = Witness(at=5, act=lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(StoppedError) as caught:
        trained(small(), data, tmp_path, watch)
    assert "--resume" in caught.value.hint
    assert last(tmp_path / "small")["global_step"] == 5
    assert signal.getsignal(signal.SIGINT) is before
    watch = Witness()
    trained(small(), data, tmp_path, watch, resume=True)
    assert watch.steps[0] == 6
    assert same(weights(tmp_path / "small"), weights(whole))


def test_run_that_is_done_is_not_trained_again(data: Path, tmp_path: Path) -> None:
    first = trained(small(train_epochs=1), data, tmp_path)
    watch = Witness()
    again = trained(small(train_epochs=1), data, tmp_path, watch, resume=True)
    assert watch.steps == []
    assert again.json() == first.json()


def test_more_epochs_go_on_from_a_run_that_is_done(data: Path, tmp_path: Path) -> None:
    first = trained(small(train_epochs=1), data, tmp_path)
    watch = Witness()
    trained(small(train_epochs=2), data, tmp_path, watch, resume=True)
    assert watch.steps == list(range(first.steps + 1, 2 * first.steps + 1))


def test_resume_without_a_checkpoint_starts_anew(data: Path, tmp_path: Path) -> None:
    watch = Witness()
    trained(small(train_epochs=1), data, tmp_path, watch, resume=True)
    assert watch.steps[0] == 1
    assert "starts anew" in watch.said[0]


def test_earlier_run_is_set_aside_and_not_lost(data: Path, tmp_path: Path) -> None:
    first = weights(trained(small(train_epochs=1), data, tmp_path).folder)
    watch = Witness()
    trained(small(train_epochs=1, train_seed=1), data, tmp_path, watch)
    assert same(weights(tmp_path / "small~1"), first)
    assert "small~1" in watch.said[0]


def test_checkpoint_of_another_architecture_is_one_sentence(data: Path, tmp_path: Path) -> None:
    trained(small(train_epochs=1), data, tmp_path)
    with pytest.raises(FileError, match=r"last\.ckpt: of another architecture: model\.width is 8 there and 16 here"):
        trained(small(train_epochs=1, model_width=16), data, tmp_path, resume=True)


def test_checkpoint_of_another_experiment_is_one_sentence(data: Path, tmp_path: Path) -> None:
    trained(small(train_epochs=1), data, tmp_path)
    with pytest.raises(FileError, match=r"of another experiment: train\.batch is 4 there and 2 here"):
        trained(small(train_epochs=1, train_batch=2), data, tmp_path, resume=True)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04."])
def test_damaged_checkpoint_is_one_sentence(data: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "last.ckpt").write_bytes(content)
    with pytest.raises(FileError, match=r"last\.ckpt: this is no checkpoint"):
        trained(small(), data, tmp_path, resume=True)
    assert (tmp_path / "small" / "last.ckpt").read_bytes() == content


def test_checkpoint_with_foreign_code_is_not_run(data: Path, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    torch.save({"hook": os.system}, tmp_path / "small" / "last.ckpt")
    with pytest.raises(FileError, match="this is no checkpoint"):
        trained(small(), data, tmp_path, resume=True)


def test_nothing_better_for_too_long_ends_the_run(data: Path, tmp_path: Path) -> None:
    watch = Witness()
    hopeless = small(train_epochs=50, train_patience=2, train_lr=1e-11)
    run = trained(hopeless, data, tmp_path, watch)
    assert run.epochs < 50
    assert "No better nats in 2 validations" in watch.said[-1]
    watch = Witness()
    trained(hopeless, data, tmp_path, watch, resume=True)
    assert watch.steps == []


def test_musical_score_may_decide_what_is_best(data: Path, tmp_path: Path) -> None:
    watch = Witness()
    run = trained(small(train_monitor="frame_f1", train_lr=0.02, train_epochs=8), data, tmp_path, watch)
    assert run.best == max(figures["frame_f1"] for figures in watch.validations) > 0


def test_unknown_figure_to_monitor_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ContinuoError, match=r"train\.monitor: there is no figure 'glory'") as caught:
        trained(small(train_monitor="glory"), data, tmp_path)
    assert "onset_f1" in caught.value.hint


def test_weights_that_explode_end_the_run_and_keep_the_last_good_ones(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(small(train_epochs=1), data, tmp_path)
    good = last(tmp_path / "small")["state_dict"]

    def spoil(self: Learner, *_: object, **__: object) -> None:
        with torch.no_grad():
            next(self.model.parameters()).fill_(math.nan)

    monkeypatch.setattr(Learner, "configure_gradient_clipping", spoil)
    with pytest.raises(ContinuoError, match="no finite numbers any more"):
        trained(small(train_epochs=2), data, tmp_path, resume=True)
    assert same(last(tmp_path / "small")["state_dict"], good)


FULL = """
import resource
from train.learner import Learner
start = Learner.on_train_batch_start
def full(self, batch, index):
    if self.global_step == {at}:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    start(self, batch, index)
Learner.on_train_batch_start = full
"""


def test_full_disk_costs_nothing_that_was_saved(data: Path, whole: Path, tmp_path: Path) -> None:
    steps = last(whole)["global_step"] // 3
    config = written(tmp_path / "small.toml")
    command = ("train", config, "--data", data, "--cache", data / "cache", "--out", tmp_path, "--device", "cpu")
    ended = continuo(*command, before=FULL.format(at=steps + 1))
    assert ended.returncode == 2, ended.stderr
    *_, what, remedy = ended.stderr.splitlines()
    assert what.startswith(f"continuo: {tmp_path / 'small'}")
    assert "cannot be written (File too large)" in what
    assert remedy.startswith("  Make room")
    assert "Traceback" not in ended.stderr
    assert last(tmp_path / "small")["global_step"] == steps
    assert not list((tmp_path / "small").glob(".*"))
    trained(small(), data, tmp_path, resume=True)
    assert same(weights(tmp_path / "small"), weights(whole))


def test_two_devices_learn_what_one_does(data: Path, whole: Path, tmp_path: Path) -> None:
    config = written(tmp_path / "small.toml", ("layers = 1", "layers = 1\ndropout = 0.0"))
    options = ("--data", data, "--cache", data / "cache", "--device", "cpu", "--epochs", 1)
    one = trained(small(model_dropout=0.0, train_epochs=1), data, tmp_path / "one")
    done = continuo("train", config, *options, "--out", tmp_path / "two", "--devices", 2)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epoch 1 of 1") == 1
    for name, value in weights(one.folder).items():
        assert torch.allclose(weights(tmp_path / "two" / "small")[name], value, atol=1e-5)


def test_batch_that_cannot_be_shared_out_is_told(data: Path) -> None:
    steps = Steps(gather(small(), data, data / "cache").windows, batch=4, epochs=1, seed=0)
    with pytest.raises(ContinuoError, match="a batch of 4 windows cannot be shared out over 3 devices"):
        steps.share(0, 3)


def test_each_window_is_shown_once_an_epoch_and_shares_make_up_the_batch(data: Path) -> None:
    class Numbers:
        def __init__(self) -> None:
            self.seen: list[tuple[int, list[int]]] = []

        def __len__(self) -> int:
            return 10

        def batch(self, epoch: int, indices: Sequence[int]) -> Batch:
            self.seen.append((epoch, list(indices)))
            return Batch(*[torch.zeros(0)] * 4)

    numbers = Numbers()
    steps = Steps(numbers, batch=4, epochs=2, seed=0)
    assert (steps.per_epoch, len(steps)) == (2, 4)
    for step in range(4):
        steps[step]
    for epoch in (0, 1):
        shown = [index for at, indices in numbers.seen if at == epoch for index in indices]
        assert len(set(shown)) == len(shown) == 8
    assert numbers.seen[0][1] != numbers.seen[2][1]
    whole = numbers.seen[3][1]
    numbers.seen.clear()
    for rank in (0, 1):
        steps.share(rank, 2)[3]
    assert sorted(numbers.seen[0][1] + numbers.seen[1][1]) == sorted(whole)


def test_running_mean_is_what_is_exported(whole: Path) -> None:
    state = last(whole)["state_dict"]
    own = {name.removeprefix("model."): value for name, value in state.items() if name.startswith("model.")}
    mean = {name.removeprefix("average."): value for name, value in state.items() if name.startswith("average.")}
    assert own.keys() == mean.keys() == weights(whole).keys()
    assert not same(own, mean)


def test_matrices_alone_decay_and_the_rate_rises_and_falls(data: Path) -> None:
    found = small()
    steps = Steps(gather(found, data, data / "cache").windows, batch=4, epochs=3, seed=0)
    learner = Learner(build(found.model), found.train, steps)
    chosen = learner.configure_optimizers()
    matrices, others = chosen["optimizer"].param_groups
    assert matrices["weight_decay"] > 0 == others["weight_decay"]
    assert all(value.ndim > 1 for value in matrices["params"])
    rates = [learner.height(step) for step in range(len(steps) + 1)]
    assert rates[0] == 1 / 4
    assert max(rates) == rates[3] == 1
    assert rates[-1] == pytest.approx(0)


def test_a_run_may_begin_with_what_another_one_learned(data: Path, tmp_path: Path) -> None:
    first = trained(small(train_epochs=2), data, tmp_path)
    export(small(train_epochs=2), first, data, data / "cache")
    still = {"train_epochs": 1, "train_lr": 1e-9}
    other = trained(small(name="other", train_init="small", **still), data, tmp_path)
    fresh = trained(small(name="fresh", **still), data, tmp_path)
    assert close(weights(other.folder), weights(first.folder))
    assert not close(weights(fresh.folder), weights(first.folder))


def close(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    return all(torch.allclose(ours[name], theirs[name], atol=1e-3) for name in theirs)  # exported as float16


def test_a_run_cannot_begin_with_what_was_never_trained(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ContinuoError, match="no model and no config 'smal'"):
        trained(small(train_epochs=1, train_init="smal"), data, tmp_path)
