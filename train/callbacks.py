"""What happens around the steps: validation, the best weights, checkpoints that survive, a bar for whoever watches."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import safetensors.torch
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from music import files
from music.errors import ContinuoError
from train.config import Config
from train.feed import Shown
from train.learner import Learner
from train.run import Listed, Run

Examine = Callable[[Any], dict[str, float]]
"""The held-out figures of a model, "nats" among them."""

_LOWER_IS_BETTER = ("nats", "faults", "difference", "gap", "beats_to", "ms_per")


class StoppedError(ContinuoError):
    """The run was asked to stop; what it has is saved."""


class Watch(Protocol):
    """Whoever is told how the run goes."""

    def prepared(self, done: int, total: int) -> None:
        """So many pieces of the corpus are read."""
        ...

    def step(self, step: int, total: int, loss: float) -> None:
        """A step is done."""
        ...

    def validated(self, epoch: int, figures: dict[str, float], best: bool) -> None:
        """The held-out figures after an epoch."""
        ...

    def tell(self, text: str) -> None:
        """A sentence."""
        ...


class Keeper(Callback):
    """Validates, keeps the best weights, saves so that any run can go on, and stops when nothing gets better."""

    def __init__(self, folder: Path, config: Config, examine: Examine, watch: Watch) -> None:
        self.folder, self.config, self.settings = folder, config, config.train
        self.examine, self.watch = examine, watch
        self.best = math.nan
        self.best_step = -1
        self.steps = 0
        self.stale = 0
        """Validations since the best one."""
        self.frames = 0
        self.train_s = 0.0
        self.wall_s = 0.0
        self.best_wall_s = 0.0
        self.per_epoch = 1
        self._asked_to_stop = False
        self._mark = self._saved = time.monotonic()

    @property
    def state_key(self) -> str:
        """Its name in the checkpoint."""
        return "keeper"

    def state_dict(self) -> dict[str, Any]:
        """What it must know after a restart."""
        names = ("best", "best_step", "steps", "stale", "frames", "train_s", "wall_s", "best_wall_s")
        return {"config": self.config.json()} | {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As it was."""
        for name, value in state_dict.items():
            if name != "config":
                setattr(self, name, value)

    @property
    def gave_up(self) -> bool:
        """Whether nothing got better for too long."""
        return 0 < self.settings.patience <= self.stale

    def run(self, device: str, entries: Sequence[Listed]) -> Run:
        """What it came to."""
        return Run(
            folder=self.folder,
            device=device,
            entries=entries,
            steps=self.steps,
            epochs=-(-self.steps // self.per_epoch),
            best=self.best,
            best_step=self.best_step,
            frames_per_second=self.frames / max(self.train_s, 1e-9),
            step_ms=1000 * self.train_s / max(1, self.steps),
            wall_s=self.wall_s,
            best_wall_s=self.best_wall_s,
        )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The clock starts."""
        self._mark = self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Shown, batch_idx: int
    ) -> None:
        """Everything that is due after a step, in an order that a restart repeats."""
        if not isinstance(pl_module, Learner):
            return
        self.steps = step = trainer.global_step
        self.frames += batch.mask.numel() * trainer.world_size
        self.watch.step(step, pl_module.total, pl_module.lost)
        epoch, inside = divmod(step, self.per_epoch)
        stop = self._stop(trainer)
        late = trainer.world_size == 1 and time.monotonic() - self._saved > self.settings.save_minutes * 60
        if inside == 0 or stop or late:
            _refuse_no_numbers(pl_module, step)
        if inside == 0:
            self._pass_time(training=True)
            if epoch % self.settings.valid_every == 0 or step == pl_module.total:
                self._validate(trainer, pl_module, epoch)
                self._pass_time(training=False)
        if inside == 0 or stop or late:
            self._pass_time(training=True)
            trainer.save_checkpoint(self.folder / "last.ckpt")
            self._saved = time.monotonic()
        if stop:
            hint = "Go on with the same command and --resume"
            raise StoppedError(f"the training was interrupted after step {step}", hint)

    def _pass_time(self, *, training: bool) -> None:
        now = time.monotonic()
        self.wall_s += now - self._mark
        self.train_s += now - self._mark if training else 0.0
        self._mark = now

    def _validate(self, trainer: Trainer, learner: Learner, epoch: int) -> None:
        learner.average.eval()
        with torch.no_grad():
            figures: dict[str, float] = trainer.strategy.broadcast(
                self.examine(learner.average) if trainer.is_global_zero else {}
            )
        learner.average.train()
        for logger in trainer.loggers:
            logger.log_metrics({f"valid/{name}": value for name, value in figures.items()}, step=trainer.global_step)
        if self.settings.monitor not in figures:
            known = ", ".join(sorted(figures))
            raise ContinuoError(f"train.monitor: there is no figure {self.settings.monitor!r}", f"Known: {known}")
        value = figures[self.settings.monitor]
        better = self._better(value)
        if better:
            self.best, self.best_step, self.stale = value, trainer.global_step, 0
            self._pass_time(training=False)
            self.best_wall_s = self.wall_s
            if trainer.is_global_zero:
                files.write(self.folder / "best.safetensors", safetensors.torch.save(_plain(learner.average)))
        else:
            self.stale += 1
        self.watch.validated(epoch, figures, better)
        if self.gave_up:
            self.watch.tell(f"No better {self.settings.monitor} in {self.stale} validations: the run ends here")
            trainer.should_stop = True

    def _better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if math.isnan(self.best):
            return True
        return value < self.best if lower_is_better(self.settings.monitor) else value > self.best

    def _stop(self, trainer: Trainer) -> bool:
        if trainer.world_size == 1:
            return self._asked_to_stop
        return trainer.strategy.reduce_boolean_decision(self._asked_to_stop, all=False)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the run after the step at hand; a second Ctrl-C ends it at once."""

        def asked(number: int, _: FrameType | None) -> None:
            if self._asked_to_stop and number == signal.SIGINT:
                raise KeyboardInterrupt
            self._asked_to_stop = True

        before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _refuse_no_numbers(learner: Learner, step: int) -> None:
    if all(bool(torch.isfinite(value).all()) for value in learner.model.parameters()):
        return
    raise ContinuoError(
        f"the weights are no finite numbers any more at step {step}",
        "Lower train.lr or train.clip and start again; the last good checkpoint is kept",
    )


def lower_is_better(figure: str) -> bool:
    """Whether a figure of that name is the better the lower it is."""
    return any(part in figure for part in _LOWER_IS_BETTER)


def _plain(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}
