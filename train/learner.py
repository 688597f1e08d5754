"""One step of learning, for Lightning: masked nats per frame, AdamW, a cosine, a running mean of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from train.config import Train
from train.feed import Shown, Steps, loader

_LOG_EVERY = 10
"""Steps between two values of the curve; each costs a wait for the device."""


class Learner(LightningModule):
    """A model that learns, and the running mean of its weights."""

    def __init__(self, model: Any, settings: Train, steps: Steps) -> None:
        super().__init__()
        self.model: Any = model
        self.average = deepcopy(model).requires_grad_(False)
        self.settings = settings
        self.steps = steps
        self.total = len(steps)
        self.lost = math.nan
        """The loss last looked at, in nats per frame."""

    def train_dataloader(self) -> DataLoader[Shown]:
        """The steps that are left, of this device's share."""
        share = self.steps.share(self.trainer.global_rank, self.trainer.world_size)
        return loader(share, self.global_step, self.settings.workers)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """A run that was at its end has more to do if it has more epochs now; Lightning would end it again."""
        progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
        progress["is_last_batch"] = checkpoint["global_step"] >= self.total

    def on_train_batch_start(self, batch: Shown, batch_idx: int) -> None:
        """What is random in a step hangs on seed, step and device alone: dropout survives a restart."""
        seed = (self.settings.seed * 1_000_003 + self.global_step) * 257 + self.global_rank
        torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for every kind of device: 0.2 ms
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)
        elif self.device.type == "mps":
            torch.mps.manual_seed(seed)

    def training_step(self, batch: Shown, batch_idx: int) -> Tensor:
        """Mean nats of the scored frames."""
        scored = batch.mask.sum()
        if self.trainer.world_size > 1:  # every frame weighs the same, on whichever device it is
            scored = self.trainer.strategy.reduce(scored.float(), reduce_op="mean")
        nats: Tensor = self.model.nll(batch)
        loss: Tensor = (nats * batch.mask).sum() / scored.clamp_min(1)
        if self.global_step % _LOG_EVERY == 0:
            self.lost = float(loss.detach())
            values = {"train/nats": self.lost, "train/lr": self.trainer.optimizers[0].param_groups[0]["lr"]}
            for logger in self.trainer.loggers:
                logger.log_metrics(values, step=self.global_step)
        return loss

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) that decays matrices only, along a cosine."""
        matrices = [value for value in self.model.parameters() if value.ndim > 1]
        others = [value for value in self.model.parameters() if value.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": self.settings.weight_decay},
            {"params": others},
        ]
        fused = self.device.type in {"cpu", "cuda", "mps"}
        optimizer = torch.optim.AdamW(groups, lr=self.settings.lr, weight_decay=0.0, fused=fused)
        scheduler = LambdaLR(optimizer, self.height)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def height(self, step: int) -> float:
        """Share of the highest learning rate."""
        warmup = min(self.settings.warmup, self.total // 2)
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(1, self.total - warmup)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Here and not in the Trainer, which refuses fused optimizers under mixed precision."""
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)

    def optimizer_step(self, *args: Any, **more: Any) -> None:
        """The step, then the running mean."""
        super().optimizer_step(*args, **more)
        step = self.global_step
        decay = min(self.settings.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            own, running = list(_tensors(self.model)), list(_tensors(self.average))
            mean: Callable[..., None] = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
            mean(running, own, 0)
            for old, new in zip(self.average.buffers(), self.model.buffers(), strict=True):
                old.copy_(new)


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    return (value.data for value in model.parameters())
