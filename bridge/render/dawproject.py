"""A score as a DAWproject 1.0 (github.com/bitwig/dawproject): Bitwig Studio, Studio One and Cubase open it."""

from __future__ import annotations

import io
import re
import zipfile
from importlib.metadata import version
from itertools import count
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from music.beat import Meter, Tempo
from music.midifile import Score, Track

COLORS = ("#c9412f", "#4d82b8", "#e0a04a", "#4d9e73", "#8a6fb0", "#b8864d", "#5aa0a0", "#a05a80")
DEFAULT_TEMPO, DEFAULT_METER = Tempo(0, 500_000), Meter(0, 4, 4)
CHANNEL = "0"
"""Of all notes: each part has a track of its own."""
CENTER, BEND_SPAN = 8192, 16383
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
WHEN = (2020, 1, 1, 0, 0, 0)
"""In the zip: the same score gives the same bytes."""


def export(score: Score, title: str) -> bytes:
    """The file: a track for each track of the score, with its notes, controllers, bends, and the song's tempo."""
    project = _Project(score)
    metadata = Element("MetaData")
    SubElement(metadata, "Title").text = _text(title)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, root in (("project.xml", project.root), ("metadata.xml", metadata)):
            indent(root)
            data = b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "utf-8")
            file.writestr(zipfile.ZipInfo(name, WHEN), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


class _Project:
    """The tree of project.xml; the schema fixes the order of what stands in an element."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._numbers = count()
        self._tempos = [one for one in score.tempos if one.tick > 0]
        self._meters = [one for one in score.meters if one.tick > 0]
        self.root = Element("Project", version="1.0")
        SubElement(self.root, "Application", name="Continuo", version=version("continuo"))
        tempo, meter = self._transport()
        structure = SubElement(self.root, "Structure")
        master = self._id()
        tracks = [self._track(structure, track, number, master) for number, track in enumerate(score.tracks)]
        whole = SubElement(structure, "Track", contentType="audio notes", loaded="true", id=self._id(), name="Master")
        self._channel(whole, master, {"role": "master"})
        self._arrangement(tracks, tempo, meter)

    def _id(self) -> str:
        return f"id{next(self._numbers)}"

    def _transport(self) -> tuple[str, str]:
        """Tempo and meter at the beginning; gives their ids."""
        tempo = next((one for one in self._score.tempos if one.tick == 0), DEFAULT_TEMPO)
        meter = next((one for one in self._score.meters if one.tick == 0), DEFAULT_METER)
        ids = self._id(), self._id()
        transport = SubElement(self.root, "Transport")
        SubElement(transport, "Tempo", unit="bpm", value=_bpm(tempo), id=ids[0], name="Tempo")
        SubElement(transport, "TimeSignature", id=ids[1]).attrib |= _signature(meter)
        return ids

    def _track(self, structure: Element, track: Track, number: int, master: str) -> str:
        """A track of the mixer; gives its id."""
        found = self._id()
        color = COLORS[number % len(COLORS)]
        name = _text(track.name) or f"Track {number + 1}"
        one = SubElement(structure, "Track", contentType="notes", loaded="true", id=found, name=name, color=color)
        self._channel(one, self._id(), {"role": "regular", "destination": master})
        return found

    def _channel(self, track: Element, number: str, route: dict[str, str]) -> None:
        channel = SubElement(track, "Channel", audioChannels="2", solo="false", id=number)
        channel.attrib |= route
        SubElement(channel, "Mute", value="false", id=self._id(), name="Mute")
        SubElement(channel, "Pan", min="0", max="1", unit="normalized", value="0.5", id=self._id(), name="Pan")
        SubElement(channel, "Volume", min="0", max="2", unit="linear", value="1", id=self._id(), name="Volume")

    def _arrangement(self, tracks: list[str], tempo: str, meter: str) -> None:
        arrangement = SubElement(self.root, "Arrangement", id=self._id())
        lanes = SubElement(arrangement, "Lanes", timeUnit="beats", id=self._id())
        for found, track in zip(tracks, self._score.tracks, strict=True):
            lane = SubElement(lanes, "Lanes", track=found, id=self._id())
            self._clip(SubElement(lane, "Clips", id=self._id()), track)
        if self._tempos:
            points = self._points(arrangement, "TempoAutomation", {"parameter": tempo}, unit="bpm")
            for one in self._tempos:
                SubElement(points, "RealPoint", time=self._beats(one.tick), value=_bpm(one), interpolation="hold")
        if self._meters:
            points = self._points(arrangement, "TimeSignatureAutomation", {"parameter": meter})
            for signature in self._meters:
                point = SubElement(points, "TimeSignaturePoint", time=self._beats(signature.tick))
                point.attrib |= _signature(signature)

    def _clip(self, clips: Element, track: Track) -> None:
        """All of a track as one clip from the beginning."""
        clip = SubElement(clips, "Clip", time="0", duration=self._beats(max(self._score.end_tick, 1)), playStart="0")
        clip.attrib["name"] = _text(track.name)
        lanes = SubElement(clip, "Lanes", id=self._id())
        notes = SubElement(lanes, "Notes", id=self._id())
        for onset, length, pitch, velocity in track.notes.tolist():
            when = {"time": self._beats(onset), "duration": self._beats(length)}
            touch = {"vel": _share(velocity, 127), "rel": "0"}
            SubElement(notes, "Note", channel=CHANNEL, key=str(pitch)).attrib |= when | touch
        for target, found in _moves(track):
            points = self._points(lanes, "Points", target, unit="normalized")
            for tick, share in found:
                SubElement(points, "RealPoint", time=self._beats(tick), value=share, interpolation="hold")

    def _points(self, parent: Element, name: str, target: dict[str, str], unit: str = "") -> Element:
        points = SubElement(parent, name, id=self._id())
        points.attrib |= {"unit": unit} if unit else {}
        SubElement(points, "Target").attrib |= target
        return points

    def _beats(self, ticks: int) -> str:
        return _number(ticks / self._score.ticks_per_beat)


def _moves(track: Track) -> list[tuple[dict[str, str], list[tuple[int, str]]]]:
    """(target, (tick, value 0 to 1) of each move) of a track's controllers and its bend."""
    found = []
    for number in np.unique(track.controls["number"]).tolist():
        rows = track.controls[track.controls["number"] == number]
        moves = [(int(row["tick"]), _share(int(row["value"]), 127)) for row in rows]
        target = {"expression": "channelController", "channel": CHANNEL, "controller": str(number)}
        found.append((target, moves))
    if track.bends.size:
        bends = [(int(row["tick"]), _share(int(row["value"]) + CENTER, BEND_SPAN)) for row in track.bends]
        found.append(({"expression": "pitchBend", "channel": CHANNEL}, bends))
    return found


def _bpm(tempo: Tempo) -> str:
    return _number(60e6 / max(1, tempo.us_per_beat))


def _signature(meter: Meter) -> dict[str, str]:
    return {"numerator": str(meter.numerator), "denominator": str(meter.denominator)}


def _text(name: str) -> str:
    """A name as XML can hold it: it has no control characters, escaped or not."""
    return NO_XML.sub("\ufffd", name)


def _share(value: int, most: int) -> str:
    return _number(value / most)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
