"""The bench of the microphone counts what it says."""

import pytest

from bridge.bench import hearing
from bridge.bench.hearing import measure, report
from bridge.bench.sounds import TIMBRES
from music.audio.listener import Listener


def test_nearly_all_notes_are_right_and_come_sooner_the_higher_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "TIMBRES", {name: TIMBRES[name] for name in ("clarinet", "guitar")})
    rows = measure(6, seed=1)
    assert len(rows) == 2 * 3 * 2
    assert sum(row["right"] for row in rows) >= 0.95 * sum(row["notes"] for row in rows)
    low, high = ([row["delay_ms"]["p50"] for row in rows if row["register"] == where] for where in ("low", "high"))
    assert max(high) < min(low)
    assert report(rows).count("\n") == len(rows) + 1


def test_who_hears_nothing_has_no_note_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "TIMBRES", {"sine": TIMBRES["sine"]})
    monkeypatch.setattr(Listener, "hear", lambda _self, _samples: [])
    rows = measure(2, seed=1)
    assert [(row["right"], row["extra"]) for row in rows] == [(0, 0)] * len(rows)
    assert "0.0 %" in report(rows)
