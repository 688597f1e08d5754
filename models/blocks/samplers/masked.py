"""Any key given any others."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.samplers.evidence import bernoulli, settled
from models.frames import Choice
from models.losses import key_nats

Order = Literal["lowest", "highest"]


class Masked(nn.Module):
    """Whether each key sounds, given the past and any keys of its frame that are decided already: an orderless NADE.

    One network for all orders (Uria, Murray and Larochelle 2014, arXiv:1310.1757), convolutional over the keys as in
    Coconet (Huang et al. 2017, arXiv:1903.07227). A key that is not known is a plane of its own, not a third value.

    A frame is drawn in `passes` passes: each decides its share of the free keys at once, those with the lowest (or
    the highest) entropy first. That walk is a chain of conditionals like any other, so `nll` in evaluation is the exact
    likelihood of what `draw` draws at temperature 1 without evidence. The fewer passes, the more keys are independent
    of each other. Evidence is conditioned on by the network, which was trained for that, and not by Bayes' rule: the
    orders need not agree with each other. At temperature 0 each key is the likeliest given those before it.
    """

    def __init__(self, width: int, *, keys: int, hidden: int = 32, passes: int = 8, order: Order = "lowest") -> None:
        super().__init__()
        self.keys, self.passes, self.order = keys, min(passes, keys), order
        self.features = nn.Linear(width, hidden)
        self.key = nn.Parameter(torch.zeros(keys, hidden))
        self.decided = nn.Linear(2, hidden, bias=False)
        self.whole = nn.Linear(2 * keys, hidden, bias=False)
        self.near = nn.Conv1d(hidden, hidden, 13, padding=6)
        self.octaves = nn.Conv1d(hidden, hidden, 5, padding=24, dilation=12)
        self.out = nn.Linear(hidden, 1)

    def nll(self, features: Tensor, target: Tensor) -> Tensor:
        """(batch, frame) nats: exact for the walk of `draw` in evaluation, `estimate` while training."""
        if self.training:
            return self.estimate(features, target)
        base, decided = self._base(features), torch.zeros_like(target, dtype=torch.bool)
        nats = torch.zeros_like(base[..., 0, 0], dtype=torch.float)
        for left in range(self.passes, 0, -1):
            logits = self._logits(base, target, decided)
            now = self._share(logits, decided, left)
            nats = nats + (key_nats(logits, target) * now).sum(-1)
            decided = decided | now
        return nats

    def estimate(self, features: Tensor, target: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(batch, frame) nats of the keys behind a random mask, times all keys over hidden ones.

        An unbiased estimate of the mean over all orders of the exact nats of each (Uria et al. 2014), and with it
        of an upper bound on those of the mixture of all orders.
        """
        shape, device = target.shape, target.device
        count = torch.randint(self.keys, (*shape[:2], 1), device=device, generator=generator)
        decided = torch.rand(shape, device=device, generator=generator).argsort(-1) < count
        nats = key_nats(self._logits(self._base(features), target, decided), target)
        return (nats * ~decided).sum(-1) * self.keys / (self.keys - count[..., 0])

    def ordered_nll(self, features: Tensor, target: Tensor, order: Tensor) -> Tensor:
        """(batch, frame) nats, exact when the keys are decided one by one in this order, long (key,)."""
        base, decided = self._base(features), torch.zeros_like(target, dtype=torch.bool)
        nats = torch.zeros_like(base[..., 0, 0], dtype=torch.float)
        for key in order.tolist():
            logits = self._logits(base, target, decided)
            nats = nats + key_nats(logits[..., key], target[..., key])
            decided[..., key] = True
        return nats

    def mean_nll(self, features: Tensor, target: Tensor, orders: Tensor) -> Tensor:
        """(batch, frame) nats, the mean over these orders, long (order, key).

        An upper bound on the exact nats of the equal mixture of the same orders (Jensen), and where the orders are
        random an unbiased estimate of the mean over all orders.
        """
        return torch.stack([self.ordered_nll(features, target, order) for order in orders]).mean(0)

    def planes(self, target: Tensor) -> Tensor:
        """(batch, frame, key) as planes of a roll, (batch, frame, key, 1)."""
        return target[..., None].float()

    def draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, key)."""
        base = self._base(features)
        decided, value = settled(known, banned)
        for left in range(self.passes, 0, -1):
            logits = self._logits(base, value, decided)
            now = self._share(logits, decided, left)
            value = torch.where(now, bernoulli(logits.float(), choice), value)
            decided = decided | now
        return value

    def _base(self, features: Tensor) -> Tensor:
        base: Tensor = self.features(features) + self.key  # (B, T, K, H)
        return base

    def _logits(self, base: Tensor, value: Tensor, decided: Tensor) -> Tensor:
        """(batch, frame, key); what is not decided is not seen, whatever `value` says there."""
        seen = torch.stack([value * decided, decided], -1).to(base.dtype)  # (B, T, K, 2)
        x = functional.relu(base + self.decided(seen) + self.whole(seen.flatten(2))[:, :, None])  # (B, T, K, H)
        rows = x.flatten(0, 1).transpose(1, 2)  # (B T, H, K)
        rows = rows + functional.relu(self.near(rows))
        rows = rows + functional.relu(self.octaves(rows))
        out: Tensor = self.out(rows.transpose(1, 2))
        return out.view(base.shape[:3])

    def _share(self, logits: Tensor, decided: Tensor, left: int) -> Tensor:
        """Which of the free keys this pass decides, when `left` passes are left; each slot has its own free keys."""
        certainty = logits.detach().abs()  # falls as the entropy of a key rises
        rank = certainty if self.order == "highest" else -certainty
        place = rank.masked_fill(decided, float("inf")).argsort(dim=-1, stable=True).argsort(-1)
        count = ((~decided).sum(-1, keepdim=True) + left - 1) // left
        share: Tensor = (place < count) & ~decided
        return share
