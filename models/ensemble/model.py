"""The network and how it is asked, as training and evaluation take it."""

from __future__ import annotations

from torch import Tensor

from models.ensemble import passes
from models.ensemble.batch import EventBatch
from models.ensemble.network import Network


class EnsembleModel(Network):
    """Decides what an ensemble sounds at each event."""

    def nll(self, batch: EventBatch) -> Tensor:
        """(batch, event) nats, not masked: in training what is descended, else exact with as many passes as played."""
        return passes.loss(self, batch) if self.training else passes.scored(self, batch)
