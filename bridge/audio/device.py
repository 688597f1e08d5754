"""Sound from the system's own inputs, by PortAudio: ALSA, PulseAudio, CoreAudio, WASAPI."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any

import numpy as np

from music.audio.yin import Samples
from music.errors import ContinuoError

INSTALL = "pip install 'continuo[audio]'"
LIBRARY = "Debian, Ubuntu: sudo apt install libportaudio2"


class DeviceMicrophone:
    """An input of the sound card: the default one, or the first whose name holds `wanted`."""

    def __init__(self, wanted: str) -> None:
        sound = library()
        device = _find(sound, wanted)
        self.name, self.rate_hz = str(device["name"]), int(device["default_samplerate"])
        self._pieces: deque[Samples] = deque(maxlen=4096)
        self._lost = ""
        self._closing = False
        try:
            self._stream = sound.InputStream(
                device=device["index"], channels=1, samplerate=self.rate_hz, dtype="float32", latency="low",
                callback=self._hear, finished_callback=self._finished,
            )  # fmt: skip
            self._stream.start()
        except sound.PortAudioError as error:
            raise ContinuoError(
                f"the input {self.name!r} cannot be opened ({_reason(error)})",
                "Another program may have it: close that, or name another one by --mic-input",
            ) from error

    @property
    def lost(self) -> str:
        """Why there will be no more."""
        return self._lost

    def read(self) -> Samples:
        """What has come since it was read last."""
        pieces = [self._pieces.popleft() for _ in range(len(self._pieces))]
        return np.concatenate(pieces) if pieces else np.empty(0, np.float32)

    def look(self) -> None:
        """Nothing is to be plugged here."""

    def close(self) -> None:
        """Give the input back."""
        self._closing = True
        with suppress(Exception):  # it may be unplugged by now
            self._stream.close(ignore_errors=True)

    def _hear(self, samples: Any, _frames: int, _time: object, _status: object) -> None:
        """Take a piece (PortAudio's thread calls this)."""
        self._pieces.append(samples[:, 0].copy())

    def _finished(self) -> None:
        if not self._closing:
            self._lost = f"the input {self.name!r} has gone"


def library() -> Any:
    """The module sounddevice; ContinuoError where it or PortAudio is not installed."""
    try:
        import sounddevice  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ContinuoError("a microphone needs sounddevice, which is not installed", INSTALL) from error
    except OSError as error:
        raise ContinuoError("a microphone needs PortAudio, which is not installed", LIBRARY) from error
    return sounddevice


def look_again() -> None:
    """Have PortAudio see what was plugged in since: it looks for devices once."""
    sound = library()
    sound._terminate()  # noqa: SLF001 - there is no public way
    sound._initialize()  # noqa: SLF001


def inputs() -> list[dict[str, Any]]:
    """All inputs of the system."""
    return [device for device in library().query_devices() if device["max_input_channels"]]


def _find(sound: Any, wanted: str) -> dict[str, Any]:
    there = inputs()
    if not there:
        raise ContinuoError("there is no sound input", "Plug in a microphone; it is looked for every two seconds")
    if wanted:
        found = [device for device in there if wanted.lower() in device["name"].lower()]
        if not found:
            names = ", ".join(device["name"] for device in there)
            raise ContinuoError(f"no sound input is called {wanted!r}", f"There are: {names}")
        return found[0]
    default = sound.default.device[0]
    return next((device for device in there if device["index"] == default), there[0])


def _reason(error: Exception) -> str:
    return str(error.args[0] if error.args else error).removeprefix("Error opening InputStream: ")
