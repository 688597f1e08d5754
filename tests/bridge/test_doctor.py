"""What doctor finds of a daemon that runs, and that its remedies are those of the page."""

from __future__ import annotations

import time

from pythonosc.udp_client import SimpleUDPClient

from bridge import doctor, running, symptoms
from bridge.bench.stage import live_daemon

PAGE = symptoms.markdown()


def wait_for(port: int, address: str, value: object) -> None:
    until = time.monotonic() + 10
    while running.state(port).get(address) != value:
        assert time.monotonic() < until, f"{address} does not become {value}"


def remedies(port: int) -> list[str]:
    """Of what is not as it should be, but for how late it was: that is the machine's."""
    return [finding.remedy for finding in doctor._running(port) if finding.remedy not in ("", symptoms.SLOW)]


def test_what_silences_an_insert_is_found_with_the_remedy_of_the_page(jack: str) -> None:
    with live_daemon("--backend", "jack", "--name", "Ill", "--preset", "harmony", "--preset", "continue") as daemon:
        wait_for(daemon.osc_port, "2/player", "rules")
        assert remedies(daemon.osc_port) == []
        surface = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        surface.send_message("/continuo/1/bypass", 1)
        surface.send_message("/continuo/1/amount", 0.0)
        wait_for(daemon.osc_port, "1/bypass", 1)
        wait_for(daemon.osc_port, "1/amount", 0.0)
        found = remedies(daemon.osc_port)
    assert len(found) == 2
    assert all(f"- {remedy}.\n" in PAGE for remedy in found)
