import io
import struct
import wave
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music.audio.wav import Wav, WavError, parse

RAMP = np.linspace(-0.9, 0.9, 50)


def by_the_library(width: int, channels: int) -> bytes:
    """As Python's own module writes it: the ramp in the first channel, silence in the others."""
    whole = np.zeros((50, channels))
    whole[:, 0] = RAMP
    peak = 2 ** (8 * width - 1)
    numbers = np.rint(whole * peak).astype(np.int64) + (128 if width == 1 else 0)
    data = b"".join(int(n).to_bytes(width, "little", signed=width > 1) for n in numbers.reshape(-1))
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(channels)
        writing.setsampwidth(width)
        writing.setframerate(44_100)
        writing.writeframes(data)
    return file.getvalue()


def chunks(form: bytes, data: bytes) -> bytes:
    body = b"WAVE" + b"LIST\x03\x00\x00\x00abc\x00" + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_the_library_writes_is_read_and_mixed(width: int, channels: int) -> None:
    sound = parse(by_the_library(width, channels))
    assert sound.rate_hz == 44_100
    assert np.allclose(sound.samples, RAMP / channels, atol=2 ** (2 - 8 * width))


def test_floats_and_extensible_files_are_read() -> None:
    plain = struct.pack("<HHIIHH", 3, 1, 48_000, 192_000, 4, 32)
    extensible = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 48_000, 192_000, 4, 32, 22, 32, 4, 3, bytes(14))
    for form in (plain, extensible):
        assert np.allclose(parse(chunks(form, RAMP.astype("<f4").tobytes())).samples, RAMP)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: chunks(data, data)))
def test_anything_else_is_refused(data: bytes) -> None:
    with suppress(WavError):
        assert isinstance(parse(data), Wav)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(by_the_library(2, 2))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WavError):
        assert np.isfinite(parse(bytes(good[: data.draw(st.integers(0, len(good)))])).samples).all()
