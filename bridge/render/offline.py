"""A file through the live engine, faster than real time: same file, same preset, same seed, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bridge.brain.bars import Bars
from bridge.brain.engine import Engine, Sent
from bridge.brain.grid import Grid
from bridge.brain.players import Players
from bridge.brain.settings import CONTINUE, Settings
from bridge.port.outlet import Outlet
from bridge.render.melody import heard, played_tracks
from music.errors import FileError
from music.events import Control, Event, NoteOff, NoteOn, Program
from music.midifile import Part, Score, Track, append_tracks, parse, used_channels
from music.wire import decode, encode

NO_DEADLINE = 2**62
FORESEEN = 96
"""Events of the file that the engine is told of in advance."""
LONGEST_S = 24 * 3600
"""Longer files are damaged ones: a single note in them can last for months."""
LONGEST_BEATS = LONGEST_S // 60 * 400
"""A damaged tempo makes millions of beats of a second, and a chord may be wanted at each of them."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file with its new tracks, and what it took."""

    data: bytes
    track: str
    notes: int
    """Onsets that were added."""
    seconds: float
    """Length of the piece."""
    fallbacks: int = 0
    """Answers that the rules gave, because the learned player had none."""


def render(source: bytes, state: dict[str, Any], track: str | None = None, players: Players | None = None) -> Rendered:
    """The file with what a preset answers to one of its tracks; the tracks it had stay byte for byte.

    Raises FileError where the track is not there, `music.midifile.MidiFileError` where the file does not read,
    ContinuoError where the preset's player cannot be had.
    """
    score = parse(source)
    seconds = score.tempo_map().ns(score.end_tick) / 1e9
    if seconds > LONGEST_S:
        raise FileError(f"this file lasts {seconds / 3600:.0f} hours", f"Cut it to {LONGEST_S // 3600} at most")
    if score.end_tick > LONGEST_BEATS * score.ticks_per_beat:
        raise FileError(f"this file has more than {LONGEST_BEATS} beats", "Cut it, or mend its tempo")
    settings = Settings.of(state)
    tracks = played_tracks(score, settings.effect, track)
    # The engine is to listen, whatever channels the preset has chosen on stage.
    grid = Grid(score.tempo_map(), Bars(score))
    engine = Engine([settings.listening_to(len(tracks))], grid, players=players)
    played = _play(score, tracks, engine)
    parts = _parts(played, settings, used_channels(source))
    onsets = sum(isinstance(event, NoteOn) for part in parts for _, event in part.events)
    return Rendered(
        append_tracks(source, parts),
        ", ".join(one.name for one in tracks),
        onsets,
        seconds,
        engine.inserts[0].fallbacks,
    )


def _play(score: Score, tracks: Sequence[Track], engine: Engine) -> list[tuple[int, Event]]:
    """(tick, event) of what the engine answers."""
    tempo = score.tempo_map()
    outlet = Outlet()
    left: list[tuple[int, bytes]] = []
    _plan(outlet, [sent for sent in engine.programs(0) if not isinstance(sent[1].event, Program)])
    events = heard(tracks)
    pedals = (tick for tick, event in events if isinstance(event, Control))
    end_tick = max([score.end_tick, *pedals])  # one may go up after the last note
    timed = [(tempo.ns(tick), event) for tick, event in events]
    heard_so_far = 0
    for now_ns, same in groupby(timed, key=lambda event: event[0]):
        together = list(same)
        heard_so_far += len(together)
        left += _advance(engine, outlet, now_ns)
        engine.foresee(0, timed[heard_so_far : heard_so_far + FORESEEN])
        _plan(outlet, engine.receive((0, event, now_ns) for _, event in together))
    left += _advance(engine, outlet, tempo.ns(end_tick))
    if engine.inserts[0].settings.effect == CONTINUE:
        _plan(outlet, engine.configure(0, engine.inserts[0].settings.doing("go"), tempo.ns(end_tick)))
        left += _advance(engine, outlet, NO_DEADLINE)
    left += outlet.due(tempo.ns(end_tick) + 1, 0)
    end_ns = max([tempo.ns(end_tick), *(due_ns for due_ns, _ in left)])
    outlet.silence()
    left += ((end_ns, data) for _, data in outlet.due(NO_DEADLINE, 0))
    return [(tempo.tick(due_ns), event) for due_ns, data in left if (event := decode(data))]


def _advance(engine: Engine, outlet: Outlet, now_ns: int) -> list[tuple[int, bytes]]:
    """What leaves before now, when the engine has decided what it wanted to decide until then."""
    left: list[tuple[int, bytes]] = []
    while (wake_ns := engine.next_wake_ns(0)) is not None and wake_ns < now_ns:
        left += outlet.due(wake_ns, 0)  # or under a note that is held for long, more is planned than there is room for
        _plan(outlet, engine.advance(wake_ns))
    return left + outlet.due(now_ns, 0)


def _plan(outlet: Outlet, sent: list[Sent]) -> None:
    for _, due in sent:
        outlet.plan(due.time_ns, NO_DEADLINE, encode(due.event))


def _parts(played: list[tuple[int, Event]], settings: Settings, used: set[int]) -> list[Part]:
    """A track for each output channel; one that the file uses is exchanged for a free one, or has another MIDI port."""
    parts = []
    channels = dict.fromkeys(part.channel for part in settings.parts)
    free = [channel for channel in range(16) if channel not in used and channel not in channels and channel != 9]
    for channel in channels:
        voices = [part for part in settings.parts if part.channel == channel]
        name = "Continuo " + ", ".join(dict.fromkeys(part.name for part in voices))
        taken = channel in used
        target = free.pop(0) if taken and free else channel
        events = [(tick, _moved(event, target)) for tick, event in played if getattr(event, "channel", -1) == channel]
        parts.append(Part(name, target, voices[0].program, events, port=int(taken and target == channel)))
    return parts


def _moved(event: Event, channel: int) -> Event:
    match event:
        case NoteOn(_, pitch, velocity):
            return NoteOn(channel, pitch, velocity)
        case NoteOff(_, pitch, velocity):
            return NoteOff(channel, pitch, velocity)
        case Control(_, number, value):
            return Control(channel, number, value)
    return event
