"""What stands behind an output."""

from bridge.bench.synth import Synth

__all__ = ["Synth"]
