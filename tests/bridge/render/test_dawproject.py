"""A DAWproject, held to what the published Project.xsd (github.com/bitwig/dawproject, 1.0) says of what is in it."""

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
from click.testing import CliRunner

from bridge.cli import main
from bridge.render.dawproject import export
from music.beat import Meter, Tempo
from music.midifile import BEND, CONTROL, Score, Track, notes, read

MELODY = Path(__file__).parents[3] / "presets" / "melodies" / "ode-to-joy.mid"
NAMED = {"id", "name", "color", "comment"}
TIMELINE = NAMED | {"timeUnit", "track"}
POINTS = ["Target", "RealPoint", "TimeSignaturePoint"]
REAL: tuple[list[str], set[str], list[str]] = (["unit"], NAMED | {"unit", "value", "min", "max"}, [])
SIGNATURE = {"numerator", "denominator"}

GRAMMAR: dict[str, tuple[list[str], set[str], list[str]]] = {
    # element: what it must have, what it may have, what may be in it and in which order
    "Project": (["version"], {"version"}, ["Application", "Transport", "Structure", "Arrangement"]),
    "Application": (["name", "version"], {"name", "version"}, []),
    "Transport": ([], set(), ["Tempo", "TimeSignature"]),
    "Tempo": REAL,
    "Pan": REAL,
    "Volume": REAL,
    "TimeSignature": (sorted(SIGNATURE), NAMED | SIGNATURE, []),
    "Structure": ([], set(), ["Track"]),
    "Track": ([], NAMED | {"contentType", "loaded"}, ["Channel", "Track"]),
    "Channel": ([], NAMED | {"audioChannels", "destination", "role", "solo"}, ["Mute", "Pan", "Volume"]),
    "Mute": ([], NAMED | {"value"}, []),
    "Arrangement": ([], NAMED, ["Lanes", "TempoAutomation", "TimeSignatureAutomation"]),
    "Lanes": ([], TIMELINE, ["Lanes", "Clips", "Notes", "Points"]),
    "Clips": ([], TIMELINE, ["Clip"]),
    "Clip": (["time"], NAMED - {"id"} | {"time", "duration", "playStart"}, ["Lanes"]),
    "Notes": ([], TIMELINE, ["Note"]),
    "Note": (["time", "duration", "channel", "key"], {"time", "duration", "channel", "key", "vel", "rel"}, []),
    "Points": ([], TIMELINE | {"unit"}, POINTS),
    "TempoAutomation": ([], TIMELINE | {"unit"}, POINTS),
    "TimeSignatureAutomation": ([], TIMELINE | {"unit"}, POINTS),
    "Target": ([], {"parameter", "expression", "channel", "controller"}, []),
    "RealPoint": (["time", "value"], {"time", "value", "interpolation"}, []),
    "TimeSignaturePoint": (["time", *sorted(SIGNATURE)], SIGNATURE | {"time"}, []),
}


def faults(element: Element) -> list[str]:
    """What the schema does not allow."""
    needed, allowed, order = GRAMMAR[element.tag]
    found = [f"{element.tag} has no {name}" for name in needed if name not in element.attrib]
    found += [f"{element.tag} has {name}" for name in element.attrib if name not in allowed]
    found += [f"{child.tag} in {element.tag}" for child in element if child.tag not in order]
    places = [order.index(child.tag) for child in element if child.tag in order]
    if places != sorted(places):
        found.append(f"{element.tag} has its children in another order")
    return found + [fault for child in element for fault in faults(child)]


def opened(data: bytes) -> Element:
    """The project in the zip, held to the schema; all that it refers to is there, no id is there twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.namelist() == ["project.xml", "metadata.xml"]
        project = fromstring(file.read("project.xml"))  # noqa: S314 - our own
    assert faults(project) == []
    ids = [one.attrib["id"] for one in project.iter() if "id" in one.attrib]
    assert len(set(ids)) == len(ids)
    for one in project.iter():
        assert {one.attrib[key] for key in ("track", "destination", "parameter") if key in one.attrib} <= set(ids)
    return project


def attributes(project: Element, path: str) -> list[dict[str, Any]]:
    return [one.attrib for one in project.findall(path)]


def test_each_track_has_its_notes_in_beats() -> None:
    piano = Track("Piano", 0, False, notes([0, 480], [240, 960], [60, 64], [127, 0]))
    bass = Track("<Bass & more>", 32, False, notes([960], [480], [36], [64]))
    project = opened(export(Score(480, (piano, bass)), "A song"))
    assert [one.attrib["name"] for one in project.findall("Structure/Track")] == ["Piano", "<Bass & more>", "Master"]
    first, second = project.findall("Arrangement/Lanes/Lanes")
    found = [(one["time"], one["duration"], one["key"]) for one in attributes(first, ".//Note")]
    assert found == [("0", "0.5", "60"), ("1", "2", "64")]
    assert [one["vel"] for one in attributes(first, ".//Note")] == ["1", "0"]
    assert [one["time"] for one in attributes(second, ".//Note")] == ["2"]


def test_tempo_meter_pedal_and_bend_are_in_it() -> None:
    track = Track(
        "Piano", 0, False, notes([0], [480], [60], [80]),
        np.array([(0, 64, 127), (240, 64, 0), (0, 11, 100)], CONTROL), np.array([(0, -8192), (480, 8191)], BEND),
    )  # fmt: skip
    score = Score(480, (track,), (Tempo(0, 500_000), Tempo(480, 1_000_000)), (Meter(0, 3, 4), Meter(1440, 6, 8)))
    project = opened(export(score, "A song"))
    assert attributes(project, "Transport/Tempo")[0]["value"] == "120"
    assert attributes(project, "Arrangement/TempoAutomation/RealPoint")[0] == {
        "time": "1",
        "value": "60",
        "interpolation": "hold",
    }
    assert attributes(project, "Arrangement/TimeSignatureAutomation/TimeSignaturePoint")[0]["numerator"] == "6"
    moved = {
        points.find("Target").attrib.get("controller", "bend"): [one.attrib["value"] for one in points[1:]]  # type: ignore[union-attr]
        for points in project.findall(".//Clip/Lanes/Points")
    }
    assert moved == {"11": ["0.787402"], "64": ["1", "0"], "bend": ["0", "1"]}


def test_render_writes_it_beside_the_midi_file_with_the_same_notes(tmp_path: Path) -> None:
    command = ["render", str(MELODY), "-o", str(tmp_path), "--preset", "satb", "--dawproject"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    project = opened((tmp_path / "ode-to-joy.dawproject").read_bytes())
    score = read(tmp_path / "ode-to-joy.mid")
    for lanes, track in zip(project.findall("Arrangement/Lanes/Lanes"), score.tracks, strict=True):
        times = [float(one["time"]) * score.ticks_per_beat for one in attributes(lanes, ".//Note")]
        assert times == pytest.approx(track.notes["onset"].tolist(), abs=0.01)
        assert [int(one["key"]) for one in attributes(lanes, ".//Note")] == track.notes["pitch"].tolist()


def test_a_name_that_xml_cannot_hold_does_not_spoil_it() -> None:
    named = Track("A\x00\x1b[1m\ud800B\U0001d11e", 0, False, notes([0], [480], [60], [80]))
    project = opened(export(Score(480, (named,)), "\x07"))
    assert project.findall("Structure/Track")[0].attrib["name"] == "A\ufffd\ufffd[1m\ufffdB\U0001d11e"


def test_a_piece_without_notes_is_a_project_too() -> None:
    assert len(opened(export(Score(480, ()), "Nothing")).findall("Structure/Track")) == 1
