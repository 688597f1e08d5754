"""A real DAW, headless: Ardour's melody track plays through Continuo, its harmony track records what comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bridge.bench.stage import live_daemon
from bridge.port.jack import open_client
from music.midifile import read
from tests.bridge.conftest import jack  # noqa: F401 - a fixture

ARDOUR = next((path for name in ("ardour8-lua", "ardour7-lua", "ardour6-lua") if (path := shutil.which(name))), None)
SCRIPT = Path(__file__).parents[1] / "presets" / "daw" / "continuo_ardour.lua"
MELODY = (67, 69, 71, 72, 74, 72)
NOTE_S = 0.25
PASS_S = 4
STARTS = 3


class NoSession(Exception):  # noqa: N818 - it says what happened
    """Ardour has lost its ports while it started, or has crashed: seen in one of ten starts on a busy machine."""


def play_into(port: str, said: list[str]) -> None:
    """Play the melody into a JACK port, in time."""
    with closing(open_client("ardour-test")) as client:  # whatever happens: JACK would call what is gone
        out = client.midi_outports.register("out")
        waiting: list[bytes] = []

        def send(_frames: int) -> None:
            out.clear_buffer()
            while waiting:
                out.write_midi_event(0, waiting.pop(0))

        client.set_process_callback(send)
        client.activate()
        ports = client.get_ports(f"{port}$")
        if not ports:
            raise NoSession(f"no port {port}; Ardour said {said}")
        client.connect(out, ports[0])
        for pitch in MELODY:
            waiting.append(bytes((0x90, pitch, 80)))
            time.sleep(NOTE_S)
            waiting.append(bytes((0x80, pitch, 64)))
            time.sleep(NOTE_S / 5)


def converse(ardour: subprocess.Popen[str]) -> list[str]:
    """Play when the session is ready; gives what it said until its end."""
    assert ardour.stdout
    said = []
    for line in ardour.stdout:
        said.append(line.strip())
        if said[-1] == "ready":
            time.sleep(0.6)  # the transport needs a moment to roll
            play_into(":Melody/midi_in 1", said)
            break
    return said + ardour.communicate(timeout=60)[0].splitlines()


def run_session(session: Path) -> list[str]:
    """Run Ardour through both passes; gives what it said."""
    assert ARDOUR
    settings = {"SESSION_DIR": str(session), "SECONDS": str(PASS_S), "NAME": "Daw", "SCRIPT": str(SCRIPT)}
    ardour = subprocess.Popen(
        [ARDOUR, str(Path(__file__).with_name("ardour_session.lua"))],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = converse(ardour)
    finally:
        ardour.kill()
    if ardour.returncode < 0:
        raise NoSession(f"Ardour was ended by signal {-ardour.returncode}; it said {said}")
    assert ardour.returncode == 0, said
    return said


@pytest.mark.skipif(ARDOUR is None, reason="Ardour is not installed (apt install --no-install-recommends ardour)")
def test_ardour_records_the_harmony_of_its_melody_track(jack: str, tmp_path: Path) -> None:  # noqa: F811
    with live_daemon("--backend", "jack", "--name", "Daw") as daemon:
        session, said = tmp_path, ["never started"]
        for attempt in range(STARTS):
            session = tmp_path / f"session{attempt}"
            with suppress(NoSession):
                said = run_session(session)
                break
        assert not [event for event in daemon.events if event["event"] == "trouble"]
    takes = sorted((session / "interchange").rglob("*Harmony*.mid"))
    assert takes, said
    tracks = read(takes[-1]).tracks
    pitches = [track.notes["pitch"].tolist() for track in tracks]
    assert list(MELODY) in pitches, "thru: the melody as it was played"
    harmony = next(notes for notes in pitches if notes != list(MELODY))
    assert len(harmony) == 3 * len(MELODY), "three voices under each note, every one of them ended"
