"""Instruments: the 128 programs of General MIDI and the orchestra, with the pitches each one plays.

Sources: names from the General MIDI System Level 1 specification (MMA, 1991), "Sound Set". Ranges of the orchestra
in sounding pitch after Samuel Adler, The Study of Orchestration (W. W. Norton): `practical` is what an orchestra plays
without asking, `extreme` what soloists and late romantic scores ask for; voices as in choral writing. General MIDI
prescribes no ranges: acoustic programs take those of their instrument, electric and synthetic ones that of their
keyboard or all pitches.
"""

from __future__ import annotations

from dataclasses import dataclass

from music.pitch import parse_pitch

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GeneralMidi:
    """A program of General MIDI and the lowest and highest pitch that make sense on it."""

    program: int
    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument or voice of the orchestra, in sounding pitch; `program` is the General MIDI program standing in."""

    name: str
    family: str
    practical: Range
    extreme: Range
    program: int


# In the order of the programs: name, lowest and highest pitch.
_GENERAL_MIDI = """
Acoustic Grand Piano A0 C8, Bright Acoustic Piano A0 C8, Electric Grand Piano A0 C8, Honky-tonk Piano A0 C8
Electric Piano 1 E1 E7, Electric Piano 2 E1 E7, Harpsichord F1 F6, Clavi F1 E6
Celesta C4 C8, Glockenspiel G5 C8, Music Box C4 C7, Vibraphone F3 F6
Marimba C2 C7, Xylophone F4 C8, Tubular Bells C4 G5, Dulcimer D3 E6
Drawbar Organ C2 C7, Percussive Organ C2 C7, Rock Organ C2 C7, Church Organ C1 C8
Reed Organ F1 F6, Accordion F2 A6, Harmonica C4 C7, Tango Accordion C2 B5
Acoustic Guitar (nylon) E2 B5, Acoustic Guitar (steel) E2 D6
Electric Guitar (jazz) E2 D6, Electric Guitar (clean) E2 D6
Electric Guitar (muted) E2 D6, Overdriven Guitar E2 D6, Distortion Guitar E2 D6, Guitar Harmonics E2 B6
Acoustic Bass E1 G4, Electric Bass (finger) E1 G4, Electric Bass (pick) E1 G4, Fretless Bass E1 G4
Slap Bass 1 E1 G4, Slap Bass 2 E1 G4, Synth Bass 1 C0 G5, Synth Bass 2 C0 G5
Violin G3 E7, Viola C3 E6, Cello C2 A5, Contrabass C1 G4
Tremolo Strings C1 E7, Pizzicato Strings C1 E7, Orchestral Harp B0 G#7, Timpani C2 C4
String Ensemble 1 C1 E7, String Ensemble 2 C1 E7, SynthStrings 1 C1 C8, SynthStrings 2 C1 C8
Choir Aahs E2 C6, Voice Oohs E2 C6, Synth Voice C1 C8, Orchestra Hit C1 C8
Trumpet F#3 D6, Trombone E2 F5, Tuba D1 G4, Muted Trumpet F#3 D6
French Horn B1 F5, Brass Section C1 D6, SynthBrass 1 C1 C8, SynthBrass 2 C1 C8
Soprano Sax Ab3 E6, Alto Sax Db3 A5, Tenor Sax Ab2 E5, Baritone Sax C2 A4
Oboe Bb3 A6, English Horn E3 C6, Bassoon Bb1 E5, Clarinet D3 C7
Piccolo D5 C8, Flute B3 D7, Recorder C4 D7, Pan Flute G4 G7
Blown Bottle C3 C7, Shakuhachi D4 D7, Whistle C5 C8, Ocarina A4 F6
Lead 1 (square) C-1 G9, Lead 2 (sawtooth) C-1 G9, Lead 3 (calliope) C-1 G9, Lead 4 (chiff) C-1 G9
Lead 5 (charang) C-1 G9, Lead 6 (voice) C-1 G9, Lead 7 (fifths) C-1 G9, Lead 8 (bass + lead) C-1 G9
Pad 1 (new age) C-1 G9, Pad 2 (warm) C-1 G9, Pad 3 (polysynth) C-1 G9, Pad 4 (choir) C-1 G9
Pad 5 (bowed) C-1 G9, Pad 6 (metallic) C-1 G9, Pad 7 (halo) C-1 G9, Pad 8 (sweep) C-1 G9
FX 1 (rain) C-1 G9, FX 2 (soundtrack) C-1 G9, FX 3 (crystal) C-1 G9, FX 4 (atmosphere) C-1 G9
FX 5 (brightness) C-1 G9, FX 6 (goblins) C-1 G9, FX 7 (echoes) C-1 G9, FX 8 (sci-fi) C-1 G9
Sitar C3 C6, Banjo C3 A5, Shamisen C3 C6, Koto G2 C6
Kalimba C4 C6, Bag pipe Bb3 A5, Fiddle G3 E7, Shanai Bb3 C6
Tinkle Bell C4 C8, Agogo C3 C6, Steel Drums C3 F6, Woodblock C3 C6
Taiko Drum C2 C5, Melodic Tom C2 C5, Synth Drum C2 C5, Reverse Cymbal C2 C5
Guitar Fret Noise C-1 G9, Breath Noise C-1 G9, Seashore C-1 G9, Bird Tweet C-1 G9
Telephone Ring C-1 G9, Helicopter C-1 G9, Applause C-1 G9, Gunshot C-1 G9
"""

# In score order, the usual instrument before its relatives: name, family, practical low and high, extreme low and high,
# General MIDI program (0-based).
_ORCHESTRA = """
Piccolo          woodwind   D5  A7   D5  C8   72
Flute            woodwind   C4  C7   B3  E7   73
Alto flute       woodwind   G3  C6   G3  G6   73
Oboe             woodwind   B3  E6   Bb3 A6   68
Oboe d'amore     woodwind   G#3 B5   G#3 E6   68
English horn     woodwind   E3  A5   E3  C6   69
Clarinet         woodwind   D3  Bb6  C#3 C7   71
E flat clarinet  woodwind   G3  C7   G3  Eb7  71
Bass clarinet    woodwind   Db2 Bb4  Bb1 F5   71
Bassoon          woodwind   Bb1 Bb4  Bb1 E5   70
Contrabassoon    woodwind   Bb0 Bb2  Bb0 Bb3  70
Soprano sax      woodwind   Ab3 Eb6  Ab3 G6   64
Alto sax         woodwind   Db3 Ab5  Db3 C6   65
Tenor sax        woodwind   Ab2 Eb5  Ab2 G5   66
Baritone sax     woodwind   Db2 Ab4  C2  C5   67
Horn             brass      F#2 C5   B1  F5   60
Trumpet          brass      F#3 C6   E3  F6   56
Cornet           brass      E3  Bb5  E3  C6   56
Trombone         brass      E2  Bb4  E1  F5   57
Bass trombone    brass      C2  Bb4  Bb0 C5   57
Tuba             brass      F1  F4   D1  G4   58
Timpani          percussion D2  A3   C2  C4   47
Glockenspiel     percussion G5  C8   F5  C8   9
Xylophone        percussion F4  C8   C4  C8   13
Marimba          percussion A2  C7   C2  C7   12
Vibraphone       percussion F3  F6   C3  F6   11
Tubular bells    percussion C4  F5   C4  G5   14
Celesta          keyboard   C4  C8   F3  C8   8
Harpsichord      keyboard   F1  F6   F1  G6   6
Organ            keyboard   C2  C7   C1  C8   19
Piano            keyboard   A0  C8   A0  C8   0
Harp             plucked    B0  F#7  B0  G#7  46
Guitar           plucked    E2  E5   E2  B5   24
Soprano          voice      C4  A5   Bb3 C6   52
Alto             voice      G3  D5   F3  F5   52
Tenor            voice      C3  G4   B2  C5   52
Bass             voice      F2  C4   D2  E4   52
Violin           strings    G3  E7   G3  C8   40
Viola            strings    C3  E6   C3  A6   41
Cello            strings    C2  A5   C2  E6   42
Contrabass       strings    E1  G3   C1  G4   43
"""


def _general_midi() -> tuple[GeneralMidi, ...]:
    entries = [entry.strip().rsplit(" ", 2) for line in _GENERAL_MIDI.strip().splitlines() for entry in line.split(",")]
    return tuple(
        GeneralMidi(program, name, parse_pitch(low), parse_pitch(high))
        for program, (name, low, high) in enumerate(entries)
    )


def _orchestra() -> dict[str, Instrument]:
    found = {}
    for line in _ORCHESTRA.strip().splitlines():
        name, family, *pitches, program = line.rsplit(None, 6)
        low, high, lowest, highest = map(parse_pitch, pitches)
        found[name.strip()] = Instrument(name.strip(), family, (low, high), (lowest, highest), int(program))
    return found


PROGRAMS = _general_midi()
"""The 128 programs, by their 0-based number."""

ORCHESTRA = _orchestra()
"""The instruments by name, in score order."""


def instrument(name: str) -> Instrument:
    """The instrument of that name, upper or lower case; ValueError where the orchestra has none."""
    found = {key.lower(): value for key, value in ORCHESTRA.items()}.get(name.strip().lower())
    if found is None:
        raise ValueError(f"{name!r} is no instrument of the orchestra ({', '.join(ORCHESTRA)})")
    return found


def for_program(program: int) -> Instrument | None:
    """The usual instrument that this General MIDI program stands in for (Soprano for a choir); None for the rest."""
    return next((entry for entry in ORCHESTRA.values() if entry.program == program), None)
