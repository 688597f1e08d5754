"""Players that only count: what each learned one must beat. They are asked like models."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional

from models.frame_model import Evidence
from models.frames import Batch, Choice
from train.evaluate.pieces import Piece

Context = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From the frame before (B, T, cell), the condition (B, T, key, plane) and the phase (B, T): an index (B, T, cell)."""

State = tuple[Tensor, ...]
"""The frame that closed last and the phase of the open one."""

FRAMES_OF_BEAT = 4
HALF = 0.5
"""What each outcome counts before anything was counted (Krichevsky and Trofimov 1981)."""


def before(target: Tensor, first: int = 0) -> Tensor:
    """(B, T, cell) of the frames before; the first one's is `first` everywhere."""
    return functional.pad(target, (0, 0, 1, 0), value=first)[:, :-1]


def nothing(past: Tensor, given: Tensor, phase: Tensor) -> Tensor:
    """No context: how often each outcome comes."""
    del given, phase
    return torch.zeros_like(past)


def past(past: Tensor, given: Tensor, phase: Tensor) -> Tensor:
    """The cell's own state in the frame before."""
    del given, phase
    return past


def place_in_beat(phase: Tensor) -> Tensor:
    """0 to 3, or 4 where the bar is not known."""
    return torch.where(phase > 0, (phase - 1) % FRAMES_OF_BEAT, FRAMES_OF_BEAT)


class CountTable:
    """Each cell by itself: how often each outcome followed each context in the train split."""

    def __init__(self, context: Context, shape: tuple[int, int, int], shared: bool = False) -> None:
        """Begin with nothing counted.

        Args:
            context: what an outcome depends on.
            shape: cells, contexts, outcomes.
            shared: whether all cells are counted together.
        """
        self.context, self.shape, self.shared = context, shape, shared
        self.counts = torch.full((1 if shared else shape[0], *shape[1:]), HALF, dtype=torch.float64)

    def count(self, pieces: Iterable[Piece]) -> CountTable:
        """Itself, with these pieces counted."""
        outcomes = self.shape[2]
        for piece in pieces:
            batch = piece.batch
            where = self._places(before(batch.target), batch.given, batch.phase)
            flat = (where * outcomes + batch.target)[batch.mask]
            self.counts += torch.bincount(flat.flatten(), minlength=self.counts.numel()).view_as(self.counts)
        return self

    def nll(self, batch: Batch, *, hidden: bool = False) -> Tensor:
        """(batch, frame) nats."""
        given = torch.zeros_like(batch.given) if hidden else batch.given
        logits = self._logits(before(batch.target), given, batch.phase)
        return -logits.gather(-1, batch.target[..., None])[..., 0].sum(-1)

    def start(self, batch: int = 1, phase: Tensor | None = None) -> State:
        """Silence."""
        silence = torch.zeros(batch, 1, self.shape[0], dtype=torch.long)
        return silence, silence[:, :, 0] if phase is None else phase

    def step(self, state: State, target: Tensor, given: Tensor, phase: Tensor) -> State:
        """The frame that closed, and the next one's phase."""
        del state, given
        return target, phase

    def free(self, batch: int = 1) -> Evidence:
        """Evidence of nothing."""
        return _free(batch, self.shape[0])

    def draw(self, state: State, given: Tensor | None, evidence: Evidence, choice: Choice) -> Tensor:
        """The open frame, (batch, 1, cell)."""
        if given is None:
            given = torch.zeros(*state[0].shape, 2)
        drawn = choice.pick(self._logits(state[0], given, state[1]))
        return torch.where(evidence.known >= 0, evidence.known, drawn)

    def _places(self, past: Tensor, given: Tensor, phase: Tensor) -> Tensor:
        """The row of the table for each cell."""
        context = self.context(past, given, phase)
        return context if self.shared else context + torch.arange(self.shape[0]) * self.shape[1]

    def _logits(self, past: Tensor, given: Tensor, phase: Tensor) -> Tensor:
        table = (self.counts / self.counts.sum(-1, keepdim=True)).log().flatten(0, 1)
        return table[self._places(past, given, phase)]


class HoldTable:
    """Each voice by itself: it holds on, or goes to another key as often as that was counted."""

    def __init__(self, keys: int, voices: int = 4, beat: bool = False, bigram: bool = False) -> None:
        """Begin with nothing counted.

        Args:
            keys: of the roll; one more outcome is a rest.
            voices: lines.
            beat: whether holding on depends on the place in the beat.
            bigram: whether the next key depends on the one that is left.
        """
        self.keys, self.voices, self.beat, self.bigram = keys, voices, beat, bigram
        outcomes = keys + 1
        self.held = torch.full((voices, FRAMES_OF_BEAT + 1, 2), HALF, dtype=torch.float64)
        self.next = torch.full((voices, outcomes), HALF, dtype=torch.float64)
        self.pairs = torch.zeros(voices, outcomes, outcomes, dtype=torch.float64)

    def count(self, pieces: Iterable[Piece]) -> HoldTable:
        """Itself, with these pieces counted."""
        for piece in pieces:
            target = piece.batch.target[0]  # (T, V)
            place = self._place(piece.batch.phase)[0]
            for voice in range(self.voices):
                line = target[:, voice]
                same = line[1:] == line[:-1]
                _add(self.held[voice], place[1:], same.long())
                self.next[voice] += torch.bincount(line, minlength=self.keys + 1)
                _add(self.pairs[voice], line[:-1][~same], line[1:][~same])
        return self

    def nll(self, batch: Batch, *, hidden: bool = False) -> Tensor:
        """(batch, frame) nats."""
        del hidden
        first = self._first()[:, batch.target[:, 0]].diagonal(dim1=0, dim2=-1)  # (B, V)
        later = self._chances(batch.target[:, :-1], batch.phase[:, 1:])  # (B, T - 1, V, K + 1)
        found = later.gather(-1, batch.target[:, 1:, :, None])[..., 0]
        return -torch.cat([first[:, None], found], 1).log().sum(-1)

    def start(self, batch: int = 1, phase: Tensor | None = None) -> State:
        """Before the first frame."""
        nothing_yet = torch.full((batch, 1, self.voices), -1)
        return nothing_yet, nothing_yet[:, :, 0] if phase is None else phase

    def free(self, batch: int = 1) -> Evidence:
        """Evidence of nothing."""
        return _free(batch, self.voices)

    def step(self, state: State, target: Tensor, given: Tensor, phase: Tensor) -> State:
        """The frame that closed, and the next one's phase."""
        del state, given
        return target, phase

    def draw(self, state: State, given: Tensor | None, evidence: Evidence, choice: Choice) -> Tensor:
        """The open frame, (batch, 1, voice)."""
        del given
        past, phase = state
        begins = bool((past < 0).any())
        chances = self._first().expand(*past.shape, -1) if begins else self._chances(past, phase)
        drawn = choice.pick(chances.log())
        return torch.where(evidence.known >= 0, evidence.known, drawn)

    def _place(self, phase: Tensor) -> Tensor:
        return place_in_beat(phase) if self.beat else torch.zeros_like(phase)

    def _first(self) -> Tensor:
        return self.next / self.next.sum(-1, keepdim=True)  # (V, K + 1)

    def _chances(self, past: Tensor, phase: Tensor) -> Tensor:
        """(B, T, V) and (B, T) to (B, T, V, K + 1)."""
        voice = torch.arange(self.voices)
        held = (self.held / self.held.sum(-1, keepdim=True))[voice, self._place(phase)[..., None], 1]  # (B, T, V)
        base = self._first()
        if self.bigram:
            trust = 5.0  # the marginal counts as so many pairs; 1 to 40 differ by 0.002 nats a note (train, four folds)
            rows = self.pairs + trust * base[:, None]
            new = (rows / rows.sum(-1, keepdim=True))[voice, past]
        else:
            new = base.expand(*past.shape, -1)
        here = functional.one_hot(past, self.keys + 1)
        new = new * (1 - here)
        new = new / new.sum(-1, keepdim=True)
        return held[..., None] * here + (1 - held[..., None]) * new


def _free(batch: int, cells: int) -> Evidence:
    known = torch.full((batch, 1, cells), -1)
    return Evidence(known, torch.zeros_like(known, dtype=torch.bool))


def _add(table: Tensor, row: Tensor, column: Tensor) -> None:
    """Count pairs in a table of rows and columns."""
    table += torch.bincount(row * table.shape[1] + column, minlength=table.numel()).view_as(table)
