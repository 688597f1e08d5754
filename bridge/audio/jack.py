"""Sound through JACK (and PipeWire's JACK): one port, read without the interpreter.

A client that is late costs all others their cycle, the MIDI in it too, and Python is late whenever its lock is held. So
what JACK calls is compiled: it copies a cycle into a ring, and this process reads that when it likes.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numba import carray, cfunc, types
from numpy.typing import NDArray

from bridge.port.jack import open_client
from bridge.port.memory import unlock_shared_table
from music.audio.yin import Samples

HEAD = 4
"""Samples' worth of head before the ring: the port, and how much was written, 64 bits each."""


class JackMicrophone:
    """A client with the port that is sung into.

    It is plugged to the outputs whose names hold `wanted`, or else to the first input of the hardware, once, and again
    when they come back.
    """

    def __init__(self, name: str, wanted: str) -> None:
        self._client = open_client(name)
        self._port = self._client.inports.register(name)
        self.name, self.rate_hz = self._port.shortname, int(self._client.samplerate)
        self._wanted = wanted.lower()
        self._known: set[str] = set()
        self._lost = ""
        self._client.set_shutdown_callback(self._shutdown)
        self._memory = np.zeros(HEAD + self.rate_hz, np.float32)  # JACK's thread writes into it: it must not move
        self._head = self._memory[:HEAD].view(np.int64)
        self._head[0] = _address(self._port)
        self._read = 0
        self._callback = _copier(self.rate_hz)
        _call(self._client, self._callback, self._memory)
        self._client.activate()
        unlock_shared_table()
        self.look()

    @property
    def lost(self) -> str:
        """Why there will be no more."""
        return self._lost

    def read(self) -> Samples:
        """What has come since it was read last, at most the newest second."""
        written = int(self._head[1])
        self._read = max(self._read, written - self.rate_hz)
        places = np.arange(self._read, written) % self.rate_hz
        self._read = written
        return self._memory[HEAD:][places]

    def look(self) -> None:
        """Plug what has come since it was looked last."""
        import jack  # noqa: PLC0415 - the client has loaded it already

        try:
            outputs = self._client.get_ports(is_audio=True, is_output=True, is_physical=not self._wanted)
            there = [port.name for port in outputs if self._wanted in port.name.lower()]
            there = there if self._wanted else there[:1]
            for name in there:
                if name not in self._known:
                    self._client.connect(name, self._port)
        except jack.JackError:  # it went while we asked for it, or somebody was quicker
            return
        self._known = set(there)

    def close(self) -> None:
        """Take the port away."""
        import jack  # noqa: PLC0415 - the client has loaded it already

        with suppress(jack.JackError):  # the server may be gone
            self._client.deactivate()
        self._client.close()

    def _shutdown(self, _status: object, reason: str) -> None:
        self._lost = f"the JACK server went away ({reason})"


def _address(port: Any) -> int:
    import jack  # noqa: PLC0415 - the client has loaded it already

    return int(jack._ffi.cast("intptr_t", port._ptr))  # noqa: SLF001 - there is no public way


def _call(client: Any, callback: Any, memory: Samples) -> None:
    """Have JACK call compiled code, which JACK-Client offers no way to."""
    import jack  # noqa: PLC0415 - the client has loaded it already

    code = jack._ffi.cast("JackProcessCallback", callback.address)  # noqa: SLF001
    jack._lib.jack_set_process_callback(client._ptr, code, jack._ffi.cast("void*", memory.ctypes.data))  # noqa: SLF001


def _copier(size: int) -> Any:
    """What JACK calls: the cycle's samples go into the ring, then the count of them."""
    library = ctypes.CDLL(ctypes.util.find_library("jack"))
    get_buffer: Callable[[int, int], Any] = library.jack_port_get_buffer
    get_buffer.argtypes, get_buffer.restype = [ctypes.c_int64, ctypes.c_uint32], ctypes.POINTER(ctypes.c_float)  # type: ignore[attr-defined]
    head = HEAD

    def copy(frames: int, memory: Any) -> int:
        counts = carray(memory, 2, np.int64)
        ring: NDArray[np.float32] = carray(memory, head + size, np.float32)
        samples = carray(get_buffer(counts[0], frames), frames)
        written = counts[1]
        for i in range(frames):
            ring[head + (written + i) % size] = samples[i]
        counts[1] = written + frames
        return 0

    return cfunc(types.int32(types.uint32, types.voidptr))(copy)
