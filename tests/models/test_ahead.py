"""What fits what is known to come: whoever plays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ahead import Ahead
from models.continuation import Aim, placed
from models.learned import make
from models.rules.markov import MemoryPlayer
from music.chart import Chart
from music.phrase import Onset, Tone
from tests.models.learned.turns import played, told

CHART = Chart((0.0, 1.0, 2.0, 3.0), tuple(map(frozenset, ((9, 0, 4), (5, 9, 0), (0, 4, 7), (7, 11, 2, 5)))), 4.0)
RUBS = (1, 11)
BEGIN = 64.0


def rubs(tone: Tone, beat: float, chart: Chart = CHART) -> bool:
    """Whether a tone is a semitone from what sounds at a beat, and does not sound itself."""
    sounding = chart.at(beat - BEGIN, 4)
    return tone.pitch % 12 not in sounding and any((tone.pitch - one) % 12 in RUBS for one in sounding)


@given(
    st.lists(st.builds(Tone, st.integers(21, 108), st.just(80), st.floats(0.05, 20)), min_size=1, max_size=6),
    st.floats(BEGIN, BEGIN + 40).map(lambda beat: round(beat * 24) / 24),
    st.lists(st.frozensets(st.integers(0, 11), max_size=4), min_size=1, max_size=5),
)
def test_what_lasts_rubs_with_nothing_from_beginning_to_end(
    tones: list[Tone], beat: float, classes: list[frozenset[int]]
) -> None:
    chart = Chart(tuple(map(float, range(len(classes)))), tuple(classes), float(len(classes)))
    for tone in placed(tones, Aim(ahead=Ahead(chart, 4.0, BEGIN)), beat):
        assert 21 <= tone.pitch <= 108 and tone.beats > 0
        moments = np.arange(beat, beat + tone.beats - 0.1, 1 / 24) if tone.beats >= 0.5 else ()
        assert not any(rubs(tone, moment, chart) for moment in moments)


@pytest.mark.parametrize("name", ["memory", "goes-on"])
def test_players_play_over_the_changes(name: str) -> None:
    player = MemoryPlayer() if name == "memory" else make(name)
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62] * 10
    heard = [Onset(beat / 2, (Tone(pitch, 80, 0.5),)) for beat, pitch in enumerate(scale[: int(BEGIN * 2)])]

    def share(ahead: Ahead | None) -> float:
        found = played(player, told(player, heard, phase=True), 60, Aim(phase=True, ahead=ahead))
        return float(np.mean([one.top % 12 in CHART.at(one.beat - BEGIN, 4) for one in found]))

    assert share(Ahead(CHART, 4.0, BEGIN)) > share(None) + 0.2
