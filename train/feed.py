"""Which windows each step sees: a pure function of seed and step, so that a run goes on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from models.ensemble.batch import EventBatch
from models.frames import Batch
from models.tokens.batch import TokenBatch
from music.errors import ContinuoError

Shown = Batch | EventBatch | TokenBatch
"""Windows side by side."""


class Source(Sized, Protocol):
    """The windows of a corpus."""

    def batch(self, epoch: int, indices: Sequence[int]) -> Shown:
        """These windows side by side, as they are shown in this epoch."""
        ...


class Steps(Dataset[Shown]):
    """The batch of each step of the whole run, or one device's share of it."""

    def __init__(self, source: Source, *, batch: int, epochs: int, seed: int) -> None:
        self.source, self.batch, self.epochs, self.seed = source, batch, epochs, seed
        self.rank, self.world = 0, 1
        self._order: tuple[int, list[int]] = (-1, [])

    @property
    def per_epoch(self) -> int:
        """Steps until every window was shown once; what does not fill a batch waits for another epoch."""
        return max(1, len(self.source) // self.batch)

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    def __getitem__(self, step: int) -> Shown:
        epoch, place = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._order = (epoch, torch.randperm(len(self.source), generator=generator).tolist())
        mine = self._order[1][place * self.batch : (place + 1) * self.batch][self.rank :: self.world]
        return self.source.batch(epoch, mine)

    def share(self, rank: int, world: int) -> Steps:
        """What one of several devices sees; ContinuoError where it cannot be shared out evenly."""
        size = min(self.batch, len(self.source))
        if size % world:
            raise ContinuoError(
                f"a batch of {size} windows cannot be shared out over {world} devices",
                f"Take a multiple of {world} for train.batch",
            )
        steps = Steps(self.source, batch=self.batch, epochs=self.epochs, seed=self.seed)
        steps.rank, steps.world = rank, world
        return steps


class _From(Sampler[int]):
    """Steps from one on; its length is the whole run's, which is what Lightning counts in."""

    def __init__(self, first: int, total: int) -> None:
        self.first, self.total = first, total

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.total))

    def __len__(self) -> int:
        return self.total


def _as_it_is(batch: Any) -> Any:
    return batch


def loader(steps: Steps, first: int, workers: int = 0) -> DataLoader[Shown]:
    """The steps from `first` on, one batch after the other."""
    return DataLoader(
        steps,
        batch_size=None,
        sampler=_From(first, len(steps)),
        collate_fn=_as_it_is,  # torch calls it with what the data set gives
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
    )
