"""One insert: what it hears, what its player answers, what it has sounding."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

from bridge.brain.settings import Part, Settings
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Player, Sound
from music.beat import Timeline
from music.events import Control, Event, NoteOff, NoteOn, Program, Stop, Voice
from music.held import Held
from music.ring import Ring
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF

RING_FRAMES = 512
MAX_SILENT_FRAMES = 64
"""After a longer pause the player is not told of every empty frame, nor of more than the ring has while notes last."""
HALF_FRAME = 0.5
PLAN_AHEAD_NS = 20_000_000
"""How far before its beat a planned change is handed to the port."""

Note = tuple[int, int]
"""Channel and pitch of something that sounds."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that an insert sends at a moment."""

    time_ns: int
    event: Voice


class Insert:
    """The effect `harmonize`: the player answers every onset, its notes last as long as the musician's.

    Voices that keep their pitch from one answer to the next keep sounding: common tones are held, not struck again.
    """

    def __init__(self, settings: Settings, player: Player[Any], timeline: Timeline, now_ns: int) -> None:
        self.settings = settings
        self.answer: Answer | None = None
        """The newest answer of the player, for those who watch."""
        self.missed = 0
        """How often something struck was not answered, because it was too late for it."""
        self._player = player
        self._timeline = timeline
        self._state = player.start()
        self._held = Held()
        self._ring = Ring(RING_FRAMES, 1)
        self._frame = self._frame_at(now_ns)
        self._sounding: dict[Note, int] = {}  # when each began, ns
        self._answered_beat = 0.0
        self._struck = False
        self._restruck = False  # a repeated note: what would be held is struck again too
        self._let_go: set[int] = set()
        self._stopped = False  # the host wants silence: a latched chord ends too

    def programs(self, now_ns: int) -> list[Due]:
        """The program changes that the parts ask for."""
        wanted = {part.channel: part.program for part in self.settings.parts if part.program is not None}
        return [Due(now_ns, Program(channel, program)) for channel, program in wanted.items()]

    def hear(self, event: Event, time_ns: int) -> None:
        """Take an event in; `respond` answers it."""
        self._close_frames(time_ns)
        match event:
            case NoteOn(channel, pitch, velocity) if channel in self.settings.channels:
                self._release(channel, pitch, time_ns)  # struck while down: its note-off was lost, a key is down once
                self._held.press(channel, pitch, velocity)
                self._ring.on(0, pitch, velocity)
                self._struck = True
                self._restruck |= pitch in self._let_go
            case NoteOff(channel, pitch) if channel in self.settings.channels:
                self._release(channel, pitch, time_ns)
            case Control(channel, number) if number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                for held_channel, pitch, _ in list(self._held):
                    while held_channel == channel and (channel, pitch) in self._held:
                        self._release(channel, pitch, time_ns)
                self._stopped |= channel in self.settings.channels
            case Stop():
                self._stopped = True

    def respond(self, time_ns: int, *, in_time: bool = True) -> list[Due]:
        """Answer all that was heard since the last call at once: a chord, or a note that follows another without a gap.

        What comes too late to be answered is heard all the same, and its release is.
        """
        struck, restruck = self._struck and in_time, self._restruck
        self.missed += self._struck and not in_time
        stopped = self._stopped
        self._struck = self._restruck = self._stopped = False
        self._let_go.clear()
        if not self._held:
            return self._end(list(self._sounding), time_ns) if stopped else self._released(time_ns)
        if not struck or self.settings.bypass:
            return []
        ended = self._end(list(self._sounding), time_ns) if restruck else []
        return ended + self._ask(time_ns)

    def advance(self, now_ns: int) -> list[Due]:
        """Let time pass: frames close, and a held note's chord may move on at its beat."""
        self._close_frames(now_ns)
        wake_ns = self.next_wake_ns(now_ns)
        if wake_ns is None or now_ns < wake_ns:
            return []
        beat = self._next_motion(now_ns)
        due = self._ask(self._timeline.ns_at(beat), move=True)
        self._answered_beat = beat  # not rounded to ns: a beat that counts as not answered yet would come again
        return due

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to decide; None where only events matter."""
        if not self.settings.motion_beats or not self._held or self.settings.bypass:
            return None
        beat = self._next_motion(now_ns)  # and never before the last one: at 60 000 000 bpm that would be far ahead
        return max(self._timeline.ns_at(beat) - PLAN_AHEAD_NS, self._timeline.ns_at(beat - self._step))

    def configure(self, settings: Settings, player: Player[Any], now_ns: int) -> list[Due]:
        """Take new settings; what sounds under the old ones is ended or carried on, never forgotten."""
        changed, self.settings = settings != self.settings, settings
        if player is not self._player:
            self._player, self._state, self.answer = player, player.start(), None
        if not changed:
            return []
        if settings.bypass:
            return self._end(list(self._sounding), now_ns)
        listened = [note for note in self._held if note[0] in settings.channels]
        if len(listened) < len(self._held):
            self._forget_input()
            for note in listened:
                self._held.press(*note)
                self._ring.on(0, *note[1:])
        return self._ask(now_ns) if self._held else self._released(now_ns)

    def silence(self) -> None:
        """Forget what is held and what sounds; the port ends it."""
        self._forget_input()
        self._sounding.clear()

    def _forget_input(self) -> None:
        self._held.clear()
        self._ring.silence()

    def _release(self, channel: int, pitch: int, time_ns: int) -> None:
        if (channel, pitch) in self._held:
            into_frame = self._timeline.beat_at(time_ns) * FRAMES_PER_BEAT - self._frame
            self._ring.off(0, pitch, late=into_frame >= HALF_FRAME)
            if self._held.release(channel, pitch):
                self._let_go.add(pitch)

    def _released(self, time_ns: int) -> list[Due]:
        if self._held or self.settings.latch:
            return []
        return self._end(list(self._sounding), time_ns)

    def _ask(self, time_ns: int, *, move: bool = False) -> list[Due]:
        """Ask the player and turn the difference to what sounds into messages."""
        held = self._sounds()
        beat = self._timeline.beat_at(time_ns)
        struck = self._struck_in_open_frame()
        moment = Moment(beat, self.settings.wish, self.answer, self._answered_beat, struck, move)
        self.answer, self._answered_beat = self._player.answer(self._state, held, moment), beat
        wanted: dict[Note, Part] = {}
        for part, pitch in zip(self.settings.parts, self.answer.pitches, strict=True):
            if pitch is not None:
                wanted.setdefault((part.channel, pitch), part)
        due = self._end([note for note in self._sounding if note not in wanted], time_ns)
        onset_ns = time_ns
        for note, part in wanted.items():
            if note not in self._sounding:
                velocity = part.velocity(held[-1].velocity, self.settings.velocity_follow)
                due.append(Due(onset_ns, NoteOn(*note, velocity)))
                self._sounding[note] = onset_ns
            onset_ns += self.settings.strum_ns
        return due

    def _end(self, notes: list[Note], time_ns: int) -> list[Due]:
        for note in notes:
            del self._sounding[note]
        return [Due(time_ns, NoteOff(*note)) for note in notes]

    def _sounds(self) -> tuple[Sound, ...]:
        return tuple(Sound(pitch, velocity) for _, pitch, velocity in self._held)

    def _frame_at(self, ns: int) -> int:
        return floor(self._timeline.beat_at(ns) * FRAMES_PER_BEAT + 1e-6)

    @property
    def _step(self) -> float:
        """Beats from one motion to the next, a sixteenth at least."""
        return max(self.settings.motion_beats, 1 / FRAMES_PER_BEAT)

    def _next_motion(self, now_ns: int) -> float:
        """The next beat, not answered yet, at which the chord may move."""
        step = self._step
        return (floor(max(self._timeline.beat_at(now_ns), self._answered_beat) / step + 1e-6) + 1) * step

    def _close_frames(self, now_ns: int) -> None:
        """Tell the player of every frame that ended before now."""
        frame = self._frame_at(now_ns)
        self._frame = max(self._frame, frame - (RING_FRAMES if self._held else MAX_SILENT_FRAMES))
        while self._frame < frame:
            self._frame += 1
            onset, held = self._ring.window(1, with_open=True)
            closed = Frame(_row(onset[0, 0]), _row(held[0, 0]), self.answer if self._sounding else None)
            self._ring.advance()
            self._state = self._player.hear(self._state, closed)

    def _struck_in_open_frame(self) -> tuple[Sound, ...]:
        return _row(self._ring.window(1, with_open=True)[0][0, 0])


def _row(velocities: Any) -> tuple[Sound, ...]:
    """The notes of one row of a roll, low to high."""
    pitches = velocities.nonzero()[0]
    return tuple(Sound(int(pitch), int(velocities[pitch])) for pitch in pitches)
