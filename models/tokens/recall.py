"""What was decided in moments like this one is likelier again: so themes come back that were heard minutes ago.

A continuous cache (Grave, Joulin and Usunier 2017, arXiv:1612.04426) for each decision. Alike are moments in which a
decision is moved alike, less what moves it in any music.
"""

from __future__ import annotations

import numpy as np

from models.blocks.live.dense import Floats
from models.tokens import kernels

REMEMBERED = 4096
"""Decisions of a kind; the oldest go first."""
SHARPNESS = 70.0
"""How much more the most similar moment says than others, in nats from no likeness to the same."""
MOST, RELIANCE = 0.6, 5.0
"""How much is left to what is remembered: so much where the moment is the same, less by this power of the likeness."""


class Recall:
    """Moments of one kind of decision and what was decided, newest `REMEMBERED`. One thread owns it."""

    def __init__(self, centre: Floats) -> None:
        """`centre` (width,): the mean of moments in any music."""
        self._centre = centre
        self._moments = np.empty((256, len(centre)), np.float32)
        self._tokens = np.empty(256, np.int64)
        self._count = 0

    def remember(self, moment: Floats, token: int) -> None:
        """Keep what was decided at a moment (width,)."""
        if self._count == len(self._tokens) and self._count < REMEMBERED:
            self._moments, self._tokens = (np.concatenate([one, one]) for one in (self._moments, self._tokens))
        at = self._count % len(self._tokens)
        self._moments[at] = kernels.direction(moment, self._centre)
        self._tokens[at] = token
        self._count += 1

    def lean(self, moment: Floats, logits: Floats) -> Floats:
        """Log probabilities (token,) at a moment, of logits as the model gives them; -inf stays out of the question."""
        kept = min(self._count, len(self._tokens))
        moment = kernels.direction(moment, self._centre)
        leaning: Floats = kernels.leaned(
            moment, self._moments[:kept], self._tokens[:kept], logits, SHARPNESS, MOST, RELIANCE
        )
        return leaning
