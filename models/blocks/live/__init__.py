"""Frames drawn live, one at a time: what would be hundreds of small tensor operations, compiled.

The `score` of each module gives what the `logits` of its sampler give; tests hold them together.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def _forget_stale() -> None:
    """Remove what numba has cached of an older source: it looks at the file of a function, not at those it calls."""
    here = Path(__file__).parent
    newest = max(source.stat().st_mtime_ns for source in here.glob("*.py"))
    for cached in (here / "__pycache__").glob("*.nb?"):
        if cached.stat().st_mtime_ns < newest:
            cached.unlink(missing_ok=True)


with suppress(OSError):  # a folder that cannot be written to is an installed one, and never stale
    _forget_stale()
