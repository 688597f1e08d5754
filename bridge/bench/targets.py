"""What is fuzzed: everything that reads bytes from outside. A target says what came of an input, or raises."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

from bridge import knobs, presets
from bridge.addresses import ROOT, get
from bridge.bench.malformed import Judge, whole
from bridge.brain.settings import Settings
from bridge.control import packets
from bridge.control.osc import COMMANDS
from bridge.control.packets import PacketRefused
from bridge.daemon_addresses import DAEMON
from bridge.errors import PresetError
from bridge.messages import RECORD, Lines, Record, Records, line, pack
from bridge.render.offline import render
from music.chunks import messages, split
from music.errors import ContinuoError
from music.events import NoteOff, NoteOn, Start
from music.midifile import MidiFileError, parse
from music.wire import NOTE_ON, decode, encode

UNANSWERED = {f"{ROOT}/{name}" for name in (*COMMANDS, "1/preset/save", "error", "unsubscribe")}
MOST_BEATS = 500
"""Longer files are read and not rendered: an input must not take seconds because it lasts for hours."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of bytes, and bytes that it likes."""

    attempt: Callable[[bytes], str]
    """What came of an input, in a few words; any exception is a fault."""
    seeds: tuple[bytes, ...]
    largest: int
    words: tuple[bytes, ...] = ()
    """What to put into an input."""


def target(name: str) -> Target:
    """The target of this name, made now: seeds are read from files."""
    return _TARGETS[name]()


def wire() -> Target:
    """Bytes of a MIDI message: never raises, and what is understood is said again."""
    seeds = [encode(event) for event in (NoteOn(0, 60, 64), NoteOff(3, 60, 0), Start())]
    seeds += [bytes((status, 1, 2)) for status in range(0x80, 0x100, 8)]
    return Target(_wire, tuple(seeds), 8)


def _wire(data: bytes) -> str:
    event = decode(data)
    if event is None:
        return "none"
    if not (data[0] & 0xF0 == NOTE_ON and data[2] == 0):
        _hold(encode(event) == data, "another message is said")
    return type(event).__name__


def records() -> Target:
    """What the processes say to each other, cut anywhere."""
    seeds = (pack(Record(1, 2, 3, 4, b"\x90\x3c\x40")) * 3, line({"hello": "port"}) + line({"late": [1, 2]}) * 2)
    return Target(_records, seeds, 400, (b"\n", b"{}\n", b"[" * 50))


def _records(data: bytes) -> str:
    cuts = [0, *sorted({byte % (len(data) + 1) for byte in data[:4]}), len(data)]
    pieces = [data[start:end] for start, end in pairwise(cuts)]
    cutter = Records()
    found = [one for piece in pieces for one in cutter.feed(piece)]
    _hold(found == list(Records().feed(data)) and len(found) == len(data) // RECORD.size, "a cut changes records")
    _hold(list(Records().feed(b"".join(map(pack, found)))) == found, "a record does not come back")
    try:
        whole_lines = list(Lines().feed(data))
    except ValueError as error:
        return f"{len(found) > 0} {_words(error)}"
    lines = Lines()
    _hold([one for piece in pieces for one in lines.feed(piece)] == whole_lines, "a cut changes lines")
    return f"{len(found) > 0} {min(len(whole_lines), 3)}"


def osc() -> Target:
    """A datagram to the OSC server: answered or refused, the state stays one that can be set."""
    judge = Judge()

    def attempt(data: bytes) -> str:
        answers, errors = judge.serve(data)
        for parameter in DAEMON:
            kept = get(judge.desk.daemon, parameter.path)
            _hold(parameter.check(kept) == kept, f"{parameter.name} is {kept!r}")
        for state in judge.desk.inserts:
            _whole_state(state)
        try:
            found = packets.messages(data)
        except PacketRefused as error:
            _hold(errors == answers == 1, "a packet is refused without a word")
            return _words(error)
        asked = [one for one in found if not packets.values(one) and one.address not in UNANSWERED]
        _hold(answers >= len(asked), "a question is not answered")
        said = judge.replies.packets[-1][20:80].decode(errors="ignore") if errors else ""
        return f"{min(len(found), 3)} {min(answers, 3)} {len(judge.done) > 0} {_words(said)}"

    return Target(attempt, tuple(whole()), packets.MAX_BYTES + 8, (b"#bundle\0", b",\0\0\0", b"/continuo/1/", b",sif"))


def preset() -> Target:
    """The bytes of a preset: a complete state or a PresetError."""
    folder = presets.melody().parents[1]
    seeds = tuple(path.read_bytes() for path in sorted(folder.glob("*.toml")))
    words = (
        b"[[part]]\n",
        b"[[control]]\n",
        b"[harmonize]\n",
        b"[",
        b'"',
        b"=",
        b".",
        b"0x",
        b"nan",
        b"inf",
        b"1979-05-27",
        b"'''",
        b"{",
    )
    return Target(_preset, seeds, 4000, words)


def _preset(data: bytes) -> str:
    try:
        state = presets.parse(data, "fuzz")
    except PresetError as error:
        return _words(error)
    _whole_state(state)
    return f"{len(state['part'])} parts"


def _whole_state(state: presets.State) -> None:
    """Hold that all of a state is what it may be."""
    for name, parameter, kept in presets.parameters(state):
        _hold(parameter.check(kept) == kept, f"{name} is {kept!r}")
    _hold(knobs.complete(state["control"], len(state["part"])) == state["control"], "a knob is none")
    Settings.of(state)


def midifile() -> Target:
    """A MIDI file: a score or a MidiFileError; rendered, every note ends."""
    state = presets.load(presets.DEFAULT)
    state["harmonize"]["motion_beats"] = 1.0  # something is wanted under a note that is held, too
    seeds = (presets.melody().read_bytes(), *_written())
    words = (
        b"MTrk",
        b"MThd",
        b"\xff\x2f\0",
        b"\xff\x51\x03",
        b"\xff\x58\x04",
        b"\xf0\x05",
        b"\xf7",
        b"\xff\xff\xff\x7f",
    )
    _midifile(seeds[0], deepcopy(state))  # the kernels are compiled with the first
    return Target(lambda data: _midifile(data, deepcopy(state)), seeds, 3000, words)


def _midifile(data: bytes, state: presets.State) -> str:
    try:
        score = parse(data)
    except MidiFileError as error:
        _hold("\n" not in str(error), "more than a sentence")
        return _words(error)
    if score.end_tick > MOST_BEATS * score.ticks_per_beat:
        return "long score"
    try:
        rendered = render(data, state)
    except (ContinuoError, MidiFileError) as error:
        return f"score, {_words(error)}"
    sounding: set[tuple[int, int]] = set()
    for track in split(rendered.data).tracks[len(split(data).tracks) :]:
        for _, event in messages(track):
            if isinstance(event, NoteOn):
                sounding.add((event.channel, event.pitch))
            elif isinstance(event, NoteOff):
                sounding.discard((event.channel, event.pitch))
    _hold(not sounding, f"left sounding: {sounding}")
    parse(rendered.data)
    return f"{min(len(score.tracks), 3)} tracks, {rendered.notes > 0}"


def _written() -> tuple[bytes, ...]:
    """Small files with one of everything."""
    header = bytes.fromhex("4d546864 00000006 0001 0002 0060")
    tempo = bytes.fromhex("00 ff 51 03 07 a1 20  00 ff 58 04 06 03 18 08  00 ff 2f 00")
    notes = "00 ff 03 02 41 42  00 c0 05  00 90 3c 40  30 3c 00  00 f0 03 41 10 f7  00 b0 40 7f  00 e0 00 50"
    notes += "00 90 40 50  60 80 40 00  00 99 24 40  10 89 24 00  83 60 91 48 60  30 81 48 00  00 ff 2f 00"
    tracks = (tempo, bytes.fromhex(notes))
    one = header + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return one, one[:9] + b"\0\0\1" + one[12:14] + one[14 + 8 + len(tempo) :]


def _hold(true: object, otherwise: str) -> None:
    if not true:
        raise AssertionError(otherwise)


def _words(said: object) -> str:
    """The first words of a sentence, without what is different each time."""
    return re.sub(r"[^A-Za-z ]+|'.*?'", "", f"{said}")[:40]


_TARGETS: dict[str, Callable[[], Target]] = {
    "wire": wire, "records": records, "osc": osc, "preset": preset, "midifile": midifile,
}  # fmt: skip
