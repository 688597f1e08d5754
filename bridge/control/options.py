"""How a daemon is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.control.door import LOOPBACK


@dataclass(frozen=True, slots=True)
class Microphone:
    """What is listened for in a microphone."""

    wanted: str = ""
    """A part of its name; empty: the usual one."""
    lowest: int = 40
    highest: int = 96
    gate_db: float = -50.0
    confidence: float = 85.0

    @property
    def state(self) -> dict[str, Any]:
        """What can be set while it listens, as the daemon's state has it."""
        return {"pitches": [self.lowest, self.highest], "gate_db": self.gate_db, "confidence": self.confidence}


@dataclass(frozen=True, slots=True)
class Options:
    """How the daemon is started."""

    presets: list[str]
    backend: str = "auto"
    name: str = "Continuo"
    osc_port: int = 9000
    device: str = "auto"
    osc_host: str = LOOPBACK
    osc_allow: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    chain: bool = False
    """Each insert listens to the one before it."""
    captures: Path | None = None
    """The folder that captures go to; None: the usual one."""
    scene: str = ""
    """The scene to start with: it has as many inserts as there are presets, and takes their place."""
    scene_channel: int = 0
    announce: bool = True
    """Say on the network where OSC is, if it listens there."""
    microphone: Microphone | None = None

    def of_port(self) -> list[str]:
        """How the port process is started."""
        plugs = [("--input", name) for name in self.inputs] + [("--output", name) for name in self.outputs]
        start = ["--backend", self.backend, "--name", self.name, "--inserts", str(len(self.presets))]
        return start + [f"{option}={name}" for option, name in plugs]
