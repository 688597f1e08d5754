"""The chords that have a name, over any of their tones, as one tree of decisions from the bass up."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from models.blocks.live.picking import Ints
from music.pitch import QUALITIES

OCTAVE = 12
_Node = tuple[int, ...]


class Names(NamedTuple):
    """Chords as steps above their bass; each node is what is decided so far, each chord a way through the nodes."""

    newest: Ints
    """(node,): the step that was decided last."""
    places: Ints
    """(chord, turn): the node in which each outcome is drawn; -1 where the chord has ended."""
    outcomes: Ints
    """(chord, turn): the step that is drawn, or 12 + the first one from which on all is silent."""
    masks: Ints
    """(chord,): its steps as bits."""
    legal: Ints
    """(pair, 2): each node with each step that may follow in it."""
    columns: Ints
    """(pair, most): which inputs of `Surroundings` that step sees of the node, -1 for none."""


@cache
def names(reach: int) -> Names:
    """All named chords, as seen by `Surroundings` of three planes (sounds, bass, newest) and so far a reach."""
    chords = sorted({
        tuple(sorted((tone - bass) % OCTAVE for tone in tones)) for tones in QUALITIES.values() for bass in tones
    })  # fmt: skip
    nodes: dict[_Node, int] = {}
    ways = [[_outcome(chord, turn, nodes) for turn in range(1, len(chord) + 1)] for chord in chords]
    turns = max(map(len, ways))
    padded = np.array([way + [(-1, 0)] * (turns - len(way)) for way in ways])
    legal = [(node, step) for node in nodes for step in range(node[-1] + 1, OCTAVE)]
    columns = [_columns(node, step, reach) for node, step in legal]
    most = max(map(len, columns))
    return Names(
        np.array([node[-1] for node in nodes]),
        np.ascontiguousarray(padded[..., 0]),
        np.ascontiguousarray(padded[..., 1]),
        np.array([sum(1 << step for step in chord) for chord in chords]),
        np.array([(nodes[node], step) for node, step in legal]),
        np.array([row + [-1] * (most - len(row)) for row in columns]),
    )


def _outcome(chord: _Node, turn: int, nodes: dict[_Node, int]) -> tuple[int, int]:
    """The node and the outcome when `turn` tones of a chord are decided."""
    ends = turn == len(chord)
    if ends and chord[-1] == OCTAVE - 1:  # there is nothing above it to be silent
        return -1, 0
    node = nodes.setdefault(chord[:turn], len(nodes))
    return node, OCTAVE + chord[-1] + 1 if ends else chord[turn]


def _columns(node: _Node, step: int, reach: int) -> list[int]:
    """The inputs that are 1 for a step where a node's classes sound, the lowest as the bass and the last as newest."""
    across = 2 * reach + 1
    seen = [(0, tone) for tone in node] + [(1, node[0]), (2, node[-1])]
    return [
        plane * across + distance
        for plane, tone in seen
        for distance in range((tone - step + reach) % OCTAVE, across, OCTAVE)
    ]
