"""What this machine offers, what is missing, and the remedy for each."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bridge import players, presets
from bridge.errors import PortError, PresetError
from bridge.port.jack import open_client
from bridge.port.rtmidi import usable_api


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    grade: Literal["good", "note", "bad"]
    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Everything that is worth a look, one after the other."""
    yield Finding(
        "system", "good", f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    )
    yield from _midi()
    yield _rights()
    yield _osc_port()
    yield _kernels()
    yield from _presets()
    yield from _players()


def midi_ports() -> tuple[dict[str, dict[str, list[str]]], list[str]]:
    """({system: {inputs, outputs}}, why a system is missing). Inputs are ports that can be sent to."""
    found: dict[str, dict[str, list[str]]] = {}
    notes = []
    try:
        client = open_client(f"continuo-look-{os.getpid()}")
        found["jack"] = {
            "inputs": [port.name for port in client.get_ports(is_midi=True, is_input=True)],
            "outputs": [port.name for port in client.get_ports(is_midi=True, is_output=True)],
        }
        client.close()
    except PortError as error:
        notes.append(f"JACK: {error}.")
    try:
        rtmidi, api = usable_api()
        if api != rtmidi.API_UNIX_JACK:
            outputs: Any = rtmidi.MidiIn(api)
            inputs: Any = rtmidi.MidiOut(api)
            found[rtmidi.get_api_display_name(api)] = {"inputs": inputs.get_ports(), "outputs": outputs.get_ports()}
    except PortError as error:
        notes.append(f"System MIDI: {error}.")
    return found, notes


def _midi() -> Iterator[Finding]:
    found, notes = midi_ports()
    for system, names in found.items():
        count = len(names["inputs"]) + len(names["outputs"])
        yield Finding("MIDI", "good", f"{system} answers, {count} ports")
    if not found:
        remedy = (
            "Start JACK, or load the ALSA sequencer (sudo modprobe snd-seq); render and run --backend loopback work"
        )
        yield Finding("MIDI", "bad", " ".join(notes), remedy)


def _rights() -> Finding:
    """Whether a process may ask for real-time scheduling."""
    if sys.platform != "linux":
        return Finding("real-time rights", "note", "not needed on this system")
    import resource  # noqa: PLC0415 - Unix only

    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[0] != 0 or os.geteuid() == 0
    if allowed:
        return Finding("real-time rights", "good", "granted")
    remedy = "Put yourself into the group audio or realtime and log in again"
    return Finding("real-time rights", "note", "not granted: a busy machine will be heard", remedy)


def _osc_port() -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 9000))
        except OSError:
            return Finding("OSC port 9000", "note", "in use (by a running Continuo?)", "Use --osc-port")
    return Finding("OSC port 9000", "good", "free")


def _kernels() -> Finding:
    from models.rules import harmony  # noqa: PLC0415 - loading it is what is timed

    start = time.perf_counter()
    harmony.warm()
    took_s = time.perf_counter() - start
    if took_s < 2:
        return Finding("kernels", "good", f"loaded in {took_s:.1f} s")
    return Finding("kernels", "note", f"compiled in {took_s:.1f} s; the next start takes them from the cache")


def _presets() -> Iterator[Finding]:
    found = list(presets.catalogue())
    broken = [state for _, _, state in found if isinstance(state, PresetError)]
    for error in broken:
        yield Finding("preset", "bad", error.message, error.hint)
    yield Finding("presets", "good", f"{len(found) - len(broken)} load")


def _players() -> Iterator[Finding]:
    """Which learned players could play here, without loading them: that takes seconds."""
    learned = [name for name in players.names() if name != players.RULES]
    there = [name for name in learned if players.playable(name)]
    if there:
        yield Finding("learned players", "good", ", ".join(there))
    if missing := [name for name in learned if name not in there]:
        remedy = f"Put their weights and cards into {players.user_folder()}; presets with rules need none"
        yield Finding("learned players", "note", f"no weights for {', '.join(missing)}", remedy)
