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

from bridge import players, presets, running, selftest, symptoms
from bridge.audio import inputs as sound
from bridge.control import feedback, link
from bridge.errors import PortError, PresetError
from bridge.port.jack import open_client
from bridge.port.jack_transport import BBT_VALID, ROLLING
from bridge.port.rtmidi import usable_api
from music.errors import ContinuoError

SLOW_MS = 15.0
"""Beyond this an answer is heard as a second attack."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    grade: Literal["good", "note", "bad"]
    text: str
    remedy: str = ""


def examine(osc_port: int) -> Iterator[Finding]:
    """Everything that is worth a look, one after the other; the running daemon is the one on this port."""
    yield Finding(
        "system", "good", f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    )
    yield from _midi()
    yield _rights()
    yield from _clocks()
    yield _kernels()
    yield from _presets()
    yield from _players()
    yield _gpu()
    yield _microphone()
    yield from _running(osc_port)
    yield _selftest()


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
        yield Finding("MIDI", "bad", " ".join(notes), symptoms.NO_MIDI)


def _rights() -> Finding:
    """Whether a process may ask for real-time scheduling."""
    if sys.platform != "linux":
        return Finding("real-time rights", "note", "not needed on this system")
    import resource  # noqa: PLC0415 - Unix only

    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[0] != 0 or os.geteuid() == 0
    if allowed:
        return Finding("real-time rights", "good", "granted")
    return Finding("real-time rights", "note", "not granted: a busy machine will be heard", symptoms.RIGHTS)


def _clocks() -> Iterator[Finding]:
    """Whose time could be followed here."""
    try:
        client = open_client(f"continuo-look-{os.getpid()}")
    except PortError:
        pass
    else:
        state, position = client.transport_query_struct()
        beats = f"{position.beats_per_minute:.1f} bpm" if position.valid & BBT_VALID else "nobody gives it beats"
        yield Finding("JACK's transport", "good", f"{'rolls' if state == ROLLING else 'stands'}, {beats}")
        client.close()
    if link.installed():
        yield Finding("Ableton Link", "good", "installed")
    else:
        yield Finding("Ableton Link", "note", "not installed", symptoms.NO_LINK)


def _microphone() -> Finding:
    """What `run --mic` would listen to where MIDI does not go through JACK."""
    try:
        names = sound.names()
    except ContinuoError as error:
        return Finding("microphone", "note", f"{error.message}; with JACK it is not needed", error.hint)
    if names:
        return Finding("microphone", "good", ", ".join(names))
    return Finding("microphone", "note", "there is no sound input", "Plug one in, or use JACK: run --mic")


def _gpu() -> Finding:
    """Where learned players would think; none is needed."""
    try:
        import torch  # noqa: PLC0415 - loading it is what takes long
    except ImportError:
        return Finding("GPU", "note", "torch is not installed: learned players cannot play", "pip install torch")
    if torch.cuda.is_available():
        return Finding("GPU", "good", f"CUDA, {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Finding("GPU", "good", "Metal (MPS)")
    return Finding("GPU", "good", "none; learned players think on the processor")


def _running(port: int) -> Iterator[Finding]:
    """The daemon that runs, if one does: its clock, and the meters of its inserts."""
    told = running.state(port)
    if not told:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                text = "in use by something that is not Continuo"
                yield Finding(f"OSC port {port}", "note", text, symptoms.PORT_TAKEN)
                return
        yield Finding(f"OSC port {port}", "good", "free: no daemon runs there")
        return
    ready = told.get("brain") == "ready"
    load = f"brain {told.get('brain')}, {told['brain_load']} % of a core, port {told['port_load']} %"
    yield Finding("running daemon", "good" if ready else "bad", load, "" if ready else symptoms.NO_BRAIN)
    where = f", bar {told['bar']} beat {told['beat']}" if told["rolling"] else ""
    lost = " (lost: it runs on at the last tempo)" if told["clock_lost"] else ""
    clock = f"{told['leader']}{lost}, {told['bpm']:.1f} bpm{where}"
    yield Finding("its clock", "note" if lost else "good", clock, symptoms.CLOCK_LOST if lost else "")
    for number in sorted(int(name.removesuffix("/p99")) for name in told if name.endswith("/p99")):
        values = {name.partition("/")[2]: value for name, value in told.items() if name.startswith(f"{number}/")}
        yield _meter(number, values)
        yield from _heard(number, values)


def _meter(number: int, meters: dict[str, Any]) -> Finding:
    waits = "/".join(f"{meters[name]:.1f}" for name in ("p50", "p95", "p99"))
    counts = ", ".join(f"{meters[name]} {name}" for name in ("late", "dropped", "fallback"))
    slow = meters["p99"] > SLOW_MS or meters["dropped"]
    remedy = symptoms.SLOW if slow else ""
    text = f"{meters['preset']}, answers after {waits} ms (p50/p95/p99), {counts}"
    return Finding(f"insert {number}", "note" if slow else "good", text, remedy)


def _heard(number: int, values: dict[str, Any]) -> Iterator[Finding]:
    """Why an insert is not heard as it should be: what is switched so, who plays meanwhile, a loop."""
    what = f"insert {number}"
    if values["bypass"]:
        yield Finding(what, "note", "bypassed: nothing is answered", symptoms.BYPASSED.format(insert=number))
    if values["amount"] == 0:
        yield Finding(what, "note", "amount is 0: nothing comes back", symptoms.MUTED.format(insert=number))
    if values["player"] not in ("", values["model"]):
        yield Finding(what, "note", f"{values['model']} is chosen, {values['player']} plays", symptoms.LOADING)
    if values["feedback"]:
        ports = {"send": values["output_port"], "receive": values["input_port"]}
        text = f"{ports['send']} comes back into {ports['receive']}: the echo is kept out"
        yield Finding(what, "note", text, feedback.REMEDY.format(**ports))


def _selftest() -> Finding:
    """A note through a daemon of our own."""
    try:
        passed = selftest.play()
    except ContinuoError as error:
        return Finding("self-test", "bad", error.message, error.hint)
    if not passed.thru or not passed.voices or passed.hanging:
        text = f"thru {passed.thru}, {passed.voices} voices, {passed.hanging} left sounding"
        return Finding("self-test", "bad", text, "Report it, please, with all of this")
    text = (
        f"a note was passed on and answered by {passed.voices} voices within {passed.wait_ms:.1f} ms; all of it ended"
    )
    return Finding("self-test", "good", text)


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
        remedy = symptoms.NO_WEIGHTS.format(folder=players.user_folder())
        yield Finding("learned players", "note", f"no weights for {', '.join(missing)}", remedy)
