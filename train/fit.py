"""A run of training: from a config to weights with their card, or on from where it was."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from torch import nn

from models.assemble import Model, build
from models.checkpoint import CheckpointError, fill, load
from music.errors import ContinuoError, FileError
from train.callbacks import Keeper, Watch
from train.checkpoints import WholeFiles, checkpoint
from train.config import Config
from train.feed import Steps
from train.learner import Learner
from train.material import Material, gather
from train.run import Run, trained


@dataclass(frozen=True, slots=True)
class Options:
    """What is not part of the experiment: where it runs and what it writes."""

    data: Path
    out: Path = Path("runs")
    cache: Path = Path("runs/cache")
    """Where prepared pieces lie."""
    device: str = "auto"
    devices: int = 1
    resume: bool = False
    wandb: bool = False

    def folder(self, name: str) -> Path:
        """Where a run of that name keeps everything."""
        return self.out / name


def device_of(wanted: str) -> str:
    """The device that is meant; ContinuoError where it is not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[wanted]:
        raise ContinuoError(f"there is no {wanted} device here", "Leave --device out")
    return wanted


def fit(config: Config, options: Options, watch: Watch) -> Run | None:
    """Train; gives None in the processes that only help. StoppedError where it was asked to stop."""
    device = device_of(options.device)
    torch.set_num_threads(config.train.threads)
    torch.set_flush_denormal(True)  # silent keys fade for long: denormal numbers are many times slower
    folder = options.folder(config.name)
    start = _checkpoint(folder, options, watch)
    material = gather(config, options.data, options.cache, watch.prepared)
    if material.remark:
        watch.tell(material.remark)
    torch.manual_seed(config.train.seed)
    model = _built(config)
    learner = Learner(model, config.train, _steps(config, material))
    keeper = Keeper(folder, config, material.examine, watch)
    keeper.per_epoch = learner.steps.per_epoch
    if config.train.init and not start:
        _begin_with(model, config.train.init, options.out)
    if start:
        _check(start, config, model, folder / "last.ckpt")
        keeper.load_state_dict(start["callbacks"][keeper.state_key])
    else:
        _set_aside(folder, watch)
    if keeper.steps < learner.total and not keeper.gave_up:
        with _disk_errors(folder), _quiet(), keeper.listening():
            trainer = _trainer(config, options, device, keeper)
            trainer.fit(learner, ckpt_path=folder / "last.ckpt" if start else None)
        if not trainer.is_global_zero:
            return None
    return keeper.run(device, material.entries)


def _built(config: Config) -> Model:
    try:
        return build(config.model)
    except ContinuoError as error:
        raise ContinuoError(f"{config.name}: {error.message}", error.hint) from error


def _begin_with(model: Model, name: str, out: Path) -> None:
    """Weights of another run; CheckpointError where they do not fit."""
    other, card = load(trained(name, out))
    weights = other.state_dict()
    weights.pop("known", None)  # of what it learned from: that is found out at the end
    fill(model, weights, card.name)


def _steps(config: Config, material: Material) -> Steps:
    train = config.train
    return Steps(material.windows, batch=train.batch, epochs=train.epochs, seed=train.seed)


def _checkpoint(folder: Path, options: Options, watch: Watch) -> dict[str, Any] | None:
    """The checkpoint to go on from, if that is wanted and there is one."""
    if not options.resume:
        return None
    if (folder / "last.ckpt").exists():
        return checkpoint(folder / "last.ckpt")
    watch.tell(f"There is no checkpoint in {folder} yet: the run starts anew")
    return None


def _set_aside(folder: Path, watch: Watch) -> None:
    """An earlier run of that name is kept under another."""
    if not folder.exists() or not _first_process():
        return
    number = next(n for n in count(1) if not folder.with_name(f"{folder.name}~{n}").exists())
    aside = folder.with_name(f"{folder.name}~{number}")
    folder.rename(aside)
    watch.tell(f"The earlier run is in {aside} now")


def _first_process() -> bool:
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("RANK", "0")) == 0


_FREE = {
    "data": {"attribution"},
    "model": {"blend", "strict", "eager"},
    "train": {"epochs", "patience", "valid_every", "save_minutes", "threads", "workers"},
}
"""What may differ when a run goes on: it does not change what is learned."""


def _check(start: dict[str, Any], config: Config, model: nn.Module, path: Path) -> None:
    """FileError where a checkpoint is of another architecture or another experiment."""
    before, now = start["callbacks"]["keeper"]["config"], config.json()
    hint = "Change it back, or start anew without --resume"
    for part in ("model", "data", "train"):
        for key in sorted((before[part].keys() | now[part].keys()) - _FREE[part]):
            one, other = before[part].get(key), now[part].get(key)
            if one != other:
                kind = "architecture" if part == "model" else "experiment"
                raise FileError(f"{path}: of another {kind}: {part}.{key} is {one!r} there and {other!r} here", hint)
    held = {name.removeprefix("model."): t for name, t in start["state_dict"].items() if name.startswith("model.")}
    try:
        fill(model, held, str(path))
    except CheckpointError as error:
        raise FileError(error.message, "Start anew, without --resume") from error


def _trainer(config: Config, options: Options, device: str, keeper: Keeper) -> Trainer:
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    return Trainer(
        accelerator={"cuda": "gpu"}.get(device, device),
        devices=options.devices,
        strategy="ddp_find_unused_parameters_true" if options.devices > 1 else "auto",
        precision="bf16-mixed" if device == "cuda" and config.train.precision == "bf16" else "32-true",
        max_epochs=1,  # the run is one sequence of steps: there is one kind of place to resume from
        callbacks=[keeper],
        logger=_loggers(config, options, keeper.watch),
        plugins=[WholeFiles()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        log_every_n_steps=1,
    )


def _loggers(config: Config, options: Options, watch: Watch) -> list[Logger]:
    folder = options.folder(config.name)
    found: list[Logger] = [TensorBoardLogger(folder, name="", version="tb", default_hp_metric=False)]
    if options.wandb:
        found.append(_wandb(config, folder, watch))
    return found


def _wandb(config: Config, folder: Path, watch: Watch) -> Logger:
    try:
        import wandb  # noqa: F401, PLC0415 - seconds to import, and only where it is asked for
    except ImportError as error:
        raise ContinuoError("Weights & Biases is not installed", 'pip install "continuo[train]"') from error
    from lightning.pytorch.loggers import WandbLogger  # noqa: PLC0415

    offline = "WANDB_API_KEY" not in os.environ and not Path("~/.netrc").expanduser().exists()
    if offline:
        watch.tell(f"W&B: not logged in, so the run is kept in {folder / 'wandb'}; send it with `wandb sync`")
    return WandbLogger(name=config.name, project="continuo", save_dir=folder, offline=offline, config=config.json())


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """A disk that is full is a sentence, whoever writes."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise FileError(
            f"{folder}: cannot be written ({error.strerror})", "Make room and go on with --resume"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's advice is for those who write training code, not for those who train."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
