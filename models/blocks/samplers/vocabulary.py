"""The chords that have a name, over any of their tones, as one tree of decisions from the bass up."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from music.pitch import QUALITIES

OCTAVE = 12
SILENT = OCTAVE
"""Of the outcomes: from here on all classes are silent."""


class Vocabulary(nn.Module):
    """Chords as steps above their bass; each node is what is decided so far, each chord a way through the nodes."""

    nodes: Tensor
    """bool (node, 12): what sounds so far, step 0 is the bass."""
    newest: Tensor
    """(node,): the step that was decided last."""
    places: Tensor
    """(chord, turn): the node in which each outcome is drawn; -1 where the chord has ended."""
    steps: Tensor
    """(chord, turn): the step that is drawn, or the first one above which all is silent."""
    ends: Tensor
    """bool (chord, turn): whether that is the end."""
    classes: Tensor
    """bool (chord, 12)."""
    legal: Tensor
    """(pair, 2): each node with each step that may follow in it."""

    def __init__(self) -> None:
        super().__init__()
        chords = sorted({
            tuple(sorted((tone - bass) % OCTAVE for tone in tones)) for tones in QUALITIES.values() for bass in tones
        })  # fmt: skip
        nodes: dict[tuple[int, ...], int] = {}
        ways = [[_outcome(chord, turn, nodes) for turn in range(1, len(chord) + 1)] for chord in chords]
        turns = max(map(len, ways))
        padded = [way + [(-1, 0, False)] * (turns - len(way)) for way in ways]
        legal = [(i, step) for i, node in enumerate(nodes) for step in range(node[-1] + 1, OCTAVE)]
        for name, value in (
            ("nodes", _planes(list(nodes))),
            ("newest", torch.tensor([node[-1] for node in nodes])),
            *((name, torch.tensor([[each[i] for each in way] for way in padded]))
              for i, name in enumerate(("places", "steps", "ends"))),
            ("classes", _planes(chords)),
            ("legal", torch.tensor(legal)),
        ):  # fmt: skip
            self.register_buffer(name, value, persistent=False)


def _outcome(chord: tuple[int, ...], turn: int, nodes: dict[tuple[int, ...], int]) -> tuple[int, int, bool]:
    """The node, the step and whether it is the end, when `turn` tones of a chord are decided."""
    ends = turn == len(chord)
    if ends and chord[-1] == OCTAVE - 1:  # there is nothing above it to be silent
        return -1, 0, False
    node = nodes.setdefault(chord[:turn], len(nodes))
    return node, chord[-1] + 1 if ends else chord[turn], ends


def _planes(chords: list[tuple[int, ...]]) -> Tensor:
    found = torch.zeros(len(chords), OCTAVE, dtype=torch.bool)
    for row, chord in zip(found, chords, strict=True):
        row[list(chord)] = True
    return found
