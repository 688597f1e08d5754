"""Protocol C: an orchestra that answers a piano, event by event, against the orchestra that was written.

A unit is a section and a pitch within its instrument's extreme range. Of each event a player foretells which units
sound, from the piano up to and including the event and from the orchestra before it: the written one (teacher-forced)
or its own (free-running). Accuracy is TP / (TP + FP + FN), as in Crestel and Esling 2017, Live Orchestral Piano
(arXiv:1609.01203), mean over events; an event at which nothing sounds and nothing was foretold counts 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from music.orchestra import REST, SECTIONS, SLOTS
from train.ensembles.arrays import Ensembles
from train.ensembles.events import LOWEST
from train.evaluate.pieces import spread

State = NDArray[np.bool_]
"""(event, unit): what sounds right after an event."""
Chances = NDArray[np.float32]
"""(event, unit): how likely it sounds."""
Figures = dict[str, float]

UNITS = tuple(
    (number, pitch)
    for number, section in enumerate(SECTIONS)
    for pitch in range(section.instrument.extreme[0], section.instrument.extreme[1] + 1)
)
"""(section, pitch) of every unit."""
UNIT_SECTION = np.array([section for section, _ in UNITS])
UNIT_PITCH = np.array([pitch for _, pitch in UNITS])
CLASSES = 12
SURE = 1e-6  # no player's chance counts for more certain than so

_NUMBER = {unit: number for number, unit in enumerate(UNITS)}
_OF_SLOT = np.array([[_NUMBER.get((section, pitch), len(UNITS)) for pitch in range(128)] for section, _ in SLOTS])


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece in event time, and what its orchestra sounds."""

    arrays: Ensembles
    state: State

    def __len__(self) -> int:
        return len(self.state)

    @property
    def before(self) -> State:
        """The state before each event; silence before the first."""
        return before(self.state)

    @staticmethod
    def of_section(number: int) -> NDArray[np.bool_]:
        """(unit,): which are a section's."""
        found: NDArray[np.bool_] = np.equal(UNIT_SECTION, number)
        return found

    @property
    def changes(self) -> NDArray[np.bool_]:
        """(event,): whether the orchestra sounds something else than before."""
        found: NDArray[np.bool_] = (self.state != self.before).any(1)
        return found


class Player(Protocol):
    """What is measured."""

    def foretell(self, piece: Piece) -> tuple[State, NDArray[np.float64]]:
        """What it would play at each event after the written orchestra before it, and (event,) nats of what came.

        From the piano up to the event; exact nats of the event's state, or an upper bound.
        """
        ...

    def play(self, piece: Piece) -> State:
        """What it plays along the piano of a piece when it hears only itself; it must not look at the orchestra."""
        ...


def pieces(ensembles: Ensembles, split: str, corpora: Sequence[str] = (), most: int | None = None) -> list[Piece]:
    """The pieces of a split, only of some corpora if wanted, and at most so many, evenly from all of them."""
    entries = [entry for entry in ensembles.of(split) if not corpora or entry.corpus in corpora]
    found = [ensembles.piece(entry) for entry in (entries if most is None else spread(entries, most))]
    return [Piece(arrays, units(arrays.slots)) for arrays in found]


def units(slots: NDArray[np.uint8]) -> State:
    """(event, unit) of what slots (event, slot) sound; a pitch that its section does not have is in no unit."""
    state = np.zeros((len(slots), len(UNITS) + 1), bool)
    rows = np.arange(len(slots))
    for slot, numbers in enumerate(_OF_SLOT):
        state[rows, numbers[slots[:, slot]]] = slots[:, slot] != REST
    return state[:, :-1]


def unit_of(section: int, pitch: int) -> int | None:
    """The place of a unit; None where the section does not have the pitch."""
    return _NUMBER.get((section, pitch))


def before(state: State) -> State:
    """The rows of the events before; silence before the first."""
    found = np.zeros_like(state)
    found[1:] = state[:-1]
    return found


def metrics(player: Player, some: Sequence[Piece]) -> Figures:
    """All figures of a player: teacher-forced, and with `free_` in front free-running."""
    return forced_metrics(player, some) | free_metrics(player.play, some)


def free_metrics(play: Callable[[Piece], State], some: Iterable[Piece]) -> Figures:
    """The free-running figures of who plays."""
    free = _Hits()
    for piece in some:
        played = play(piece)
        free.add(piece, played, before(played))
    return {f"free_{name}": value for name, value in free.figures().items()}


def forced_metrics(player: Player, some: Iterable[Piece]) -> Figures:
    """The teacher-forced figures of a player."""
    forced, nats = _Hits(), _Mean()
    for piece in some:
        foretold, surprises = player.foretell(piece)
        nats.add(surprises[piece.arrays.at_piano])
        forced.add(piece, foretold, piece.before)
    return {"nats_per_piano_event": nats.value} | forced.figures()


def written(some: Iterable[Piece]) -> Figures:
    """What the pieces' own orchestras have of the figures that compare with the piano."""
    hits = _Hits()
    for piece in some:
        hits.add(piece, piece.state, piece.before)
    return {f"free_{name}": hits.figures()[name] for name in ("coverage", "foreign_notes")}


def surprise(chances: Chances, state: State) -> NDArray[np.float64]:
    """(event,) nats: binary cross-entropy, summed over the units."""
    right = np.where(state, chances, 1 - chances).astype(np.float64)
    found: NDArray[np.float64] = -np.log(np.clip(right, SURE, 1)).sum(1)
    return found


def shuffled(some: Sequence[Piece]) -> list[Piece]:
    """Each orchestra with the piano of the next piece, repeated or cut: what a player makes of the piano must fall."""
    found = []
    for piece, other in zip(some, [*some[1:], *some[:1]], strict=True):
        own, others = piece.arrays, other.arrays
        rows = np.arange(len(piece)) % len(other)
        arrays = Ensembles(
            piano=others.piano[rows],
            piano_velocity=others.piano_velocity[rows],
            slots=own.slots,
            struck=own.struck,
            beat=own.beat,
            phase=own.phase,
            at_piano=own.at_piano,
            index=own.index,
        )
        found.append(Piece(arrays, piece.state))
    return found


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, values: NDArray[np.float64]) -> None:
        self.total += float(values.sum())
        self.count += len(values)

    @property
    def value(self) -> float:
        return self.total / max(1, self.count)


class _Hits:
    """Units foretold rightly, wrongly and not at all; by event and altogether."""

    def __init__(self) -> None:
        self._at_changes, self._at_piano, self._coverage, self._foreign = _Mean(), _Mean(), _Mean(), _Mean()
        self._changing = np.zeros(3, np.int64)
        self._beginning = np.zeros(3, np.int64)

    def add(self, piece: Piece, foretold: State, past: State) -> None:
        """A piece.

        Args:
            piece: with what came.
            foretold: what was.
            past: the state before each event from which it was foretold, the piece's own or the player's.
        """
        counts = _counts(foretold, piece.state)  # (event, 3)
        accuracy = np.where(counts.any(1), counts[:, 0] / np.maximum(counts.sum(1), 1), 1.0)
        changes, at_piano = piece.changes, piece.arrays.at_piano
        self._at_changes.add(accuracy[changes])
        self._at_piano.add(accuracy[at_piano])
        self._changing += counts[changes].sum(0)
        self._beginning += _counts(foretold & ~past, piece.state & ~piece.before).sum(0)
        sounds = _of_keys(piece.arrays.piano)
        asked = at_piano & sounds.any(1)
        played = _of_units(foretold)
        self._coverage.add((played & sounds)[asked].sum(1) / sounds[asked].sum(1))
        self._foreign.add((foretold & ~sounds[:, UNIT_PITCH % CLASSES])[asked].sum(1).astype(np.float64))

    def figures(self) -> Figures:
        """By name."""
        return {
            "accuracy_at_changes": self._at_changes.value,
            "micro_accuracy_at_changes": _share(self._changing[0], self._changing.sum()),
            "precision_at_changes": _share(self._changing[0], self._changing[:2].sum()),
            "recall_at_changes": _share(self._changing[0], self._changing[[0, 2]].sum()),
            "accuracy_at_piano": self._at_piano.value,
            "begins_precision": _share(self._beginning[0], self._beginning[:2].sum()),
            "begins_recall": _share(self._beginning[0], self._beginning[[0, 2]].sum()),
            "begins_f1": _share(2 * self._beginning[0], self._beginning.sum() + self._beginning[0]),
            "coverage": self._coverage.value,
            "foreign_notes": self._foreign.value,
        }


def _counts(foretold: State, came: State) -> NDArray[np.int64]:
    """(event, 3): right, wrong, missed."""
    return np.stack([(foretold & came).sum(1), (foretold & ~came).sum(1), (~foretold & came).sum(1)], 1)


def _share(part: np.int64, whole: np.int64) -> float:
    return float(part) / max(1, int(whole))


def _of_keys(piano: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(event, 12): the pitch classes that the piano sounds."""
    found = np.zeros((len(piano), CLASSES), bool)
    for pitch_class in range(CLASSES):
        found[:, pitch_class] = (piano[:, (pitch_class - LOWEST) % CLASSES :: CLASSES] > 0).any(1)
    return found


def _of_units(state: State) -> NDArray[np.bool_]:
    """(event, 12): the pitch classes that an orchestra sounds."""
    found = np.zeros((len(state), CLASSES), bool)
    for pitch_class in range(CLASSES):
        found[:, pitch_class] = state[:, pitch_class == UNIT_PITCH % CLASSES].any(1)
    return found
