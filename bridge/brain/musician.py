"""What the musician does, as an insert hears it: keys, pedals, and the hand that accompanies in a player's place."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from bridge.brain.hands import Hands
from bridge.brain.ringing import ANY_KEY, Hold
from bridge.brain.settings import MIDDLE_VELOCITY, Settings
from models.player import Sound
from music.events import Control, Event, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF, PEDAL_DOWN, RESET_CONTROLLERS, SUSTAIN


class Done(NamedTuple):
    """What happened at once."""

    struck: bool
    """A key of the melody."""
    restruck: bool
    """One that was let go in the same moment: a repeated note."""
    stopped: bool
    """Whoever plays, or the host, wants silence, whatever is held."""
    ended: bool
    """A note of the melody: its key was let go, or the pedal that held it."""
    onsets: tuple[Sound, ...]
    """What was struck of the melody, and still sounds."""


class Musician:
    """What the settings listen to counts. While the own hand plays, and a little longer, nobody else accompanies."""

    def __init__(self, settings: Settings) -> None:
        self.hands = Hands()
        self.velocity = MIDDLE_VELOCITY
        """Of the newest key of the melody."""
        self.touched_beat = -inf
        """When a key or a pedal was last touched."""
        self._settings = settings
        self._pedals: set[int] = set()
        self._halted_pedals: set[int] = set()  # down when a halt came, and not moved since
        self._own_until = -inf  # the own hand's accompaniment lasts until this beat, if no key of it is down
        self._struck = self._restruck = self._stopped = self._ended = False
        self._let_go: set[int] = set()
        self._fresh: dict[int, int] = {}  # pitches struck, and how, since the last answer
        self._under_pedal: dict[tuple[int, int], int] = {}  # keys of the melody that are up, and sound on

    def hear(self, event: Event, beat: float, *, late: bool) -> bool:
        """Take in what happens at a beat, `late` in its frame or not; True where a key went down."""
        settings = self._settings
        match event:
            case NoteOn(channel, pitch, velocity) if channel in settings.channels:
                self._release(channel, pitch, beat, late=late)  # its note-off was lost: a key is down once
                self._press(channel, pitch, velocity)
                self.touched_beat = beat
                return True
            case NoteOff(channel, pitch) if channel in settings.channels:
                self._release(channel, pitch, beat, late=late)
            case Control(channel, number, value) if number == SUSTAIN and channel in settings.channels:
                self._pedal(channel, down=value >= PEDAL_DOWN)
                self.touch(beat)
            case Control(channel, number) if number == RESET_CONTROLLERS and channel in settings.channels:
                self._pedal(channel, down=False)
            case Control(channel, number) if number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                for held_channel, pitch, _ in list(self.hands):
                    if held_channel == channel:
                        self._release(channel, pitch, beat, late=late)
                self._lift(channel)
                self._stopped |= channel in settings.channels and not self.hands.melody
            case Stop():
                self._stopped = True
        return False

    def done(self) -> Done:
        """What has happened since this was last asked."""
        if self._stopped:
            self._under_pedal.clear()
        sounding = {sound.pitch for sound in self.sounds()}
        onsets = tuple(Sound(pitch, velocity) for pitch, velocity in self._fresh.items() if pitch in sounding)
        done = Done(self._struck, self._restruck, self._stopped, self._ended, onsets)
        self._fresh.clear()
        self._struck = self._restruck = self._stopped = self._ended = False
        self._let_go.clear()
        return done

    def sounds(self) -> tuple[Sound, ...]:
        """What sounds of the melody: what is held, and before it what only the pedal holds; oldest first of each."""
        held = self.hands.sounds()
        if not self._under_pedal:
            return held
        pitches = {sound.pitch for sound in held}
        lasting = {pitch: velocity for (_, pitch), velocity in self._under_pedal.items() if pitch not in pitches}
        return tuple(Sound(pitch, velocity) for pitch, velocity in lasting.items()) + held

    def touch(self, beat: float) -> None:
        """Something was touched, and nothing struck."""
        self.touched_beat = max(self.touched_beat, beat)

    def configure(self, settings: Settings, beat: float) -> None:
        """Under new settings another key may count, or count for the other hand."""
        before, self._settings = self._settings, settings
        keys = list(self.hands)
        others = settings.listens_to != before.listens_to  # whoever held them will not tell of their end
        self._pedals = set() if others else self._pedals & settings.channels
        channels = frozenset[int]() if others else settings.channels
        listened = [key for key in keys if key[0] in channels]
        self.hands.listen(channels)
        keeps = settings.pedal and settings.follows and settings.split == before.split
        lasting = self._under_pedal.items() if keeps else ()
        self._under_pedal = {key: velocity for key, velocity in lasting if key[0] in channels}
        if len(listened) == len(keys) and settings.split == before.split:
            return
        if self.hands.own:
            self._own_until = beat + settings.takeover_beats
        self.hands.clear()
        for channel, pitch, velocity in listened:
            self.hands.press(channel, pitch, velocity, own=settings.owns(pitch))

    def forget(self, keys: Iterable[tuple[int, int]]) -> None:
        """Keys (channel, pitch) go up, whoever held them, and nothing follows from it."""
        for channel, pitch in keys:
            self.hands.release(channel, pitch, own=self._settings.owns(pitch), late=False)

    def hand_over(self) -> Hold:
        """What holds the notes that sound now; from here on nothing is held, and pedals stay down."""
        settings = self._settings
        pedals = self._pedals if settings.pedal else set[int]()
        lasting = self._under_pedal.keys() if settings.follows else {(channel, ANY_KEY) for channel in pedals}
        keys = frozenset((channel, pitch) for channel, pitch, _ in self.hands.melody)
        hold = Hold(keys, frozenset(lasting), frozenset(pedals), settings.pedal)
        self.hands.clear()
        self._under_pedal.clear()
        return hold

    def halt(self, *, for_good: bool) -> None:
        """Nothing is held any more, until the hands `resume`; for good: they find nothing."""
        self.hands.halt()
        if for_good:
            self.hands.listen(frozenset())
        self._halted_pedals = set() if for_good else self._halted_pedals | self._pedals
        self._pedals.clear()
        self._under_pedal.clear()
        self._fresh.clear()
        self._own_until = -inf

    def resume(self) -> bool:
        """The keys and pedals that have not been let go since the halt are down again; False where no key is."""
        self._pedals |= self._halted_pedals & self._settings.channels
        self._halted_pedals.clear()
        return self.hands.resume()

    def accompanies(self, beat: float) -> bool:
        """Whether the own hand does, or has just done so."""
        return bool(self.hands.own) or beat < self._own_until

    @property
    def holds_by_pedal(self) -> bool:
        """Whether a pedal that counts is down."""
        return bool(self._pedals) and self._settings.pedal

    @property
    def rest_beat(self) -> float:
        """When an accompaniment comes to rest, if nothing is touched until then; never while something is held."""
        return inf if self.hands or self.holds_by_pedal else self.touched_beat + self._settings.rest_beats

    def _press(self, channel: int, pitch: int, velocity: int) -> None:
        own = self._settings.owns(pitch)
        self.hands.press(channel, pitch, velocity, own=own)
        if not own:
            self._under_pedal.pop((channel, pitch), None)
            self._fresh[pitch] = velocity
            self.velocity = velocity
            self._struck = True
            self._restruck |= pitch in self._let_go

    def _release(self, channel: int, pitch: int, beat: float, *, late: bool) -> None:
        own, settings = self._settings.owns(pitch), self._settings
        velocity = self.hands.velocity(channel, pitch)
        if not self.hands.release(channel, pitch, own=own, late=late):
            return
        self.touched_beat = beat
        if own:
            self._own_until = beat + settings.takeover_beats
            return
        self._let_go.add(pitch)
        if settings.follows and settings.pedal and channel in self._pedals:
            self._under_pedal[channel, pitch] = velocity
        else:
            self._ended = True

    def _pedal(self, channel: int, *, down: bool) -> None:
        self._halted_pedals.discard(channel)
        if down:
            self._pedals.add(channel)
            return
        self._pedals.discard(channel)
        self._lift(channel)

    def _lift(self, channel: int) -> None:
        """What the pedal alone has held ends."""
        for key in [key for key in self._under_pedal if key[0] == channel]:
            del self._under_pedal[key]
            self._ended = True
