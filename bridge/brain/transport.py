"""Where the beats fall on stage, and where in the song they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from models.player import FRAMES_PER_BEAT
from music.beat import CLOCKS_PER_BEAT

JUMP_BEATS = 0.125
"""A song that stands this far from where it should be has been moved; less is the jitter of its clock."""
NS_PER_MINUTE = 60e9


@dataclass(frozen=True, slots=True)
class Position:
    """Where a song stands at a moment, and how fast it goes. Beats are quarter notes."""

    ns: float
    beat: float | None
    """None: only the tempo is known."""
    ns_per_beat: float

    @property
    def ns_per_tick(self) -> float:
        """What a tick of the MIDI clock lasts."""
        return self.ns_per_beat / CLOCKS_PER_BEAT

    def beat_at(self, ns: float) -> float:
        """The song's beat at another moment."""
        return (self.beat or 0.0) + (ns - self.ns) / self.ns_per_beat


class Transport:
    """A `music.beat.Timeline` that follows a song. The thread of the engine owns it.

    Its own beats never jump back: when the song is moved, they go on, by less than one beat, to where its beats fall
    too. What is planned and what players have heard stays where it was, and the song's bars are counted beside it.
    """

    def __init__(self, start_ns: int, bpm: float = 120.0) -> None:
        self.meter = (4, 4)
        """Beats in a bar, and the note that such a beat is."""
        self._line = Position(start_ns, 0.0, NS_PER_MINUTE / bpm)
        self._furthest = 0.0  # of our beats while a song was followed
        self._ahead: int | None = None  # of our beats the song is by so many

    @property
    def bpm(self) -> float:
        """Quarter notes a minute."""
        return NS_PER_MINUTE / self._line.ns_per_beat

    @property
    def ahead(self) -> int | None:
        """By how many beats the song is ahead of ours; None where nobody knows. It changes when the song is moved."""
        return self._ahead

    @property
    def ns_per_beat(self) -> float:
        """What a quarter note lasts."""
        return self._line.ns_per_beat

    def set_tempo(self, bpm: float, now_ns: int) -> None:
        """Change the tempo; the beat position goes on without a jump."""
        self._line = Position(now_ns, self.beat_at(now_ns), NS_PER_MINUTE / bpm)

    def follow(self, song: Position, now_ns: int) -> bool:
        """Go with a song; True where it has been moved, or had not been known."""
        if song.beat is None:
            self._line = Position(now_ns, self.beat_at(now_ns), song.ns_per_beat)
            return False
        here, there = self.beat_at(now_ns), song.beat_at(now_ns)
        self._furthest = max(self._furthest, here)
        moved = self._ahead is None or abs(there - self._ahead - here) > JUMP_BEATS
        moved |= there - (self._ahead or 0) < self._furthest - JUMP_BEATS  # little by little: it is played backwards
        if moved:
            here = self._furthest
            step = (there - here) % 1
            step -= step > 1 - JUMP_BEATS
            self._ahead = round(there - here - step)
        self._line = Position(song.ns, song.beat - (self._ahead or 0), song.ns_per_beat)
        return moved

    def leave(self) -> None:
        """There is no song any more; the beats go on."""
        self._ahead = None

    def beat_at(self, ns: int) -> float:
        """The beat position at a moment."""
        return self._line.beat_at(ns)

    def ns_at(self, beat: float) -> int:
        """The moment of a beat position."""
        line = self._line
        return round(line.ns + (beat - (line.beat or 0.0)) * line.ns_per_beat)

    def song_beat(self, ns: int) -> float | None:
        """Where the song stands, in quarter notes; None where nobody knows."""
        return None if self._ahead is None else self.beat_at(ns) + self._ahead

    def bars(self, frame: int) -> int | None:
        """How many frames after its barline a frame begins; None where nobody knows."""
        if self._ahead is None:
            return None
        return floor((frame + self._ahead * FRAMES_PER_BEAT) % self._bar_frames + 1e-6)

    def bar_and_beat(self, ns: int) -> tuple[int, int]:
        """Bar and beat of the meter, both counted from 1; (0, 0) where nobody knows."""
        song = self.song_beat(ns)
        if song is None:
            return 0, 0
        numerator, denominator = self.meter
        beats = floor(song * denominator / 4 + 1e-6)
        return beats // numerator + 1, beats % numerator + 1

    def next_beat_ns(self, now_ns: int) -> int:
        """When the next beat of the meter falls."""
        per_quarter = self.meter[1] / 4
        song = self.beat_at(now_ns) + (self._ahead or 0)
        return self.ns_at((floor(song * per_quarter + 1e-6) + 1) / per_quarter - (self._ahead or 0))

    @property
    def _bar_frames(self) -> float:
        numerator, denominator = self.meter
        return FRAMES_PER_BEAT * 4 * numerator / denominator
