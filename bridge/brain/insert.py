"""One insert: what it hears, what its player answers, what it has sounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, inf
from typing import Any

from bridge.brain.hands import RING_FRAMES, Hands
from bridge.brain.settings import MIDDLE_VELOCITY, Settings
from models.player import FRAMES_PER_BEAT, Answer, Frame, Moment, Player
from music.beat import Timeline
from music.events import Control, Event, NoteOff, NoteOn, Program, Stop, Voice
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF

MAX_SILENT_FRAMES = 64
"""After a longer pause the player is not told of every empty frame, nor of more than the ring has while notes last."""
HALF_FRAME = 0.5
PLAN_AHEAD_NS = 20_000_000
"""How far before its beat a planned change is handed to the port."""

Note = tuple[int, int]
"""Channel and pitch of something that sounds."""
Bars = Callable[[int], int | None]
"""How many frames after its barline a frame begins; None where nobody knows."""


def no_bars(_frame: int) -> None:
    """On stage, where no clock runs that knows of bars."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that an insert sends at a moment."""

    time_ns: int
    event: Voice


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the beats and the barlines fall."""

    timeline: Timeline
    bars: Bars

    def frame_at(self, ns: int) -> int:
        """The frame that is open at a moment; at the very edge, the one that begins."""
        frame = floor(self.timeline.beat_at(ns) * FRAMES_PER_BEAT + 1e-6)
        return frame + (ns >= self.edge_ns(frame + 1))  # by the same rounding, or a wake at the edge would come again

    def edge_ns(self, frame: int) -> int:
        """When a frame begins."""
        return self.timeline.ns_at(frame / FRAMES_PER_BEAT)


class Insert:
    """The effect `harmonize`: the player answers every onset, its notes last as long as the musician's.

    Voices that keep their pitch from one answer to the next keep sounding: common tones are held, not struck again,
    unless the player says so. A player of pulse is asked at every frame's beginning too, until the musician rests.
    While the musician's own hand plays below the split, nobody is asked.
    """

    def __init__(self, settings: Settings, player: Player[Any], clock: Clock, now_ns: int) -> None:
        self.settings = settings
        self.player = player
        self.answer: Answer | None = None
        """The newest answer of the player, for those who watch."""
        self.missed = 0
        """How often something struck was not answered, because it was too late for it."""
        self.fallbacks = 0
        """How often the rules answered for the player."""
        self._clock = clock
        self._timeline = clock.timeline
        self._state = player.start()
        self._hands = Hands()
        self._frame = clock.frame_at(now_ns)
        self._sounding: dict[Note, None] = {}  # in the order in which they began
        self._begun: set[Note] = set()  # in the open frame
        self._rang = False  # for most of the open frame, and then ended
        self._answered_beat = 0.0
        self._asked_frame = self._frame
        self._touch = MIDDLE_VELOCITY  # of the newest key
        self._touched_beat = -inf
        self._awake = False  # a key was touched, and the player of pulse has not come to rest since
        self._own_until = -inf  # the own hand's accompaniment lasts until this beat, if no key of it is down
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
                self._press(channel, pitch, velocity)
                self._touched(time_ns)
            case NoteOff(channel, pitch) if channel in self.settings.channels:
                self._release(channel, pitch, time_ns)
            case Control(channel, number) if number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                for held_channel, pitch, _ in list(self._hands):
                    if held_channel == channel:
                        self._release(channel, pitch, time_ns)
                self._stopped |= channel in self.settings.channels
            case Stop():
                self._stopped = True

    def respond(self, time_ns: int, *, in_time: bool = True) -> list[Due]:
        """Answer all that was heard since the last call at once: a chord, or a note that follows another without a gap.

        What comes too late to be answered is heard all the same, and its release is.
        """
        struck, restruck = self._struck and in_time, self._restruck and not self.player.pulse
        self.missed += self._struck and not in_time
        stopped = self._stopped
        self._struck = self._restruck = self._stopped = False
        self._let_go.clear()
        if stopped and not self._hands.melody:
            self._awake = False
            return self._end_all(time_ns)
        if not self._hands.melody or self._yields(self._timeline.beat_at(time_ns)):
            return self._released(time_ns)
        if not struck or self.settings.bypass:
            return []
        ended = self._end_all(time_ns) if restruck else []
        return ended + self._ask(time_ns)

    def advance(self, now_ns: int) -> list[Due]:
        """Let time pass: frames close, a held note's chord may move on at its beat, a player of pulse goes on."""
        self._close_frames(now_ns)
        wake_ns = self.next_wake_ns(now_ns)
        if wake_ns is None or now_ns < wake_ns:
            return []
        if self.player.pulse:
            return self._pulse()
        beat = self._next_motion(now_ns)
        self._close_frames(self._timeline.ns_at(beat))  # a little early: what the player decides on is all it hears
        due = self._ask(self._timeline.ns_at(beat), move=True)
        self._answered_beat = beat  # not rounded to ns: a beat that counts as not answered yet would come again
        return due

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to decide; None where only events matter."""
        if self.settings.bypass:
            return None
        if self.player.pulse:
            return self._clock.edge_ns(max(self._asked_frame + 1, self._frame)) if self._awake else None
        if not self.settings.motion_beats or not self._hands.melody:
            return None
        beat = self._next_motion(now_ns)  # and never before the last one: at 60 000 000 bpm that would be far ahead
        return max(self._timeline.ns_at(beat) - PLAN_AHEAD_NS, self._timeline.ns_at(beat - self._step))

    def next_frame_ns(self) -> int:
        """When the open frame ends: one who thinks slowly should hear of it then, and not with the next note."""
        return self._clock.edge_ns(self._frame + 1)

    def configure(self, settings: Settings, player: Player[Any], now_ns: int) -> list[Due]:
        """Take new settings; what sounds under the old ones is ended or carried on, never forgotten."""
        before, self.settings = self.settings, settings
        ended: list[Due] = []
        if player is not self.player:
            self.player, self._state, self.answer = player, player.start(), None
            self._asked_frame = self._frame
            ended = [] if self._hands.melody else self._end_all(now_ns)
        elif settings == before:
            return []
        if settings.bypass:
            return ended + self._end_all(now_ns)
        self._listen_anew(before, now_ns)
        if self._hands.melody:
            return ended + self._ask(now_ns)
        return ended + self._released(now_ns)

    def silence(self) -> None:
        """Forget what is held and what sounds; the port ends it."""
        self._hands.clear()
        self._sounding.clear()
        self._begun.clear()
        self._awake, self._own_until = False, -inf

    def _press(self, channel: int, pitch: int, velocity: int) -> None:
        own = self.settings.owns(pitch)
        self._hands.press(channel, pitch, velocity, own=own)
        if not own:
            self._touch = velocity
            self._struck = True
            self._restruck |= pitch in self._let_go

    def _release(self, channel: int, pitch: int, time_ns: int) -> None:
        beat, own = self._timeline.beat_at(time_ns), self.settings.owns(pitch)
        if not self._hands.release(channel, pitch, own=own, late=self._is_late(beat)):
            return
        self._touched_beat = beat
        if own:
            self._own_until = beat + self.settings.takeover_beats
        else:
            self._let_go.add(pitch)

    def _is_late(self, beat: float) -> bool:
        """Whether what ends now has sounded for most of the open frame."""
        return beat * FRAMES_PER_BEAT - self._frame >= HALF_FRAME

    def _touched(self, time_ns: int) -> None:
        if not self._awake:
            self._awake, self._asked_frame = True, self._frame  # the frame that runs has begun without an answer
        self._touched_beat = self._timeline.beat_at(time_ns)

    def _listen_anew(self, before: Settings, now_ns: int) -> None:
        """Under new settings another key may count, or count for the other hand."""
        keys = list(self._hands)
        listened = [key for key in keys if key[0] in self.settings.channels]
        if len(listened) == len(keys) and self.settings.split == before.split:
            return
        if self._hands.own:
            self._own_until = self._timeline.beat_at(now_ns) + self.settings.takeover_beats
        self._hands.clear()
        for channel, pitch, velocity in listened:
            self._hands.press(channel, pitch, velocity, own=self.settings.owns(pitch))

    def _yields(self, beat: float) -> bool:
        """Whether the musician's own hand accompanies."""
        return bool(self._hands.own) or beat < self._own_until

    def _released(self, time_ns: int) -> list[Due]:
        """What ends where no key of the melody is down, or the own hand takes over."""
        if not self._yields(self._timeline.beat_at(time_ns)):
            if self.player.pulse and self._awake:
                return []
            if self.settings.latch and not self.player.pulse:
                return []
        return self._end_all(time_ns)

    def _pulse(self) -> list[Due]:
        """A frame has begun: the player goes on, or rests."""
        self._asked_frame = self._frame
        beat = self._frame / FRAMES_PER_BEAT
        if not self._hands and beat >= self._touched_beat + self.settings.rest_beats:
            self._awake = False
            return self._end_all(self._clock.edge_ns(self._frame))
        return self._ask(self._clock.edge_ns(self._frame), move=True)

    def _ask(self, time_ns: int, *, move: bool = False) -> list[Due]:
        """Ask the player and turn the difference to what sounds into messages."""
        beat = self._timeline.beat_at(time_ns)
        if self._yields(beat):
            return self._end_all(time_ns)
        moment = Moment(
            beat=beat,
            wish=self.settings.wish,
            last=self.answer,
            last_beat=self._answered_beat,
            onsets=self._hands.onsets(),
            move=move,
            bar_frame=self._clock.bars(max(self._frame, self._clock.frame_at(time_ns))),
        )
        self.answer, self._answered_beat = self.player.answer(self._state, self._hands.sounds(), moment), beat
        self.fallbacks += self.answer.fallback
        self._asked_frame = self._frame
        return self._play(self.answer, time_ns)

    def _play(self, answer: Answer, time_ns: int) -> list[Due]:
        """What must end and what must begin for an answer to sound."""
        wanted: dict[Note, int] = {}
        held = self._hands.sounds()
        played = held[-1].velocity if held else self._touch
        for voice, (part, pitch) in enumerate(zip(self.settings.parts, answer.pitches, strict=True)):
            if pitch is not None:
                velocity = part.velocity(played, self.settings.velocity_follow)
                velocity = part.within(answer.velocities[voice]) if answer.velocities else velocity
                wanted.setdefault((part.channel, pitch), velocity)
        struck = answer.struck or frozenset()
        again = {note for note in wanted if note[1] in struck} - self._begun  # asked twice in a frame, struck once
        due = self._end([note for note in self._sounding if note not in wanted or note in again], time_ns)
        onset_ns = time_ns
        for note, velocity in wanted.items():
            if note not in self._sounding:
                due.append(Due(onset_ns, NoteOn(*note, velocity)))
                self._sounding[note] = None
                self._begun.add(note)
            onset_ns += self.settings.strum_ns
        return due

    def _end(self, notes: list[Note], time_ns: int) -> list[Due]:
        for note in notes:
            del self._sounding[note]
        if notes and not self._sounding:
            self._rang = self._is_late(self._timeline.beat_at(time_ns))
        return [Due(time_ns, NoteOff(*note)) for note in notes]

    def _end_all(self, time_ns: int) -> list[Due]:
        return self._end(list(self._sounding), time_ns)

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
        frame = self._clock.frame_at(now_ns)
        self._frame = max(self._frame, frame - (RING_FRAMES if self._hands else MAX_SILENT_FRAMES))
        while self._frame < frame:
            self._frame += 1
            onsets, held, own_onsets, own_hand = self._hands.close_frame()
            closed = Frame(
                onsets=onsets,
                held=held,
                answer=self.answer if self._sounding or self._rang else None,
                struck=tuple(sorted({pitch for _, pitch in self._begun})),
                own_onsets=own_onsets,
                own_hand=own_hand,
                next_bar_frame=self._clock.bars(self._frame),
                beat=(self._frame - 1) / FRAMES_PER_BEAT,
            )
            self._begun.clear()
            self._rang = False
            self._state = self.player.hear(self._state, closed)
