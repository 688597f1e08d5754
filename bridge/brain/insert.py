"""One insert: what it hears, what its player answers, what it has sounding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bridge.brain.foresight import Later, coming
from bridge.brain.frames import Frames
from bridge.brain.grid import Grid
from bridge.brain.instruments import Dynamics, programs
from bridge.brain.macros import Looseness, notes_of
from bridge.brain.musician import Done, Musician
from bridge.brain.question import Question, Turn
from bridge.brain.ringing import Ringing
from bridge.brain.schedule import Schedule, Step, onsets
from bridge.brain.settings import ORCHESTRATE, REDUCE, Settings
from bridge.brain.sounding import Due, Note, Sounding, Tone
from bridge.brain.timing import Cue, Timing
from models.player import FRAMES_PER_BEAT, Answer, Moment, Player, Sound
from music.events import Event

POLL_NS = 4_000_000
"""How often to look whether a plan can be worked on."""


class Insert:
    """An effect: what a player answers to what the musician plays, and until when it sounds.

    In `harmonize` it answers every onset, and its notes last as long as the musician's; one that follows
    (`orchestrate`, `reduce`) is asked at every key that goes down or up, with all that sounds. Voices that keep their
    pitch keep sounding, unless the player says so. A player of pulse is asked for every frame too, a little before it
    begins, until the musician rests. While the musician's own hand plays below the split, nobody is asked.
    """

    def __init__(self, settings: Settings, player: Player[Any], grid: Grid, now_ns: int) -> None:
        self.settings = settings
        self.player = player
        self.answer: Answer | None = None
        """The newest answer of the player, for those who watch."""
        self.missed = 0
        """How often something struck was not answered, because it was too late for it."""
        self.fallbacks = 0
        """How often the rules answered for the player."""
        self._grid = grid
        self._timeline = grid.timeline
        self._musician = Musician(settings)
        self._hands = self._musician.hands
        self._sounding = Sounding()
        self._frames = Frames(grid, now_ns, player, self._hands, self._sounding)
        self._timing = Timing(grid, self._frames)
        self._schedule = Schedule(grid, self._frames, self._musician)
        self._looseness = Looseness()
        self._dynamics = Dynamics()
        self._halted = False  # something sounded when silence came
        self._begins = True  # what is answered is in time to begin
        self._onsets: tuple[Sound, ...] = ()  # what one who follows every key has not answered yet
        self._later: Sequence[Later] = ()

    def programs(self, now_ns: int) -> list[Due]:
        """The program changes and keyswitches that the parts ask for."""
        return programs(self.settings, now_ns)

    @property
    def planned(self) -> list[tuple[float, Note]]:
        """When something begins to sound and what, as far as it is planned."""
        fits = self.answer and len(self.answer.pitches) == len(self.settings.parts)
        return onsets(self.plan, self.answer if fits else None, self._notes)

    @property
    def plan(self) -> list[Step]:
        """The answers for the next frames, as far as they are planned."""
        return self._schedule.steps

    def hear(self, event: Event, time_ns: int) -> None:
        """Take an event in; `respond` answers it."""
        self._close_frames(time_ns)
        late = self._frames.is_late(time_ns)
        if self._musician.hear(event, self._timeline.beat_at(time_ns), late=late):
            self._halted = False
            self._timing.strike(time_ns, self.settings.entry)

    def overhear(self, events: Iterable[Event], time_ns: int) -> None:
        """Take events in that are not to be answered."""
        for event in events:
            self.hear(event, time_ns)
        self._musician.done()

    def foresee(self, later: Sequence[Later]) -> None:
        """Know what will be heard, in order, until this is called again."""
        self._later = later

    def respond(self, time_ns: int, *, in_time: bool = True) -> Turn:
        """What all that was heard since the last call comes to: a chord, or a note that follows another without a gap.

        What comes too late to be answered is heard all the same, and its release is.
        """
        done = self._musician.done()
        struck, restruck = done.struck and in_time, done.restruck and not self.player.pulse
        self.missed += done.struck and not in_time
        if done.stopped and not struck:
            self._rest()
            return Turn(self._end_all(time_ns))
        if self.settings.follows:
            return self._follow(done, time_ns, in_time=in_time)
        if not self._hands.melody or self._yields(time_ns):
            return Turn(self._released(time_ns))
        if not struck or self.settings.bypass or self._is_planned():
            return Turn([])
        if self.player.pulse:  # what was handed out for the frame that begins now is not to be overtaken
            time_ns = max(time_ns, self._grid.edge_ns(self._frames.open))
        ended = self._end_all(time_ns) if restruck else []
        return self._ask(time_ns, after=ended)

    def _follow(self, done: Done, time_ns: int, *, in_time: bool) -> Turn:
        """What sounds is what is played: every key that goes down or up may change it."""
        changed = done.struck or done.ended
        if not changed or self.settings.bypass or not self._timing.awake:  # after a stop, until the next key goes down
            return Turn([])
        if not self._musician.sounds():
            return Turn(self._end_all(time_ns))
        self._onsets, self._begins = done.onsets, in_time
        return self._ask(time_ns)

    def advance(self, now_ns: int) -> Turn:
        """Let time pass: frames close, a held note's chord may move on at its beat, a player of pulse goes on."""
        self.listen(now_ns)
        cue = self._cue(now_ns)
        if cue is None or now_ns < cue.wake_ns:
            return Turn([])
        return self._pulse() if self.player.pulse else self._move(cue.beat)

    def play(self, question: Question, answer: Answer) -> list[Due]:
        """Turn the difference of an answer to what sounds into messages."""
        before, self.answer = self.answer, answer
        self.fallbacks += answer.fallback
        due = self._sound(answer, question.time_ns)
        if question.opens is not None and self.settings.lookahead_frames:
            self._schedule.start(Step(question.opens, answer), before, self.settings.wish)
            self._schedule.extend(self.player, self.settings.lookahead_frames)
        return due

    def look_ahead(self) -> None:
        """Work on the plan, where there is one."""
        if self._schedule.steps or self._schedule.waits:
            self._schedule.extend(self.player, self.settings.lookahead_frames)

    def listen(self, now_ns: int) -> None:
        """Close the frames that end by now, and where something is to be decided, those before that: a little early."""
        self._close_frames(now_ns)
        cue = self._cue(now_ns)
        if cue is not None and now_ns >= cue.wake_ns:
            self._close_frames(self._timeline.ns_at(cue.beat))

    def next_wake_ns(self, now_ns: int) -> int | None:
        """When `advance` has something to decide or to work on; None where only events matter."""
        cue = self._cue(now_ns)
        wakes = [cue.wake_ns] if cue else []
        wakes += [now_ns + POLL_NS] if self._schedule.waits else []
        return min(wakes, default=None)

    def _cue(self, now_ns: int) -> Cue | None:
        """When to ask though no key goes down; None where only events matter."""
        if self.settings.bypass or not self._timing.awake:
            return None
        if self.player.pulse:
            return self._timing.next_frame()
        if not self.settings.motion_beats or not self._hands.melody:
            return None
        return self._timing.next_motion(now_ns, self.settings.motion_beats)

    def next_frame_ns(self) -> int:
        """When the open frame ends: one who thinks slowly should hear of it then, and not with the next note."""
        return self._grid.edge_ns(self._frames.open + 1)

    def configure(self, settings: Settings, player: Player[Any], now_ns: int) -> Turn:
        """Take new settings; what sounds under the old ones is ended or carried on, never forgotten."""
        before, self.settings = self.settings, settings
        ended: list[Due] = []
        if player is not self.player:
            self.player, self.answer = player, None
            self._frames.tell(player)
            self._timing.pass_frame()
            ended = [] if self._hands.melody else self._end_all(now_ns)
        elif settings == before:
            return Turn([])
        self._schedule.clear()
        ended += self._dynamics.leave(settings, now_ns)
        self._musician.configure(settings, self._timeline.beat_at(now_ns))
        if settings.bypass:
            return Turn(ended + self._end_all(now_ns))
        if self._musician.sounds():
            return self._ask(now_ns, after=ended, move=settings.follows)
        return Turn(ended + self._released(now_ns))

    def leave(self, now_ns: int) -> list[Due]:
        """End everything: another kind of insert takes this one's place."""
        return self._end_all(now_ns)

    @property
    def busy(self) -> bool:
        """Whether another scene has to wait for the next note: something is held or sounds."""
        return bool(self._hands) or bool(self._sounding) or (self.player.pulse and self._timing.awake)

    def let_ring(self) -> Ringing:
        """What sounds, with the keys that it answers: none of them is this insert's any more."""
        settings = self.settings
        ringing = Ringing(self._sounding, self._musician.hand_over(), each=settings.effect in (ORCHESTRATE, REDUCE))
        self._sounding.clear()
        self._schedule.clear()
        return ringing

    @property
    def playing(self) -> bool:
        """Whether something that it answered sounds."""
        return bool(self._sounding)

    @property
    def sounding(self) -> list[Note]:
        """What the port was told to begin and not yet to end."""
        return list(self._sounding)

    def forget(self, keys: Iterable[Note]) -> None:
        """Keys go up, whoever held them; nothing is answered."""
        self._musician.forget(keys)

    def silence(self, *, for_good: bool = False) -> None:
        """Forget what is held and what sounds; the port ends it. For good: `resume` finds nothing any more."""
        self._halted = not for_good and (self._halted or bool(self._sounding))  # a panic may be pressed twice
        self._musician.halt(for_good=for_good)
        self._sounding.clear()
        self._rest()

    def resume(self, now_ns: int) -> Turn:
        """Undo a silence: what was held, and has not been let go, is answered again; a latched chord sounds again."""
        self._close_frames(now_ns)
        halted = self._musician.resume() or self._halted
        self._halted = False
        if not halted:
            return Turn([])
        self._timing.wake()
        if self.settings.bypass:
            return Turn([])
        self._musician.touch(self._timeline.beat_at(now_ns))
        if self._hands.melody:
            return self._ask(now_ns)
        latched = self.answer if self.settings.latches else None
        if latched is None or len(latched.pitches) != len(self.settings.parts):  # other voices are wanted by now
            return Turn([])
        return Turn(self._sound(latched, now_ns))

    def _yields(self, time_ns: int) -> bool:
        """Whether the musician's own hand accompanies."""
        return self._musician.accompanies(self._timeline.beat_at(time_ns))

    def _released(self, time_ns: int) -> list[Due]:
        """What ends where no key of the melody is down, or the own hand takes over."""
        if not self._yields(time_ns) and not self.settings.follows:
            if self.player.pulse and self._timing.awake:
                return []
            if (self.settings.latches or self._musician.holds_by_pedal) and not self.player.pulse:
                return []
        return self._end_all(time_ns)

    def _pulse(self) -> Turn:
        """The frame that was opened a little early is about to begin: the player goes on, or rests."""
        frame = self._frames.open
        edge_ns, beat = self._grid.edge_ns(frame), frame / FRAMES_PER_BEAT
        self._timing.pass_frame()
        if beat >= self._musician.rest_beat:
            self._rest()
            return Turn(self._end_all(edge_ns))
        if self._musician.accompanies(beat):
            self._schedule.clear()
            return Turn(self._end_all(edge_ns))
        planned = self._schedule.arrive(frame, self.settings.wish, self.settings.commit_frames)
        return self._ask(edge_ns, opens=frame, planned=planned)

    def _is_planned(self) -> bool:
        """Whether what is struck now changes nothing in this frame: it was committed, or has not joined in."""
        if not self.player.pulse:
            return False
        return not self._timing.joined_in or bool(self.settings.commit_frames and self._schedule.steps)

    def _move(self, beat: float) -> Turn:
        """The chord under held notes is reconsidered at its beat."""
        turn = self._ask(self._timeline.ns_at(beat), move=True)
        self._timing.asked(beat)  # not rounded to ns: a beat that counts as not asked for yet would come again
        return turn

    def _ask(
        self, time_ns: int, *, after: Sequence[Due] = (), move: bool = False, opens: int | None = None,
        planned: Answer | None = None,
    ) -> Turn:  # fmt: skip
        """What is to be asked; `play` goes on with the answer."""
        beat, due, held = self._timeline.beat_at(time_ns), list(after), self._musician.sounds()
        if self._musician.accompanies(beat) and not self.settings.follows:
            return Turn(due + self._end_all(time_ns))
        moment = Moment(
            beat=beat,
            wish=self.settings.wish,
            last=self.answer,
            last_beat=self._timing.asked_beat,
            onsets=self._onsets if self.settings.follows else self._hands.onsets(),
            move=move or opens is not None,
            bar_frame=self._grid.bars(max(self._frames.open, self._grid.frame_at(time_ns))),
            coming=coming(held, self._later, self._timeline, self.settings.channels),
        )
        self._timing.asked(beat)
        self._onsets = ()
        return Turn(
            due, Question(self.player, self._frames.state, self._musician.sounds(), moment, time_ns, opens, planned)
        )

    def _sound(self, answer: Answer, time_ns: int) -> list[Due]:
        """What must end and what must begin for an answer to sound."""
        settings = self.settings
        late = self._frames.is_late(time_ns)
        if self.player.pulse:
            time_ns += self._timing.lag_ns(settings.humanize)
        wanted = self._notes(answer)
        if not self._begins:  # it came too late for that: what ends, ends
            wanted, self._begins = {note: wanted[note] for note in self._sounding if note in wanted}, True
            return self._sounding.become(wanted, set(), time_ns, 0, late=late)
        again = self._sounding.again(wanted, answer.struck or frozenset(), often=settings.follows)
        due = self._sounding.become(wanted, again, time_ns, settings.strum_ns, late=late)
        return self._dynamics.follow(self._looseness.loosened(due, settings), settings)

    def _notes(self, answer: Answer) -> dict[Note, Tone]:
        """What an answer is to sound, under what is held now."""
        held = self._musician.sounds()
        touch = held[-1].velocity if held else self._musician.velocity
        return notes_of(answer, self.settings, touch, frozenset(sound.pitch for sound in held), self._timing.asked_beat)

    def _end_all(self, time_ns: int) -> list[Due]:
        return self._sounding.end(time_ns, late=self._frames.is_late(time_ns))

    def _rest(self) -> None:
        """The player of pulse comes to rest."""
        self._timing.rest()
        self._schedule.clear()

    def _close_frames(self, now_ns: int) -> None:
        scoring = self.settings.wish.scoring
        self._frames.close(now_ns, self.answer, scoring.sections if scoring else ())
