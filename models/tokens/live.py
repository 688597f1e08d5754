"""One note at a time: what `TokenModel` computes, compiled; torch takes several times as long for one.

Held to the model by tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from models.blocks.live.dense import Floats, Linear, array, linear, norm
from models.tokens import kernels
from models.tokens.attention import TURNS_ROWS, TURNS_TICKS
from models.tokens.model import Decision, TokenModel
from models.tokens.near import HALF_LIVES_TICKS, KEYS, LOWEST, Near
from models.tokens.recall import Asked, Phrase, Recall
from music.tokens import LENGTH, LONGEST_WAIT, NOTHING, PHASE, PITCH, VELOCITY, WAIT

_HALF_LIVES = np.array(HALF_LIVES_TICKS, np.float32)[:, None]

SHORTEST_PHRASE, LONGEST_PHRASE = 3, 4
"""Notes, whose like is looked for in what was heard."""
TRUST = {PITCH: 1.0, VELOCITY: 0.5, LENGTH: 0.6, WAIT: 0.6}
"""See `Recall`; more would cost fewer nats of a pitch, and more of when it comes."""

Row = tuple[int, ...]
"""A note, by field."""


@dataclass(slots=True)
class Cache:
    """Keys and values of rows, (layer, head, capacity, depth). Whoever holds the first of them may go on from there."""

    keys: Floats
    values: Floats
    filled: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Where a piece stands: the rows that were heard, and what follows from them. It is never changed."""

    cache: Cache
    length: int
    """Rows of the cache that belong to it."""
    rows: int
    """Rows so far."""
    tick: int
    """When the next note comes, from the first row on."""
    seen: Floats
    """(width,): what is known of it."""
    near: Floats
    """(kind, key): what was played, the less the longer ago."""
    newest: tuple[Row, ...] = ()
    """The newest rows."""


class Deciding:
    """`Decision` for one note."""

    def __init__(self, decision: Decision, field: int) -> None:
        self._inner, self.logits = linear(decision.inner), linear(decision.out)
        self._known, self._field = decision.known, field
        self._told = [array(told.weight) for told in decision.told]
        self._centre = array(decision.centre)

    def recall(self) -> Recall:
        """A memory of what is decided."""
        return Recall(self._centre, TRUST[self._field])

    def asked(self, state: State, note: Row) -> Asked:
        """The moment at which it is to be decided of a note, as far as that is known."""
        x = self._inner(state.seen)
        for one, told in zip(self._known, self._told, strict=True):
            x += told[note[one]]
        kernels.curve(x)
        rows = (*state.newest, note) if self._field == WAIT else state.newest
        return Asked(x, _phrases(rows, self._field, together=self._field != WAIT and note[WAIT] == 0))

    def __call__(self, state: State, note: Row, recall: Recall | None = None) -> Floats:
        """Logits of its tokens, with what is remembered where there is something."""
        asked = self.asked(state, note)
        logits = self.logits(asked.moment)
        return recall.lean(asked, logits) if recall else logits


def _phrases(rows: tuple[Row, ...], field: int, *, together: bool) -> tuple[Phrase, ...]:
    """What the newest rows are to a decision about a note, whether it begins together with them or later."""
    symbols = [_symbol(row, field) for row in rows[-LONGEST_PHRASE:][::-1]]
    return tuple((together, *symbols[:many]) for many in range(SHORTEST_PHRASE, len(symbols) + 1))


def _symbol(row: Row, field: int) -> int | tuple[int, int]:
    if field == PITCH:
        return row[PITCH], row[WAIT] == 0
    return (row[WAIT], row[PHASE]) if field == WAIT else row[field]


class Heard(NamedTuple):
    """A row, and the state before it that knows when it comes."""

    state: Any
    row: Row


class Recalls(NamedTuple):
    """What is remembered of the decisions of a piece."""

    pitch: Recall
    velocity: Recall
    length: Recall
    wait: Recall


class _Near:
    """`Near` for one note."""

    def __init__(self, near: Near) -> None:
        told, self._out = linear(near.told), array(near.out.weight)[0]
        self._around, self._classes = (
            np.ascontiguousarray(array(weight).transpose(1, 2, 0)) for weight in (near.around.weight, near.classes)
        )
        self._told = Linear(told.weight, told.bias + array(near.around.bias))

    def add(self, state: State, logits: Floats) -> None:
        """Add what it says to the logits of pitches."""
        kernels.near_scores(
            state.near, self._told(state.seen), self._around, self._classes, self._out, logits[LOWEST : LOWEST + KEYS]
        )


class Live:
    """A model for one note at a time; keeps nothing between calls. Any thread."""

    def __init__(self, model: TokenModel) -> None:
        model = model.cpu().eval()
        self.config = model.config
        self._pitch, self.velocity = Deciding(model.pitch, PITCH), Deciding(model.velocity, VELOCITY)
        self.length, self.wait = Deciding(model.length, LENGTH), Deciding(model.wait, WAIT)
        self._near = _Near(model.near) if model.near is not None else None
        self._fields = [array(field.weight) for field in model.fields]
        self._next_wait, self._next_phase = array(model.next_wait.weight), array(model.next_phase.weight)
        layers: list[Any] = list(model.layers)
        self._norms = np.stack([
            [*norm(one.before_attention), *norm(one.before_step)] for one in layers
        ])  # fmt: skip
        self._weights = [
            np.stack([getattr(linear(getattr(one, name)), part) for one in layers])
            for name in ("query_key_value", "out", "up", "down")
            for part in ("weight", "bias")
        ]
        self._last = norm(model.last)

    def start(self) -> State:
        """Before the first note."""
        config = self.config
        shape = (config.layers, config.heads, 2 * config.context, config.width // config.heads)
        cache = Cache(np.empty(shape, np.float32), np.empty(shape, np.float32))
        near = np.zeros((len(HALF_LIVES_TICKS), KEYS), np.float32)
        return State(cache, 0, 0, 0, np.zeros(config.width, np.float32), near)

    def recalls(self) -> Recalls:
        """Nothing is remembered yet."""
        return Recalls(*(one.recall() for one in (self._pitch, self.velocity, self.length, self.wait)))

    def remember(self, recalls: Recalls, before: Heard, now: Heard, *, ended: bool) -> None:
        """Keep what was decided of a row; its length only where it has `ended`."""
        state, row = now
        if before.state.rows:
            recalls.wait.remember(self.wait.asked(*before), row[WAIT])
        recalls.pitch.remember(self._pitch.asked(state, row), row[PITCH])
        if row[PITCH] != NOTHING:
            recalls.velocity.remember(self.velocity.asked(state, row), row[VELOCITY])
            if ended:
                recalls.length.remember(self.length.asked(state, row), row[LENGTH])

    def pitch(self, state: State, before: Row, wait: int, recall: Recall | None = None) -> Floats:
        """Logits of the pitch so long after a note; a chord is written from the lowest note up."""
        asked = self._pitch.asked(state, (wait,))
        logits = self._pitch.logits(asked.moment)
        if self._near is not None:
            self._near.add(state, logits)
        if wait == 0:
            logits[: before[PITCH] + 1] = -np.inf
        if wait != LONGEST_WAIT:
            logits[NOTHING] = -np.inf
        return recall.lean(asked, logits) if recall else logits

    def hear(self, state: State, row: Row, wait: int, phase: int) -> State:
        """A note, and when the next one comes: so many ticks later, at that phase."""
        cache, at = self._room(state)
        tick = state.tick + wait
        x = self._next_wait[wait] + self._next_phase[phase]
        for field, token in zip(self._fields, row, strict=True):
            x += field[token]
        cos, sin = _turns(tick, state.rows)
        since = max(0, at + 1 - self.config.context)
        seen = kernels.step(x, cos, sin, self._norms, *self._weights, cache.keys, cache.values, since, at)
        cache.filled = at + 1
        near = state.near.copy()
        if LOWEST <= row[PITCH] < LOWEST + KEYS:
            near[:, row[PITCH] - LOWEST] += 1
        near *= 0.5 ** (wait / _HALF_LIVES)
        newest = (*state.newest, row)[-LONGEST_PHRASE:]
        return State(cache, at + 1, state.rows + 1, tick, self._last(seen), near, newest)

    def _room(self, state: State) -> tuple[Cache, int]:
        """A cache with room for a row more, and its place there; another one where others have gone on already."""
        cache, length = state.cache, state.length
        fits = length < cache.keys.shape[2]
        if fits and length == cache.filled:
            return cache, length
        kept = length if fits else self.config.context
        other = Cache(np.empty_like(cache.keys), np.empty_like(cache.values))
        other.keys[:, :, :kept] = cache.keys[:, :, length - kept : length]
        other.values[:, :, :kept] = cache.values[:, :, length - kept : length]
        return other, kept


def _turns(tick: int, row: int) -> tuple[Floats, Floats]:
    periods = np.array(TURNS_TICKS + TURNS_ROWS)
    places = np.array([tick] * len(TURNS_TICKS) + [row] * len(TURNS_ROWS), np.float64)
    angles = places % periods * (2 * np.pi / periods)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
