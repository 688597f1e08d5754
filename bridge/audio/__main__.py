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
from music.audio.listener import HOP_S, Heard, Listener, Range
from music.audio.scribe import Gates
from music.errors import ContinuoError

TELL_S = 0.1
"""So often is told what is heard, which says too that this process is there."""
SILENT_S = 3.0
"""An input that brings nothing for so long is gone, whatever the system says."""
AGAIN_S = 2.0
"""So often an input that cannot be had is tried again."""


class Control:
    """The line to control, and what it wants to have listened for."""

    def __init__(self, line_to: socket.socket) -> None:
        self._socket = line_to
        self._lines = Lines()
        self.heard = Range()
        self.open = True
        """Whether there is to be listened still."""

    def say(self, **message: Any) -> None:
        """Tell control something."""
        try:
            self._socket.sendall(line(message))
        except OSError:  # control is gone: so are we
            self.open = False

    def obey(self, wait_s: float) -> bool:
        """Wait, and do what control says; whether it wants something else to be listened for."""
        if not select.select([self._socket], [], [], wait_s)[0]:
            return False
        try:
            data = self._socket.recv(4096)
        except OSError:
            data = b""
        before = self.heard
        for message in self._lines.feed(data):
            if "listen" in message:
                wanted = message["listen"]
                lowest, highest = wanted["pitches"]
                self.heard = Range(lowest, highest, Gates(wanted["gate_db"], wanted["confidence"] / 100))
            elif "close" in message:
                self.open = False
        self.open &= bool(data)
        return self.heard != before

    def end(self, *_: object) -> None:
        """Listen no more (a signal calls this)."""
        self.open = False


class AudioProcess:
    """The loop between a microphone and control."""

    def __init__(self, control: Control, source: Source) -> None:
        self._control = control
        self._source = source
        self._listener = Listener(source.rate_hz, control.heard)

    def run(self) -> None:
        """Listen until control ends; ContinuoError where the microphone goes."""
        self._control.say(ready=True, input=self._source.name)
        told_s = heard_s = time.monotonic()
        try:
            while self._control.open:
                if self._control.obey(HOP_S):
                    self._play(self._listener.adjust(self._control.heard))
                now_s = time.monotonic()
                samples = self._source.read()
                if len(samples):
                    heard_s = now_s
                self._play(self._listener.hear(samples))
                if now_s - told_s > TELL_S:
                    told_s = now_s
                    self._tell()
                    self._source.look()
                if self._source.lost or now_s - heard_s > SILENT_S:
                    lost = self._source.lost or f"the input {self._source.name!r} brings nothing any more"
                    raise ContinuoError(lost, "Plug it in again; it is looked for every two seconds")
        finally:
            self._source.close()

    def _play(self, notes: list[Heard]) -> None:
        for note in notes:
            self._control.say(note=[note.pitch, note.velocity])

    def _tell(self) -> None:
        look = self._listener.look
        clear = round(100 * (1 - min(1.0, look.aperiodicity)))
        self._control.say(level=round(look.level_db), pitch=round(look.pitch, 1), confidence=clear)


def open_source(backend: str, name: str, wanted: str) -> Source:
    """The microphone, by JACK where MIDI goes through that; ContinuoError where it cannot be had."""
    if backend != "jack":
        device.look_again()
        return device.DeviceMicrophone(wanted)
    from bridge.audio.jack import JackMicrophone  # noqa: PLC0415 - compiles what JACK calls

    return JackMicrophone(name, wanted)


def serve(control: Control, given: argparse.Namespace) -> None:
    """Listen, and look for the microphone again whenever there is none, until control ends."""
    while control.open:
        try:
            process = AudioProcess(control, open_source(given.backend, given.name, given.input))
            gc.collect()
            gc.freeze()
            process.run()
        except ContinuoError as error:
            control.say(error=error.message, hint=error.hint)
            again_s = time.monotonic() + AGAIN_S
            while control.open and (left_s := again_s - time.monotonic()) > 0:
                control.obey(left_s)


def main() -> int:
    """Run the audio process as `continuo run --mic` starts it."""
    parser = argparse.ArgumentParser(prog="bridge.audio")
    parser.add_argument("--backend", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--input", default="")
    parser.add_argument("--control", type=int, required=True)
    given = parser.parse_args()
    for number in {signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)}:
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: control decides
    sys.setswitchinterval(0.0005)
    line_to = connect(given.control)
    line_to.sendall(line({"hello": "audio"}))
    control = Control(line_to)
    signal.signal(signal.SIGTERM, control.end)
    control.say(hears=True)
    serve(control, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
