"""What all keys have in common: layers whose weights are shared by every key, which sees the roll from where it stands.

Tied weights make what is learned in one key hold in all (Johnson 2017, "Generating Polyphonic Music Using Tied Parallel
Networks", EvoMUSART).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

OCTAVE = 12


class Surroundings(nn.Module):
    """Per key, what sounds around it: the keys up to `reach` away, and the pitch classes seen from its own."""

    fold: Tensor
    around: Tensor
    own: Tensor

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self, planes: int, width: int, *, keys: int, lowest: int, reach: int, circular: bool = False
    ) -> None:
        super().__init__()
        self.circular = circular
        self.reach = min(reach, keys - 1)
        self.near = nn.Linear(planes * (2 * self.reach + 1), width)
        self.classes = None if circular else nn.Linear(planes * OCTAVE, width, bias=False)
        pitch_class = (torch.arange(keys) + lowest) % OCTAVE
        self.register_buffer("fold", functional.one_hot(pitch_class, OCTAVE).float(), persistent=False)  # (K, 12)
        steps = torch.arange(OCTAVE)
        around = (steps[:, None] + steps) % OCTAVE
        self.register_buffer("around", around, persistent=False)
        self.register_buffer("own", pitch_class, persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """(..., key, plane) to (..., key, width)."""
        keys = planes.shape[-2]
        flat = planes.reshape(-1, keys, planes.shape[-1]).transpose(1, 2)  # (N, P, K)
        padded = functional.pad(flat, (self.reach, self.reach), mode="circular" if self.circular else "constant")
        near = padded.unfold(2, 2 * self.reach + 1, 1).transpose(1, 2).flatten(2)  # (N, K, P * (2 R + 1))
        out: Tensor = self.near(near)
        if self.classes is not None:
            folded = flat @ self.fold  # (N, P, 12)
            seen = folded[:, :, self.around].permute(0, 2, 1, 3).flatten(2)  # (N, 12, P * 12)
            out = out + self.classes(seen)[:, self.own]
        return out.view(*planes.shape[:-1], -1)


class Scan(torch.autograd.Function):
    """h[t] = f[t] h[t-1] + (1 - f[t]) z[t] over (frame, row, width): one fused step a frame, forward and backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, f: Tensor, first: Tensor) -> Tensor:
        """The states after every frame; `first` (row, width) is the one before them."""
        out = torch.empty_like(z)
        before = first
        for t in range(len(z)):
            torch.lerp(z[t], before, f[t], out=out[t])
            before = out[t]
        ctx.save_for_backward(z, f, first, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of z, f and the first state."""
        z, f, first, out = ctx.saved_tensors
        summed = grads[0].clone()
        for t in range(len(z) - 2, -1, -1):
            summed[t].addcmul_(summed[t + 1], f[t + 1])
        before = torch.cat((first[None], out[:-1]))
        return summed * (1 - f), summed * (before - z), summed[0] * f[0]


class KeyRecurrence(nn.Module):
    """A gated average of the past, the same weights for every row.

    Its gates see the input alone, so that all frames of a piece are multiplied at once (SRU; Lei et al. 2018,
    arXiv:1709.02755).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gates = nn.Linear(width, 3 * width)
        with torch.no_grad():
            # memories from a frame to some hundreds, from the start (Tallec and Ollivier 2018, arXiv:1804.11188)
            self.gates.bias[width : 2 * width] = torch.rand(width) * 5.5

    def forward(self, rows: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """(frame, row, width) and (row, width) to (frame, row, width) and the state after them."""
        z, f, r = self.gates(rows).chunk(3, -1)
        keep = torch.sigmoid(f)
        one = len(rows) == 1
        states: Tensor = torch.lerp(z, state[None], keep) if one else Scan.apply(z, keep, state)  # type: ignore[no-untyped-call]
        return torch.relu(states * torch.sigmoid(r) + rows), states[-1]
