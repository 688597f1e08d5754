"""The engine: events in, due events out. No I/O, no threads, no wall clock: the time is handed to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

from bridge.brain.effects import effect, fits
from bridge.brain.foresight import Later
from bridge.brain.grid import Grid
from bridge.brain.in_time import InTime
from bridge.brain.players import Players
from bridge.brain.question import Turn
from bridge.brain.ringing import Ringing
from bridge.brain.settings import Settings
from bridge.brain.sounding import Due, Note
from music.events import Control, Event, NoteOff, NoteOn, Stop
from music.wire import ALL_NOTES_OFF, ALL_SOUND_OFF

Heard = tuple[int, Event, int]
"""(insert, event, time in ns)."""
Sent = tuple[int, Due]
"""(insert, what it sends)."""
HandedOn = tuple[int, int, int, Event]
"""(time in ns, order, who is to hear it, what): of another's answer, or what its own port has brought too early."""


class Engine:
    """The inserts of a daemon or of a render, under one timeline.

    An insert may listen to one before it instead of to its own port: it hears what that one hears and what it answers,
    each note at its time. One with a delay hears its own port so much later, and knows what comes.
    """

    def __init__(
        self, settings: Sequence[Settings], grid: Grid, now_ns: int = 0, players: Players | None = None
    ) -> None:
        """Raise ContinuoError where a player cannot be had."""
        self.players = players or Players()
        self.inserts = [effect(one, self.players.get(*one.player), grid, now_ns) for one in settings]
        self._grid = grid
        self._handed_on: list[HandedOn] = []  # a heap, for listeners
        self._waiting: dict[int, Settings] = {}  # of another scene, for the next note
        self._ringing: list[list[Ringing]] = [[] for _ in settings]
        self._order = 0

    def programs(self, now_ns: int) -> list[Sent]:
        """The program changes that all parts ask for."""
        return [(number, due) for number, insert in enumerate(self.inserts) for due in insert.programs(now_ns)]

    def receive(self, heard: Iterable[Heard], not_before_ns: int = 0) -> list[Sent]:
        """Take in what arrived together and answer it once: a chord is one question, not one for each of its notes.

        Onsets from before `not_before_ns` are heard and not answered.
        """
        events: list[list[tuple[Event, int]]] = [[] for _ in self.inserts]
        for number, event, time_ns in heard:
            events[number].append((event, time_ns))
        rung = self._switch(events)
        newest: dict[int, int] = {}
        for number, insert in enumerate(self.inserts):  # in this order: a listener comes after whom it listens to
            source = insert.settings.listens_to - 1
            here = events[number] = self._delayed(number, events[number]) if source < 0 else events[source]
            for event, time_ns in here:
                rung += self._ring(number, event, time_ns)
                insert.hear(event, time_ns)
                newest[number] = time_ns
        turns = {
            number: self.inserts[number].respond(time_ns, in_time=time_ns >= not_before_ns)
            for number, time_ns in newest.items()
        }
        return (
            rung + self._play(turns) + self._listen(max((time_ns for here in events for _, time_ns in here), default=0))
        )

    def advance(self, now_ns: int) -> list[Sent]:
        """Let time pass up to now."""
        for insert in self.inserts:  # before any of them waits for an answer: so they are heard together
            insert.listen(now_ns)
        sent = self._play({number: insert.advance(now_ns) for number, insert in enumerate(self.inserts)})
        for insert in self.inserts:
            insert.look_ahead()
        return sent + self._listen(now_ns)

    def foresee(self, number: int, later: Sequence[Later]) -> None:
        """Tell an insert, of a file, what it will hear next; it holds until this is called again."""
        self.inserts[number].foresee(later)

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to decide; None where only events matter."""
        wakes = [insert.next_wake_ns(now_ns) for insert in self.inserts]
        wakes += [self._handed_on[0][0]] if self._handed_on else []
        return min((wake for wake in wakes if wake is not None), default=None)

    def next_frame_ns(self) -> int | None:
        """When players who think slowly should hear the open frame; None where there is none."""
        slow = (one.next_frame_ns() for one in self.inserts if isinstance(one.player, InTime))
        return min(slow, default=None)

    def change(self, number: int, settings: Settings, now_ns: int) -> list[Sent]:
        """Give an insert the settings of another scene: from its next note on, if it is busy.

        What sounds then rings on until its keys are up.
        """
        if not self.inserts[number].busy:
            return self.configure(number, settings, now_ns)
        self._waiting[number] = settings
        return []

    def configure(self, number: int, settings: Settings, now_ns: int) -> list[Sent]:
        """Give an insert new settings. ContinuoError, and nothing changes, where their player cannot be had.

        Where another scene waits for the next note, they wait with it, unless they want something at once.
        """
        old = self.inserts[number].settings
        if number in self._waiting and settings.bypass == old.bypass and not settings.turns.wanted:
            self._waiting[number] = settings
            return []
        self._waiting.pop(number, None)
        rung = self._end_ringing(number, now_ns) if settings.bypass else []
        if settings.delay_beats != old.delay_beats:
            self.inserts[number].overhear(self._pull(number), now_ns)
        if settings.listens_to != old.listens_to:  # nobody will tell of the ends of what has not begun yet
            self._drop([one for one in self._handed_on if one[2] == number])
        player = self.players.get(*settings.player)
        sent: list[Sent] = []
        if not fits(self.inserts[number], settings):
            sent = self._play({number: Turn(self.inserts[number].leave(now_ns))})
            self.inserts[number] = effect(settings, player, self._grid, now_ns)
        sent += self._play({number: self.inserts[number].configure(settings, player, now_ns)})
        now, before = ({(part.channel, part.program, part.keyswitch) for part in one.parts} for one in (settings, old))
        if now != before:
            sent = [(number, due) for due in self.inserts[number].programs(now_ns)] + sent
        return rung + sent + self._listen(now_ns)

    @property
    def waiting(self) -> frozenset[int]:
        """The inserts where another scene waits for its first note."""
        return frozenset(self._waiting)

    def playing(self, number: int) -> bool:
        """Whether something that an insert answered sounds, or its continuation has the turn."""
        return self.inserts[number].playing or any(self._ringing[number])

    def silence(self, *, for_good: bool = False) -> None:
        """Forget all that is held and sounds; who owns the outputs ends it. For good: it cannot be undone.

        What a listener holds of another's answers is let go for good: nobody will tell it of their ends.
        """
        for number, insert in enumerate(self.inserts):
            source = insert.settings.listens_to - 1
            ends = [event for event in self._pull(number) if isinstance(event, NoteOn | NoteOff)]
            insert.forget((end.channel, end.pitch) for end in ends)
            if source >= 0:
                insert.forget(self.inserts[source].sounding)
        for insert in self.inserts:
            insert.silence(for_good=for_good)
        self._ringing = [[] for _ in self.inserts]

    def resume(self, now_ns: int) -> list[Sent]:
        """Undo a silence: what is still held is answered again."""
        turns = {number: insert.resume(now_ns) for number, insert in enumerate(self.inserts)}
        return self._play(turns) + self._listen(now_ns)

    def _play(self, turns: dict[int, Turn]) -> list[Sent]:
        """What inserts send, in their order; all that ask have asked before one of them waits."""
        answers = {number: turn.question.ask() for number, turn in turns.items() if turn.question}
        sent: list[Sent] = []
        for number, (due, question) in turns.items():
            played = due + self.inserts[number].play(question, answers[number]()) if question else due
            played = self._taking_over(number, played) if self._ringing[number] else played
            sent += [(number, one) for one in played]
            self._hand_on(number, played)
        return sent

    def _switch(self, events: Sequence[Sequence[tuple[Event, int]]]) -> list[Sent]:
        """Let scenes begin whose inserts have a note among what arrives."""
        begins: dict[int, int] = {}
        for number in self._waiting:
            source = number
            while self.inserts[source].settings.listens_to:
                source = self.inserts[source].settings.listens_to - 1
            notes = [time_ns for event, time_ns in events[source] if isinstance(event, NoteOn)]
            begins |= {number: notes[0]} if notes else {}
        sent: list[Sent] = []
        for number, time_ns in begins.items():
            ringing = self.inserts[number].let_ring()
            self._ringing[number].append(ringing)
            sent += self._end(number, ringing.settle(), time_ns)
            sent += self.configure(number, self._waiting.pop(number), time_ns)
        return sent

    def _ring(self, number: int, event: Event, time_ns: int) -> list[Sent]:
        """What ends of another scene's notes."""
        ended = [note for ringing in self._ringing[number] for note in ringing.hear(event)]
        self._ringing[number] = [ringing for ringing in self._ringing[number] if ringing]
        return self._end(number, ended, time_ns)

    def _end_ringing(self, number: int, time_ns: int) -> list[Sent]:
        ended = [note for ringing in self._ringing[number] for note in ringing.end()]
        self._ringing[number] = []
        return self._end(number, ended, time_ns)

    def _end(self, number: int, notes: Sequence[Note], time_ns: int) -> list[Sent]:
        due = [Due(time_ns, NoteOff(*note)) for note in notes]
        self._hand_on(number, due)
        return [(number, one) for one in due]

    def _taking_over(self, number: int, played: list[Due]) -> list[Due]:
        """What an insert plays, and before it the end of what rings on of the same notes."""
        found: list[Due] = []
        for due in played:
            if isinstance(due.event, NoteOn):
                note = due.event.channel, due.event.pitch
                given_up = [ringing.give_up(note) for ringing in self._ringing[number]]
                found += [Due(due.time_ns, NoteOff(*note))] if any(given_up) else []
            found.append(due)
        return found

    def _hand_on(self, number: int, answered: list[Due]) -> None:
        """Keep what an insert answered for those who listen to it, until its time.

        A note that ends before it begins never sounds, and nobody hears it.
        """
        listeners = [one for one, insert in enumerate(self.inserts) if insert.settings.listens_to == number + 1]
        for listener in listeners:
            for due in answered:
                if not isinstance(due.event, NoteOn | NoteOff):
                    continue
                unborn = self._unborn(listener, due.time_ns, due.event) if isinstance(due.event, NoteOff) else []
                if unborn:
                    self._drop(unborn)
                    continue
                self._push(listener, due.event, due.time_ns)

    def _unborn(self, listener: int, time_ns: int, release: NoteOff) -> list[HandedOn]:
        """The onset that a release comes before."""
        key = release.channel, release.pitch
        return [
            one
            for one in self._handed_on
            if one[2] == listener
            and one[0] >= time_ns
            and isinstance(one[3], NoteOn)
            and (one[3].channel, one[3].pitch) == key
        ]

    def _push(self, number: int, event: Event, time_ns: int) -> None:
        self._order += 1
        heappush(self._handed_on, (time_ns, self._order, number, event))

    def _pull(self, number: int) -> list[Event]:
        """What an insert has not heard yet, which it now is to hear at once, or never."""
        mine = sorted(one for one in self._handed_on if one[2] == number)
        self._drop(mine)
        return [event for *_, event in mine]

    def _delayed(self, number: int, here: list[tuple[Event, int]]) -> list[tuple[Event, int]]:
        """Of what an insert's port brings, what it hears at once: all, or where it has a delay, only what silences."""
        settings, timeline = self.inserts[number].settings, self._grid.timeline
        if not settings.delay_beats:
            return here
        now: list[tuple[Event, int]] = []
        for event, time_ns in here:
            if _silences(event):
                self.inserts[number].overhear(self._pull(number), time_ns)
                now.append((event, time_ns))
            else:
                self._push(number, event, timeline.ns_at(timeline.beat_at(time_ns) + settings.delay_beats))
        return now

    def _foresee(self) -> None:
        """Let those with a delay know what they will hear."""
        for number, insert in enumerate(self.inserts):
            if insert.settings.delay_beats:
                insert.foresee([(t, event) for t, _, listener, event in sorted(self._handed_on) if listener == number])

    def _drop(self, dropped: list[HandedOn]) -> None:
        self._handed_on = [one for one in self._handed_on if one not in dropped]
        heapify(self._handed_on)

    def _listen(self, now_ns: int) -> list[Sent]:
        """Have the listeners hear what it is time for; what begins together is one question."""
        sent: list[Sent] = []
        while self._handed_on and self._handed_on[0][0] <= now_ns:
            heard = []
            while self._handed_on and self._handed_on[0][0] <= now_ns:
                heard.append(heappop(self._handed_on))
            newest: dict[int, int] = {}
            for time_ns, _, number, event in sorted(heard, key=lambda one: one[2]):
                sent += self._ring(number, event, time_ns)
                self.inserts[number].hear(event, time_ns)
                newest[number] = time_ns
            self._foresee()
            sent += self._play({number: self.inserts[number].respond(time_ns) for number, time_ns in newest.items()})
        return sent


def _silences(event: Event) -> bool:
    """Whether it is to end what sounds, at once."""
    return isinstance(event, Stop) or (isinstance(event, Control) and event.number in {ALL_SOUND_OFF, ALL_NOTES_OFF})
