"""What was decided in moments like this one is likelier again: so themes come back that were heard minutes ago.

Two ways for each decision. A continuous cache (Grave, Joulin and Usunier 2017, arXiv:1612.04426): alike are moments in
which a decision is moved alike, less what moves it in any music. And what followed the same notes, with back-off from
long phrases to shorter ones (Witten and Bell 1991), which the model's odds stand beneath as those of the corpus do
beneath the piece's in Pearce (2005).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from models.blocks.live.dense import Floats
from models.tokens import kernels

REMEMBERED = 4096
"""Decisions of a kind; the oldest go first."""
SHARPNESS = 70.0
"""How much more the most similar moment says than others, in nats from no likeness to the same."""
MOST, RELIANCE = 0.6, 5.0
"""How much is left to like moments: so much where one is the same, less by this power of the likeness."""

Phrase = tuple[Hashable, ...]


class Asked(NamedTuple):
    """A moment at which something is to be decided."""

    moment: Floats
    """(width,), what moves the decision."""
    phrases: tuple[Phrase, ...] = ()
    """The notes that it follows, short to long."""


class Recall:
    """What was decided of one kind, the newest `REMEMBERED`. One thread owns it."""

    def __init__(self, centre: Floats, trust: float) -> None:
        """Begin with nothing.

        Args:
            centre: (width,), the mean of moments in any music.
            trust: 0 to 1, how much is left to what followed the same phrase.
        """
        self._centre, self._trust = centre, trust
        self._moments = np.empty((256, len(centre)), np.float32)
        self._tokens = np.empty(256, np.int64)
        self._count = 0
        self._followed: dict[Phrase, Counter[int]] = {}
        self._phrases: deque[tuple[tuple[Phrase, ...], int]] = deque()

    def remember(self, asked: Asked, token: int) -> None:
        """Keep what was decided."""
        if self._count == len(self._tokens) and self._count < REMEMBERED:
            self._moments, self._tokens = (np.concatenate([one, one]) for one in (self._moments, self._tokens))
        at = self._count % len(self._tokens)
        self._moments[at] = kernels.direction(asked.moment, self._centre)
        self._tokens[at] = token
        self._count += 1
        for phrase in asked.phrases:
            self._followed.setdefault(phrase, Counter())[token] += 1
        self._phrases.append((asked.phrases, token))
        if len(self._phrases) > REMEMBERED:
            self._forget(*self._phrases.popleft())

    def lean(self, asked: Asked, logits: Floats) -> Floats:
        """Log probabilities (token,) of logits as the model gives them; -inf stays out of the question."""
        kept = min(self._count, len(self._tokens))
        moment = kernels.direction(asked.moment, self._centre)
        moments, tokens = self._moments[:kept], self._tokens[:kept]
        odds: Floats = kernels.leaned(moment, moments, tokens, logits, SHARPNESS, MOST, RELIANCE)
        known = [found for phrase in asked.phrases if (found := self._followed.get(phrase))]
        return self._follow(odds, known) if known else odds

    def _follow(self, odds: Floats, known: list[Counter[int]]) -> Floats:
        chances = np.exp(odds.astype(np.float64))
        own = chances
        for found in known:
            whole = found.total() + len(found)
            own = own * (len(found) / whole)
            for token, count in found.items():
                own[token] += count / whole
        own[chances == 0] = 0
        mixed: Floats = ((1 - self._trust) * chances + self._trust * own / own.sum()).astype(np.float32)
        with np.errstate(divide="ignore"):
            return np.log(mixed)

    def _forget(self, phrases: tuple[Phrase, ...], token: int) -> None:
        for phrase in phrases:
            found = self._followed[phrase]
            found[token] -= 1
            if not found[token]:
                del found[token]
            if not found:
                del self._followed[phrase]
