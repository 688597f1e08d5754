"""Chance without a memory: the same for the same seed and place."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def chance(seed: int, place: int) -> float:
    """A number spread evenly over 0 to 1 (SplitMix64; Steele et al. 2014)."""
    x = (seed * 0x9E3779B97F4A7C15 + place * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 11) / (1 << 53)
