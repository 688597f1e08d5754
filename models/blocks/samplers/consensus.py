"""Which of the likeliest frames to play: the one that agrees most with them all."""

from __future__ import annotations

import torch
from torch import Tensor

BEAM = 8
"""Frames that are kept while they are decided voice by voice. More make nothing better (measured: 2026-11-26)."""
SAME = 0.5
"""What it counts that two frames have just the same pitch classes, beside the share that they have in common."""
_TIE = 1e-3


def consensus(classes: Tensor, nats: Tensor) -> Tensor:
    """(row,): the frame whose pitch classes are expected to have most in common with what else could be played.

    The likeliest frame of all may be an odd one, with little chance: what it shares with others counts here (minimum
    Bayes risk; Kumar and Byrne 2004, "Minimum Bayes-Risk Decoding for Statistical Machine Translation").

    Args:
        classes: (row, frame, 12) of 0 and 1.
        nats: (row, frame) log-probabilities.
    """
    classes = classes.float()
    both = classes @ classes.transpose(1, 2)
    size = classes.sum(-1)
    either = size[:, :, None] + size[:, None] - both
    shared = torch.where(either > 0, both / either.clamp_min(1), 1.0)
    shared = shared + SAME * (both == either)
    expected = (shared * nats.softmax(-1)[:, None]).sum(-1)
    return (expected + _TIE * nats.clamp_min(-1e3)).argmax(-1)


def widened(nats: Tensor, outcomes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest continuations of several frames: (row, frame) log-probabilities, parent and outcome of each.

    Args:
        nats: (row, frame) so far.
        outcomes: (row, frame, outcome) log-probabilities of what may follow.
    """
    total = (nats[:, :, None] + outcomes).flatten(1)
    best, index = total.topk(min(BEAM, total.shape[1]), 1)
    return best, index // outcomes.shape[-1], index % outcomes.shape[-1]
