"""The audio process: opens the microphone, tells control of the notes in it, and ends when control does."""

from __future__ import annotations

import argparse
import gc
import select
import signal
import socket
import sys
import time
from typing import Any

from bridge.audio import device
from bridge.audio.source import Source
from bridge.messages import Lines, connect, line
from music.audio.listener import HOP_S, Listener, Range
from music.audio.scribe import Gates
from music.errors import ContinuoError

TELL_S = 0.25
"""So often the level is told, which says too that this process is there."""
SILENT_S = 3.0
"""An input that brings nothing for so long is gone, whatever the system says."""
AGAIN_S = 2.0
"""So often an input that cannot be had is tried again."""


class AudioProcess:
    """The loop between a microphone and control."""

    def __init__(self, control: socket.socket, source: Source, heard: Range) -> None:
        self._control = control
        self._source = source
        self._listener = Listener(source.rate_hz, heard)
        self._lines = Lines()
        self._open = True

    def run(self) -> None:
        """Listen until control ends; ContinuoError where the microphone goes."""
        signal.signal(signal.SIGTERM, self._terminate)
        self._say(ready=True, input=self._source.name)
        told_s = heard_s = time.monotonic()
        try:
            while self._open:
                self._obey(HOP_S)
                now_s = time.monotonic()
                samples = self._source.read()
                if len(samples):
                    heard_s = now_s
                for note in self._listener.hear(samples):
                    self._say(note=[note.pitch, note.velocity])
                if now_s - told_s > TELL_S:
                    told_s = now_s
                    self._say(level=round(self._listener.level_db))
                    self._source.look()
                if self._source.lost or now_s - heard_s > SILENT_S:
                    lost = self._source.lost or f"the input {self._source.name!r} brings nothing any more"
                    raise ContinuoError(lost, "Plug it in again; it is looked for every two seconds")
        finally:
            self._source.close()

    def _terminate(self, *_: object) -> None:
        self._open = False

    def _say(self, **message: Any) -> None:
        try:
            self._control.sendall(line(message))
        except OSError:  # control is gone: so are we
            self._open = False

    def _obey(self, wait_s: float) -> None:
        """Wait, and see whether control wants the end."""
        if not select.select([self._control], [], [], wait_s)[0]:
            return
        try:
            data = self._control.recv(4096)
        except OSError:
            data = b""
        if not data or any("close" in message for message in self._lines.feed(data)):
            self._open = False


def open_source(backend: str, name: str, wanted: str) -> Source:
    """The microphone, by JACK where MIDI goes through that; ContinuoError where it cannot be had."""
    if backend != "jack":
        device.look_again()
        return device.DeviceMicrophone(wanted)
    from bridge.audio.jack import JackMicrophone  # noqa: PLC0415 - compiles what JACK calls

    return JackMicrophone(name, wanted)


def serve(control: socket.socket, given: argparse.Namespace) -> None:
    """Listen, and look for the microphone again whenever there is none, until control ends."""
    heard = Range(given.lowest, given.highest, Gates(given.gate, given.confidence / 100))
    while True:
        try:
            process = AudioProcess(control, open_source(given.backend, given.name, given.input), heard)
            gc.collect()
            gc.freeze()
            process.run()
        except ContinuoError as error:
            control.sendall(line({"error": error.message, "hint": error.hint}))
            if select.select([control], [], [], AGAIN_S)[0]:  # nothing is said to us but the end
                return
        else:
            return


def main() -> int:
    """Run the audio process as `continuo run --mic` starts it."""
    parser = argparse.ArgumentParser(prog="bridge.audio")
    parser.add_argument("--backend", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--input", default="")
    parser.add_argument("--lowest", type=int, required=True)
    parser.add_argument("--highest", type=int, required=True)
    parser.add_argument("--gate", type=float, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--control", type=int, required=True)
    given = parser.parse_args()
    for number in {signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)}:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: control decides
    sys.setswitchinterval(0.0005)
    control = connect(given.control)
    control.sendall(line({"hello": "audio"}))
    try:
        serve(control, given)
    except (BrokenPipeError, ConnectionResetError):  # control is gone: so are we
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
