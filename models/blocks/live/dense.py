"""Linear layers and norms, compiled: matrices so small that calling NumPy for each costs more than they do. Any thread.

Sums may be taken in another order than they are written (`QUICK`): that is what lets the loops use vectors.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from torch import nn

Floats = NDArray[np.float32]

QUICK = {"reassoc", "contract", "nsz", "arcp"}
"""Of LLVM's fast math all but the belief that there is no NaN: what a broken model says has to be found out."""
EPSILON = 1e-5


@njit(cache=True, nogil=True, fastmath=QUICK)
def affine(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Give x W + b, (row, in) to (row, out)."""
    rows, many = x.shape
    wide, fours = weight.shape[1], many - many % 4
    out = np.empty((rows, wide), np.float32)
    for row in range(rows):
        for j in range(wide):
            out[row, j] = bias[j]
        for i in range(0, fours, 4):  # four at a time: each sum is fetched and stored less often
            a, b, c, d = x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3]
            for j in range(wide):
                out[row, j] += a * weight[i, j] + b * weight[i + 1, j] + c * weight[i + 2, j] + d * weight[i + 3, j]
        for i in range(fours, many):
            for j in range(wide):
                out[row, j] += x[row, i] * weight[i, j]
    return out


@njit(cache=True, nogil=True, fastmath=QUICK)
def normed(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Layer norm of each row, (row, width)."""
    out = np.empty_like(x)
    rows, width = x.shape
    for row in range(rows):
        mean = np.float32(0)
        for i in range(width):
            mean += x[row, i]
        mean /= np.float32(width)
        spread = np.float32(0)
        for i in range(width):
            spread += (x[row, i] - mean) ** 2
        scale = np.float32(1) / np.float32(math.sqrt(spread / np.float32(width) + np.float32(EPSILON)))
        for i in range(width):
            out[row, i] = (x[row, i] - mean) * scale * weight[i] + bias[i]
    return out


@njit(cache=True, nogil=True, fastmath=QUICK)
def add(x: Floats, y: Floats) -> None:
    """Add y to x, (row, width) both, in place."""
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] += y[row, i]


class Linear(NamedTuple):
    """y = x W + b."""

    weight: Floats
    """(in, out)."""
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(..., in) to (..., out)."""
        found: Floats = affine(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), self.weight, self.bias)
        return found.reshape(*x.shape[:-1], -1)


class Norm(NamedTuple):
    """Layer norm."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(..., width) to the same."""
        found: Floats = normed(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), self.weight, self.bias)
        return found.reshape(x.shape)


def array(value: Any) -> Floats:
    """A tensor's values."""
    return np.ascontiguousarray(value.detach().cpu().float().numpy())


def linear(layer: nn.Module | None) -> Linear:
    """The weights of a linear layer."""
    assert layer is not None  # noqa: S101 - a layer of a network that was built
    weight = array(layer.weight).T.copy()
    bias = np.zeros(weight.shape[1], np.float32) if layer.bias is None else array(layer.bias)
    return Linear(weight, bias)


def norm(layer: nn.Module) -> Norm:
    """The weights of a layer norm."""
    return Norm(array(layer.weight), array(layer.bias))
