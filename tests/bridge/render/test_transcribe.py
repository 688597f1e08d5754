"""A melody in a sound file, written down."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.bench.sounds import RATE_HZ, TIMBRES, Sound, Tone, noise, sing
from bridge.cli import main
from music.midifile import read

MELODY = (67, 65, 64, 60)
TICKS_PER_S = 960


def save(path: Path, sound: Sound) -> Path:
    data = sound.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, RATE_HZ, 4 * RATE_HZ, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def transcribe(source: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["transcribe", str(source), "-o", str(source.with_suffix(".mid")), *more])


def test_notes_stand_where_they_were_played(tmp_path: Path) -> None:
    tones = [Tone(0.5 + 0.5 * n, 0.4, pitch) for n, pitch in enumerate(MELODY)]
    source = save(tmp_path / "song.wav", sing(tones, TIMBRES["clarinet"], 3.0))
    assert transcribe(source).exit_code == 0
    (track,) = read(source.with_suffix(".mid")).tracks
    assert track.notes["pitch"].tolist() == list(MELODY)
    for tone, note in zip(tones, track.notes, strict=True):
        assert note["onset"] / TICKS_PER_S == pytest.approx(tone.onset_s, abs=0.02)
        assert note["length"] / TICKS_PER_S == pytest.approx(tone.length_s, abs=0.06)


def test_what_cannot_be_transcribed_is_named_with_a_remedy(tmp_path: Path) -> None:
    hiss = save(tmp_path / "hiss.wav", noise(1.0, 0.1))
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    for source, said in ((hiss, "no notes"), (text, "no WAV file"), (tmp_path / "none.wav", "no such file")):
        result = transcribe(source)
        assert result.exit_code == 2
        first, second = result.stderr.splitlines()
        assert str(source) in first and said in first and second.strip()
        assert not source.with_suffix(".mid").exists()
    assert transcribe(hiss, "--lowest", "C5", "--highest", "C4").exit_code == 2
