"""Recorded instruments that play a known melody: a soundfont, by fluidsynth."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np

from bridge.bench.sounds import RATE_HZ, Sound, Tone
from music import files
from music.audio import wav
from music.errors import ContinuoError

PROGRAMS = {
    "piano": 0, "nylon guitar": 24, "steel guitar": 25, "bass guitar": 33, "violin": 40, "cello": 42, "voice": 53,
    "trumpet": 56, "saxophone": 65, "clarinet": 71, "flute": 73,
}  # fmt: skip
"""General MIDI, from 0: those of one voice."""
DRY = (91, 93)
"""Reverb and chorus."""
SOFTEST, LOUDER = 45, 90
LOUD = 0.6
"""The greatest amplitude, as of those that are made up."""


def play(tones: list[Tone], program: int, soundfont: Path) -> Sound:
    """What a recorded instrument makes of the tones, without room; ContinuoError where it cannot."""
    if not shutil.which("fluidsynth"):
        raise ContinuoError("fluidsynth is not installed", "Debian, Ubuntu: sudo apt install fluidsynth")
    if b"sfbk" not in files.read(soundfont)[:16]:  # fluidsynth would take another one
        raise ContinuoError(f"{soundfont} is no soundfont", "Give one (.sf2)")
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        _score(tones, program).save(score)
        command = ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-g", "0.7", "-r", str(RATE_HZ), "-F", str(sound)]
        done = subprocess.run([*command, str(soundfont), str(score)], capture_output=True, text=True, check=False)
        if done.returncode or not sound.exists():
            raise ContinuoError(f"fluidsynth does not play {soundfont}", "Give a soundfont (.sf2)")
        samples = wav.parse(files.read(sound)).samples
    return np.asarray(samples * (LOUD / max(float(np.max(np.abs(samples))), 1e-6)), np.float32)


def _score(tones: list[Tone], program: int) -> mido.MidiFile:
    """At 1000 ticks a second."""
    events: list[tuple[float, int, int]] = []
    for tone in tones:
        events.append((tone.onset_s, round(tone.pitch), round(SOFTEST + LOUDER * tone.loud)))
        events.append((tone.onset_s + tone.length_s, round(tone.pitch), 0))
    file = mido.MidiFile(ticks_per_beat=500)
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    track += [mido.Message("control_change", control=number, value=0) for number in DRY]
    before = 0
    for at_s, pitch, velocity in sorted(events, key=lambda event: (event[0], event[2])):
        tick = round(1000 * at_s)
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=tick - before))
        before = tick
    file.tracks.append(track)
    return file
