"""Voices and instruments that sing a known melody, for listening to them: made of partials, not recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
Wave = NDArray[np.float64]

RATE_HZ = 48_000
VOWEL_HZ = ((700, 130), (1220, 140), (2600, 250))
"""Formants of an open vowel and their widths (Peterson and Barney 1952, rounded)."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A note to be sung."""

    onset_s: float
    length_s: float
    pitch: float
    loud: float = 0.3
    """Its greatest amplitude, of full scale."""


@dataclass(frozen=True, slots=True)
class Timbre:
    """How an instrument sounds."""

    partials: Callable[[Wave], Wave]
    """The strength of partials, by (number, hz) stacked."""
    attack_s: float = 0.01
    decay_s: float = 0.0
    """Until it has fallen to 1/e; 0: it does not."""
    vibrato: float = 0.0
    """Semitones to either side, 5.5 times a second."""
    scoop: float = 0.0
    """So many semitones from below, in 60 ms."""
    breath: float = 0.0
    """Noise, as a share of the tone."""


def _formants(partials: Wave) -> Wave:
    number, frequency = partials
    peaks = sum(1 / (1 + ((frequency - centre) / width) ** 2) for centre, width in VOWEL_HZ)
    return np.asarray((0.05 + peaks) / number)


TIMBRES = {
    "sine": Timbre(lambda partials: (partials[0] == 1).astype(float)),
    "flute": Timbre(lambda partials: 1 / partials[0] ** 2, 0.04, vibrato=0.2, breath=0.03),
    "clarinet": Timbre(lambda partials: (partials[0] % 2 + 0.05) / partials[0], 0.02),
    "violin": Timbre(lambda partials: 1 / partials[0], 0.05, vibrato=0.35),
    "guitar": Timbre(lambda partials: 1 / partials[0] ** 1.3, 0.002, decay_s=0.5),
    "voice": Timbre(_formants, 0.05, vibrato=0.5, scoop=0.7, breath=0.03),
}


def sing(tones: list[Tone], timbre: Timbre, seconds: float, seed: int = 0) -> Sound:
    """The tones one after the other, or over each other where they overlap; then silence until the end."""
    dice = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * RATE_HZ))
    for tone in tones:
        one = _tone(tone, timbre, dice)
        start = round(tone.onset_s * RATE_HZ)
        one = one[: len(sound) - start]
        sound[start : start + len(one)] += one
    return np.asarray(sound, np.float32)


def slide(start: float, end: float, seconds: float, loud: float = 0.3) -> Sound:
    """A glissando with ten partials; its ends are held for 0.4 s."""
    still = np.ones(round(0.4 * RATE_HZ))
    pitch = np.concatenate((start * still, np.linspace(start, end, round(seconds * RATE_HZ)), end * still))
    return (_envelope(len(pitch), 0.01, 0.03) * _partials(pitch, TIMBRES["violin"], loud)).astype(np.float32)


def bend(tone: Tone, vibrato: float, per_s: float = 5.5) -> Sound:
    """A tone with another vibrato than its instrument's."""
    t = np.arange(round(tone.length_s * RATE_HZ)) / RATE_HZ
    pitch = tone.pitch + vibrato * np.sin(2 * np.pi * per_s * t)
    return (_envelope(len(t), 0.01, 0.03) * _partials(pitch, TIMBRES["violin"], tone.loud)).astype(np.float32)


def noise(seconds: float, loud: float, tilt: float = 0.0, seed: int = 0) -> Sound:
    """Noise of this effective level, falling by `tilt` times 3 dB an octave: 0 is white, 1 pink, 2 brown."""
    dice = np.random.default_rng(seed)
    spectrum = np.fft.rfft(dice.standard_normal(round(seconds * RATE_HZ)))
    frequency = np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ)
    shaped = np.fft.irfft(spectrum / np.maximum(frequency, 20.0) ** (tilt / 2), round(seconds * RATE_HZ))
    return np.asarray(loud * shaped / np.sqrt(np.mean(shaped**2)), np.float32)


def legato(pitches: list[float], each_s: float, timbre: Timbre, loud: float = 0.3) -> Sound:
    """One breath: the pitch goes from note to note within 15 ms, and nothing is struck."""
    per_note = round(each_s * RATE_HZ)
    pitch = np.repeat(np.array(pitches, float), per_note)
    glide = round(0.015 * RATE_HZ)
    pitch = np.convolve(np.pad(pitch, glide, mode="edge"), np.ones(glide) / glide, "same")[glide:-glide]
    pitch += timbre.vibrato * np.sin(2 * np.pi * 5.5 * np.arange(len(pitch)) / RATE_HZ)
    still = replace(timbre, vibrato=0.0)
    return (_envelope(len(pitch), 0.02, 0.03) * _partials(pitch, still, loud)).astype(np.float32)


def _tone(tone: Tone, timbre: Timbre, dice: np.random.Generator) -> Wave:
    count = round(tone.length_s * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    pitch = tone.pitch - timbre.scoop * np.maximum(0, 1 - t / 0.06)
    pitch = pitch + timbre.vibrato * np.minimum(1, t / 0.2) * np.sin(2 * np.pi * 5.5 * t + dice.uniform(0, 6.28))
    wave = _partials(pitch, timbre, tone.loud) + timbre.breath * tone.loud * dice.standard_normal(count)
    envelope = _envelope(count, timbre.attack_s, 0.03)
    if timbre.decay_s:
        envelope *= np.exp(-t / timbre.decay_s)
    return np.asarray(wave * envelope)


def _partials(pitch: Wave, timbre: Timbre, loud: float) -> Wave:
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE_HZ
    middle = float(np.mean(frequency))
    numbers = np.arange(1, max(2, min(40, int(RATE_HZ / 2.5 / np.max(frequency)))))
    strengths = timbre.partials(np.stack((numbers, numbers * middle)).astype(float))
    wave = sum(
        strength * np.sin(number * phase + number)
        for number, strength in zip(numbers, strengths, strict=True)
        if strength > 1e-4
    )
    return np.asarray(loud * wave / np.max(np.abs(wave)))


def _envelope(count: int, attack_s: float, release_s: float) -> Wave:
    at = np.arange(count) / RATE_HZ
    return np.asarray(np.minimum(1, np.minimum(at / attack_s, (count / RATE_HZ - at) / release_s)))
