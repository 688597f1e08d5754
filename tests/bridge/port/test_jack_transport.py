"""What JACK's transport tells the brain, whatever whoever gives the beats puts in."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bridge.messages import BEAT_SCALE, POSITION, TEMPO, Record, pack
from bridge.port.jack_transport import BBT_VALID, LOOK_NS, ROLLING, JackTransport

NAN, INF = float("nan"), float("inf")


@dataclass
class Song:
    """A JACK client whose transport rolls, and where it stands."""

    beats_per_minute: float = 90.0
    beats_per_bar: float = 3.0
    beat_type: float = 4.0
    ticks_per_beat: float = 960.0
    bar: int = 11
    beat: int = 2
    tick: int = 480
    valid: int = BBT_VALID
    state: int = ROLLING

    def transport_query_struct(self) -> tuple[int, Song]:
        return self.state, self


def told(song: Song, looks: int = 3) -> list[Record]:
    jack = JackTransport(song)
    return [record for look in range(1, looks + 1) for record in jack.look(look * LOOK_NS)]


def test_tempo_and_beat_are_told_in_quarter_notes() -> None:
    tempo, position, *_ = told(Song(beat_type=8.0))
    assert tempo.kind == TEMPO and tempo.deadline_ns == pytest.approx(60e9 / 45, abs=1)
    assert (position.kind, position.deadline_ns) == (POSITION, 15.75 * BEAT_SCALE)
    assert position.data == bytes((1, 3, 8))


def test_a_song_that_stands_or_has_no_beats_is_not_told_of() -> None:
    assert told(Song(state=0)) == told(Song(valid=0)) == []


@pytest.mark.parametrize(
    "song",
    [
        *(Song(beats_per_minute=bpm) for bpm in (NAN, INF, 0.0, -1.0, 1e-300, 1e-9, 5e4, 1e12)),
        *(Song(ticks_per_beat=ticks) for ticks in (NAN, 0.0, 1e-300, 1e-9)),
        *(Song(beat_type=note) for note in (NAN, INF, 0.0, 0.6, -4.0)),
        *(Song(beats_per_bar=beats) for beats in (NAN, INF, 0.0, 65.0)),
        *(Song(bar=bar) for bar in (2**31 - 1, -(2**31))),
        *(Song(beat=beat) for beat in (2**31 - 1, -1)),
        *(Song(tick=tick) for tick in (2**31 - 1, -(2**31))),
    ],
)
def test_what_nobody_could_play_by_is_not_told(song: Song) -> None:
    assert [pack(record) for record in told(song)] == []
