"""The key the musician is in, from a decaying count of what sounded.

A key's score is the log likelihood of the counted pitch classes under its profile: the pitch-class frequencies of
Albrecht and Shanahan (2013, "The Use of Large Corpora to Train a New Type of Key-Finding Algorithm", Music
Perception 31(1), table 1). The first notes leave many keys open: among them the one that people write in more often is
taken, major before minor and few accidentals before many.
"""

from __future__ import annotations

from functools import cache
from math import log
from operator import mul

from music.pitch import Key, Mode

Evidence = tuple[float, ...]
"""Beats that each of the 12 pitch classes sounded, older ones counting less."""

SILENCE: Evidence = (0.0,) * 12

PROFILES: dict[Mode, Evidence] = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
"""By semitones above the tonic."""

ACCIDENTAL = 0.15
"""How much less likely (in nats) each sharp or flat makes a key before anything is heard."""
MINOR = 0.28
"""How much less likely a minor key is."""
OPEN_BEATS = 3.0
"""With this much evidence it does not count any more what is written in often."""

HALF_LIFE_BEATS = 12.0
HYSTERESIS = 2.0
"""How much likelier (in nats) another key must be before the present one is left."""
SURE_BEATS = 10.0
"""With less evidence than this, a key is left more easily."""


@cache
def _fading(beats: float) -> float:
    return float(0.5 ** (beats / HALF_LIFE_BEATS))


@cache
def _log_profile(key: Key) -> Evidence:
    """Of the twelve pitch classes from C on."""
    profile = PROFILES[key.mode]
    return tuple(log(profile[(i - key.tonic) % 12]) for i in range(12))


@cache
def habit(key: Key) -> float:
    """How likely a key is before anything is heard, in nats."""
    fifths = (7 * (key.tonic if key.mode == "major" else key.tonic + 3)) % 12
    return -ACCIDENTAL * min(fifths, 12 - fifths) - (MINOR if key.mode == "minor" else 0.0)


def heard(evidence: Evidence, weights: dict[int, float], beats: float) -> Evidence:
    """The evidence after `beats` more, in which the pitch classes of `weights` were heard."""
    fading = _fading(beats)
    return tuple(fading * old + weights.get(i, 0.0) for i, old in enumerate(evidence))


def estimate(evidence: Evidence, key: Key | None, first: int) -> Key:
    """The likeliest key, staying in `key` when in doubt.

    Args:
        evidence: what was heard.
        key: the key so far; None: none yet.
        first: the pitch class from which keys are counted, so that a tie falls the same way in all transpositions.
    """
    home = first if key is None else key.tonic
    stay = HYSTERESIS * min(1.0, sum(evidence) / SURE_BEATS)
    open_minded = max(0.0, 1.0 - sum(evidence) / OPEN_BEATS)
    best, best_score = key, stay + _score(evidence, key, _log_profile(key), open_minded) if key else float("-inf")
    for candidate, profile in _candidates(home):
        score = _score(evidence, candidate, profile, open_minded)
        if score > best_score + 1e-9:
            best, best_score = candidate, score
    return best or Key(home, "major")


@cache
def _candidates(home: int) -> tuple[tuple[Key, Evidence], ...]:
    """All keys, counted from a tonic, and what `_log_profile` gives of each: every note goes through them."""
    keys = [Key((home + step) % 12, mode) for mode in PROFILES for step in range(12)]
    return tuple((key, _log_profile(key)) for key in keys)


def _score(evidence: Evidence, key: Key, profile: Evidence, open_minded: float) -> float:
    usual = open_minded * habit(key) if open_minded else 0.0
    return usual + float(sum(map(mul, evidence, profile)))
