"""Bytes changed at random, by the mutations that libFuzzer has (https://llvm.org/docs/LibFuzzer.html)."""

from __future__ import annotations

import random

TELLING = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\n", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0",
)  # fmt: skip
"""Values at the edges of their types."""


def mutate(data: bytes, dice: random.Random, largest: int, words: tuple[bytes, ...] = ()) -> bytes:
    """The data with one to eight changes; `words` are put in where something is inserted."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(changed) + 1)
        size = min(dice.randint(1, 16), len(changed) - at)
        match dice.randrange(7):
            case 0 if at < len(changed):
                changed[at] = dice.randrange(256)
            case 1 if at < len(changed):
                changed[at] ^= 1 << dice.randrange(8)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = dice.randbytes(dice.randint(1, 8))
            case 4:
                changed[at:at] = dice.choice(TELLING + words)
            case 5:
                changed[at:at] = changed[at : at + size] * dice.choice((1, 2, 100))
            case _:
                changed[at : at + size] = dice.choice(TELLING + words)
    return bytes(changed[:largest])


def cross(first: bytes, second: bytes, dice: random.Random) -> bytes:
    """The beginning of one and the end of the other."""
    return first[: dice.randrange(len(first) + 1)] + second[dice.randrange(len(second) + 1) :]
