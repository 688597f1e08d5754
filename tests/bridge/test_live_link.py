"""Ableton Link: a peer on this machine leads, and Continuo never changes its tempo."""

from __future__ import annotations

import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from bridge.bench.stage import live_daemon
from tests.bridge.conftest import until
from tests.bridge.test_live_clock import newest

link = pytest.importorskip("link", reason="the extra `link` is not installed")


def test_a_link_peer_gives_tempo_and_bars_and_its_stop_is_a_stop(jack: str) -> None:
    peer = link.Link(97.0)
    peer.startStopSyncEnabled = True
    peer.enabled = True
    time.sleep(0.2)
    with live_daemon("--backend", "jack", "--name", "Linked") as daemon:
        osc = SimpleUDPClient("127.0.0.1", daemon.osc_port)
        assert newest(daemon, "leader") in (None, "internal")
        assert peer.numPeers() == 0, "nobody joins a network's session without being asked"
        osc.send_message("/continuo/link", 1)
        end = time.monotonic() + 10
        while peer.numPeers() == 0:
            if time.monotonic() > end:
                pytest.skip("this machine's network carries no multicast")
            time.sleep(0.05)
        until(lambda: newest(daemon, "leader") == "link", "Link leads")
        until(lambda: newest(daemon, "bpm") == pytest.approx(97, abs=0.1), "its tempo")
        state = peer.captureSessionState()
        state.setTempo(140.0, peer.clock().micros())
        state.setIsPlayingAndRequestBeatAtTime(True, peer.clock().micros(), 0.0, 4.0)
        peer.commitSessionState(state)
        until(lambda: newest(daemon, "bpm") == pytest.approx(140, abs=0.1), "another tempo")
        state = peer.captureSessionState()
        beat = int(state.phaseAtTime(peer.clock().micros(), 4.0)) + 1
        until(lambda: newest(daemon, "beat") == beat % 4 + 1, "the beat of its bar")
        assert state.phaseAtTime(peer.clock().micros(), 4.0) + 1 == pytest.approx(beat % 4 + 1, abs=0.5)
        state = peer.captureSessionState()
        state.setIsPlaying(False, peer.clock().micros())
        peer.commitSessionState(state)
        until(lambda: newest(daemon, "rolling") == 0, "its stop")
        assert peer.captureSessionState().tempo() == pytest.approx(140)
    peer.enabled = False
