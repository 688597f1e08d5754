"""An orchestra in two hands, event by event, against the piano part that somebody wrote, or that the rules make.

A player says at each event which keys the piano sounds, from the orchestra up to and including the event and from the
piano before it: the written one (teacher-forced) or its own (free-running). F1 is of keys: of all that sound, and of
those that begin: that did not sound before, or that the orchestra strikes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.player import Scoring, Wish
from models.rules.hands import FINGERS
from models.rules.reduction import SPAN
from music.orchestra import REST, SECTIONS, SLOTS
from train.ensembles.arrays import Ensembles
from train.ensembles.events import KEYS, LOWEST
from train.ensembles.parting import parted
from train.ensembles.piano import HELD, STRUCK, Pitches, Reduced, by_rules, planes
from train.evaluate.orchestra_rules import answers

Keys = NDArray[np.bool_]
"""(event, key): what the piano sounds."""
Figures = dict[str, float]

CLASSES = 12


class Player(Protocol):
    """What is measured."""

    def foretell(self, piece: Reduced) -> tuple[Keys, NDArray[np.float64]]:
        """What it would play after the written hands, and (event,) nats of what was written."""
        ...

    def play(self, piece: Reduced) -> Keys:
        """What it plays when it hears only the orchestra and itself."""
        ...


def keys_of(hands: Pitches) -> Keys:
    """The keys that hands (event, finger) hold."""
    found = np.zeros((len(hands), KEYS), bool)
    event, finger = np.nonzero(hands != REST)
    key = hands[event, finger].astype(np.int64) - LOWEST
    inside = (key >= 0) & (key < KEYS)
    found[event[inside], key[inside]] = True
    return found


def before(keys: Keys) -> Keys:
    """The rows of the events before; silence before the first."""
    found = np.zeros_like(keys)
    found[1:] = keys[:-1]
    return found


def playable(keys: Keys, span: int = SPAN) -> NDArray[np.bool_]:
    """(event,): whether two hands can hold the keys, each up to five within its span."""
    found = np.ones(len(keys), bool)
    for event, row in enumerate(keys):
        left = np.flatnonzero(row)[::-1]
        for _ in range(2):  # a hand takes from the top down what it can: what is left is then least
            if len(left):
                left = left[FINGERS:] if left[0] - left[:FINGERS][-1] <= span else left[left < left[0] - span]
        found[event] = not len(left)
    return found


@dataclass(slots=True)
class _Hits:
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))
    """Right, wrong, missed."""

    def add(self, found: Keys, wanted: Keys) -> None:
        self.counts += (found & wanted).sum(), (found & ~wanted).sum(), (~found & wanted).sum()

    def figures(self, name: str) -> Figures:
        right, wrong, missed = self.counts.tolist()
        return {
            f"{name}_f1": 2 * right / max(1, 2 * right + wrong + missed),
            f"{name}_precision": right / max(1, right + wrong),
            f"{name}_recall": right / max(1, right + missed),
        }


def agreement(found: Sequence[Keys], pieces: Sequence[Reduced], past: Sequence[Keys]) -> Figures:
    """How far keys agree with the written ones, given the keys from which each event was played."""
    sounding, beginning, by_rule = _Hits(), _Hits(), _Hits()
    for keys, piece, earlier in zip(found, pieces, past, strict=True):
        written, again = keys_of(piece.hands), planes(piece.slots, piece.struck)[..., STRUCK] > 0
        sounding.add(keys, written)
        beginning.add(keys & (~earlier | again), written & (~before(written) | again))
        by_rule.add(keys, keys_of(by_rules(piece.slots, piece.struck)))
    return sounding.figures("sounding") | beginning.figures("begins") | {"rule_f1": by_rule.figures("")["_f1"]}


def manners(found: Sequence[Keys], pieces: Sequence[Reduced]) -> Figures:
    """Whether hands can play it, and what of the orchestra is in it."""
    keys = np.concatenate(list(found))
    heard = np.concatenate([planes(piece.slots, piece.struck)[..., HELD] > 0 for piece in pieces])
    asked = heard.any(1)
    keys, heard = keys[asked], heard[asked]
    ours, theirs, plays = _classes(keys), _classes(heard), keys.any(1)
    return {
        "playable_share": float(playable(keys).mean()),
        "notes_per_event": float(keys.sum(1).mean()),
        "coverage": float(((ours & theirs).sum(1) / theirs.sum(1)).mean()),
        "foreign_notes": float((keys & ~_spread(theirs)).sum(1).mean()),
        "melody_share": float((plays & (keys[:, ::-1].argmax(1) == heard[:, ::-1].argmax(1))).mean()),
        "bass_share": float((plays & (keys.argmax(1) == heard.argmax(1))).mean()),
    }


def _classes(keys: Keys) -> Keys:
    """(event, 12): which pitch classes sound, that of the lowest key first."""
    padded = np.pad(keys, ((0, 0), (0, -KEYS % CLASSES)))
    found: Keys = np.any(padded.reshape(len(keys), -1, CLASSES), axis=1)
    return found


def _spread(classes: Keys) -> Keys:
    """(event, key): the keys of these pitch classes."""
    return np.tile(classes, (1, -(-KEYS // CLASSES)))[:, :KEYS]


def metrics(player: Player, pieces: Sequence[Reduced]) -> Figures:
    """All figures of a player: teacher-forced, and with `free_` in front free-running."""
    free = [player.play(piece) for piece in pieces]
    return forced_metrics(player, pieces) | _free(free, pieces)


def forced_metrics(player: Player, pieces: Sequence[Reduced]) -> Figures:
    """The teacher-forced figures of a player."""
    foretold = [player.foretell(piece) for piece in pieces]
    nats = np.concatenate([found for _, found in foretold])
    past = [before(keys_of(piece.hands)) for piece in pieces]
    return {"nats_per_event": float(nats.mean())} | agreement([keys for keys, _ in foretold], pieces, past)


def _free(found: Sequence[Keys], pieces: Sequence[Reduced]) -> Figures:
    figures = agreement(found, pieces, [before(keys) for keys in found]) | manners(found, pieces)
    return {f"free_{name}": value for name, value in figures.items()}


def take_all(slots: Pitches, struck: NDArray[np.bool_]) -> Keys:
    """Every note of the orchestra."""
    return planes(slots, struck)[..., HELD] > 0


def outer(slots: Pitches, struck: NDArray[np.bool_]) -> Keys:
    """The highest and the lowest note of the orchestra."""
    heard = take_all(slots, struck)
    found = np.zeros_like(heard)
    rows = np.flatnonzero(heard.any(1))
    found[rows, heard[rows].argmax(1)] = True
    found[rows, KEYS - 1 - heard[rows, ::-1].argmax(1)] = True
    return found


def rules(slots: Pitches, struck: NDArray[np.bool_]) -> Keys:
    """What the rules play."""
    return keys_of(by_rules(slots, struck))


SIMPLE: dict[str, Callable[[Pitches, NDArray[np.bool_]], Keys]] = {
    "rules": rules, "take_all": take_all, "outer_voices": outer,
}  # fmt: skip
"""Who reduces without having learned to."""


def baselines(pieces: Sequence[Reduced]) -> dict[str, Figures]:
    """Those of `SIMPLE`, who repeats the event before, and `data`: what the written hands have."""
    written = [keys_of(piece.hands) for piece in pieces]
    found = {"data": {f"free_{name}": value for name, value in manners(written, pieces).items()}}
    found |= {name: _free([play(p.slots, p.struck) for p in pieces], pieces) for name, play in SIMPLE.items()}
    past = [before(keys) for keys in written]
    return found | {"repeat": agreement(past, pieces, past)}


def shuffled(pieces: Sequence[Reduced]) -> list[Reduced]:
    """Each piano part with the orchestra of the next piece, repeated or cut."""
    found = []
    for piece, other in zip(pieces, [*pieces[1:], *pieces[:1]], strict=True):
        rows = np.arange(len(piece)) % len(other)
        found.append(replace(piece, slots=other.slots[rows], struck=other.struck[rows]))
    return found


def orchestrated(arrays: Ensembles, events: int) -> Reduced:
    """The first events of a piece's piano as the rules orchestrate them, live.

    The hands are those of the piano, parted by rule.
    """
    sections = tuple(section for section, _ in SLOTS)
    wish = Wish(tuple(SECTIONS[section].instrument.practical for section in sections), scoring=Scoring(sections))
    slots, struck = np.zeros((len(arrays.piano), len(SLOTS)), np.uint8), np.zeros((len(arrays.piano), len(SLOTS)), bool)
    for event, answer in enumerate(answers(arrays, wish, sections)):
        slots[event] = [REST if pitch is None else pitch for pitch in answer.pitches]
        again = np.isin(slots[event], list(answer.struck or ()))
        struck[event] = (slots[event] != REST) & (again | (slots[event] != slots[event - 1] if event else True))
    whole = Reduced(arrays.index[0].title, "round trip", slots, struck, arrays.beat, parted(np.asarray(arrays.piano)))
    return whole.cut(events)


def returned(found: Sequence[Keys], pianos: Sequence[Keys]) -> float:
    """F1 of the keys that come back from an orchestra with those that went into it."""
    hits = _Hits()
    for keys, piano in zip(found, pianos, strict=True):
        hits.add(keys, piano)
    return hits.figures("")["_f1"]
