"""The sound of a WAV file: PCM of 8 to 32 bits and floats, plain or extensible.

Source: Multimedia Programming Interface and Data Specifications 1.0, 1991; WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music.audio.yin import Samples

EXTENSIBLE = 0xFFFE
"""Says that the format stands further behind."""
MOST_HZ = 384_000


class WavError(ValueError):
    """Bytes that are no WAV file, or one of a kind that is not read."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A sound, its channels mixed into one."""

    rate_hz: int
    samples: Samples


def parse(data: bytes) -> Wav:
    """The sound in a file's bytes; WavError where there is none."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("this is no WAV file")
    at, form, sound = 12, b"", None
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"fmt ":
            form = data[at + 8 : at + 8 + size]
        elif kind == b"data":  # one that was cut off, or streamed, ends where the file does
            sound = data[at + 8 : at + 8 + size]
            break
        at += 8 + size + size % 2
    if len(form) < 16 or sound is None:
        raise WavError("it has no sound in it")
    code, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if code == EXTENSIBLE and len(form) >= 26:
        code = int.from_bytes(form[24:26], "little")
    if not channels or not 0 < rate_hz <= MOST_HZ:
        raise WavError(f"{channels} channels at {rate_hz} Hz are no sound")
    samples = _samples(sound, code, bits)
    whole = len(samples) - len(samples) % channels
    return Wav(rate_hz, samples[:whole].reshape(-1, channels).mean(axis=1, dtype=np.float32))


def _samples(sound: bytes, code: int, bits: int) -> Samples:
    width = bits // 8
    sound = sound[: len(sound) - len(sound) % width] if width else b""
    match code, bits:
        case (1, 8):
            return _scaled(np.frombuffer(sound, np.uint8).astype(np.float32) - np.float32(128), 7)
        case (1, 16 | 32):
            return _scaled(np.frombuffer(sound, f"<i{width}"), bits - 1)
        case (1, 24):  # each into the upper bytes of 32 bits
            wide = np.zeros((len(sound) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(sound, np.uint8).reshape(-1, 3)
            return _scaled(wide.view("<i4")[:, 0], 31)
        case (3, 32 | 64):
            return _scaled(np.frombuffer(sound, f"<f{width}"), 0)
    raise WavError(f"its encoding (format {code}, {bits} bits) is not read")


def _scaled(numbers: NDArray[Any], bits: int) -> Samples:
    return np.asarray(numbers, np.float32) * np.float32(2.0**-bits)
