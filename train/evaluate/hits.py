"""How much of what sounds a player foretells: F1 of cells, all frames or only those in which something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]
"""What was foretold and what came, long (frame, cell) each, of one piece."""


@dataclass(slots=True)
class Hits:
    """Cells that were foretold rightly, wrongly, and not at all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, foretold: Tensor, came: Tensor) -> None:
        """Two bool tensors of one shape."""
        self.right += int((foretold & came).sum())
        self.wrong += int((foretold & ~came).sum())
        self.missed += int((~foretold & came).sum())

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was right."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def figures(pairs: Iterable[Pair], strikes: bool) -> dict[str, float]:
    """F1 of what is foretold one frame ahead with the truth heard until then.

    `frame_f1`: cells that sound, all frames but the first. `change_f1`: the same in frames that differ from the frame
    before. `onset_f1`: in these frames, the cells that begin to sound.

    Args:
        pairs: foretold and true states of each piece.
        strikes: whether state 2 is an onset (also of what sounded before); if not, an onset is silence before sound.
    """
    frame, change, onset = Hits(), Hits(), Hits()
    for foretold, came in pairs:
        past, will, does = came[:-1], foretold[1:], came[1:]
        changes = changing(came, strikes)[1:]
        frame.add(will > 0, does > 0)
        change.add(will[changes] > 0, does[changes] > 0)
        silent = past[changes] == 0
        begins = _begins(strikes, silent)
        onset.add(begins(will[changes]), begins(does[changes]))
    return {"frame_f1": frame.f1, "change_f1": change.f1, "onset_f1": onset.f1}


def changing(came: Tensor, strikes: bool) -> Tensor:
    """(frame,) whether anything begins or ends; the first frame counts as one."""
    differs = ((came[1:] > 0) != (came[:-1] > 0)).any(-1)
    if strikes:
        differs |= (came[1:] == 2).any(-1)
    return torch.cat([torch.ones(1, dtype=torch.bool), differs])


def _begins(strikes: bool, silent: Tensor) -> Callable[[Tensor], Tensor]:
    if strikes:
        return lambda state: state == 2
    return lambda state: (state > 0) & silent


def persistence(came: Tensor, strikes: bool) -> Pair:
    """The frame before said again; where states tell onsets, the chord struck last is struck again at each change."""
    foretold = torch.cat([torch.zeros_like(came[:1]), came[:-1]])
    if strikes:
        foretold = foretold.clamp(max=1)
        changes, last = changing(came, strikes), torch.zeros_like(came[0], dtype=torch.bool)
        for t in torch.nonzero(changes)[:, 0].tolist():
            foretold[t][last] = 2
            if bool((came[t] == 2).any()):
                last = came[t] == 2
    return foretold, came
