"""What is sung comes out as notes, and nothing else does."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.bench.hearing import listen
from bridge.bench.sounds import RATE_HZ, TIMBRES, Sound, Tone, bend, legato, noise, sing, slide
from music.audio.listener import Heard, Listener, Range
from music.audio.scribe import Gates

MELODY = (60, 62, 64, 65, 67, 69, 71, 72, 67, 60)
C4 = 60


def pitches(sound: Sound, listener: Listener | None = None) -> list[int]:
    return [note.pitch for note in listen(sound, listener)]


def tones(melody: Iterable[float], each_s: float = 0.35, break_s: float = 0.05, loud: float = 0.3) -> list[Tone]:
    return [Tone(0.2 + each_s * n, each_s - break_s, pitch, loud) for n, pitch in enumerate(melody)]


def heard(sound: Sound, piece: int) -> list[Heard]:
    listener = Listener(RATE_HZ)
    found = [note for at in range(0, len(sound), piece) for note in listener.hear(sound[at : at + piece])]
    return found + listener.end()


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize("octave", [-1, 0, 1])
def test_a_melody_is_heard_note_for_note(timbre: str, octave: int) -> None:
    melody = [pitch + 12 * octave for pitch in MELODY]
    assert pitches(sing(tones(melody), TIMBRES[timbre], 4.0)) == melody


@pytest.mark.parametrize("timbre", TIMBRES)
def test_a_note_struck_again_is_heard_again(timbre: str) -> None:
    assert pitches(sing(tones([C4] * 6, 0.25, 0.0), TIMBRES[timbre], 2.5)) == [C4] * 6


@pytest.mark.parametrize("timbre", ["sine", "violin", "voice"])
def test_what_is_sung_in_one_breath_is_told_apart(timbre: str) -> None:
    melody = [60, 61, 62, 64, 60, 72, 60, 67]
    assert pitches(legato([*melody], 0.3, TIMBRES[timbre])) == melody


@pytest.mark.parametrize("vibrato", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("mistuned", [-0.3, 0.0, 0.3])
@pytest.mark.parametrize("pitch", [45, 57, 69, 81])
def test_a_vibrato_comes_to_rest_on_one_note(pitch: int, mistuned: float, vibrato: float) -> None:
    found = listen(bend(Tone(0, 3, pitch + mistuned), vibrato))
    assert found[-1].pitch == pitch
    assert all(note.at_s < 0.4 for note in found)  # it may begin on a neighbour, and never goes back there
    assert len(found) <= 2


@pytest.mark.parametrize(("start", "end", "seconds"), [(60, 72, 0.2), (60, 72, 2.0), (72, 55, 0.6), (50, 53, 1.0)])
def test_a_glissando_never_turns_back(start: int, end: int, seconds: float) -> None:
    found = pitches(slide(start, end, seconds))
    assert (found[0], found[-1]) == (start, end)
    assert found == sorted(set(found), reverse=end < start)


@pytest.mark.parametrize("tilt", [0, 1, 2], ids=["white", "pink", "brown"])
@pytest.mark.parametrize("loud", [0.01, 0.3])
def test_noise_has_no_notes(tilt: float, loud: float) -> None:
    assert pitches(noise(5, loud, tilt)) == []


def test_silence_and_clicks_have_no_notes() -> None:
    assert pitches(np.zeros(RATE_HZ, np.float32)) == []
    clicks = np.zeros(2 * RATE_HZ, np.float32)
    clicks[:: RATE_HZ // 5] = 0.9
    assert pitches(clicks) == []


def test_what_is_softer_than_the_gate_is_no_note() -> None:
    soft = sing(tones(MELODY, loud=0.01), TIMBRES["flute"], 4.0)
    assert pitches(soft) == list(MELODY)
    assert pitches(soft, Listener(RATE_HZ, Range(gates=Gates(gate_db=-30.0)))) == []


def test_what_is_no_number_is_silence() -> None:
    broken = sing(tones(MELODY), TIMBRES["violin"], 4.0)
    broken[: RATE_HZ // 10] = np.nan
    broken[RATE_HZ // 20] = np.inf
    assert pitches(broken) == list(MELODY)


@given(st.floats(0.02, 0.9))
@settings(max_examples=10)
def test_the_same_melody_louder_or_softer_has_the_same_notes(loud: float) -> None:
    sound = sing(tones(MELODY, loud=1.0), TIMBRES["violin"], 4.0)
    assert pitches(np.asarray(loud * sound, np.float32)) == list(MELODY)


def test_louder_is_struck_harder() -> None:
    found = listen(sing([Tone(0.2, 0.3, C4, 0.03), Tone(0.6, 0.3, C4, 0.5)], TIMBRES["clarinet"], 1.2))
    assert 1 <= found[0].velocity < found[1].velocity - 15 <= 112


@given(st.integers(1, 5000))
@settings(max_examples=15)
def test_the_pieces_that_a_sound_comes_in_do_not_matter(piece: int) -> None:
    sound = sing(tones(MELODY[:3]), TIMBRES["voice"], 1.5)
    assert heard(sound, piece) == heard(sound, len(sound))


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=20)
def test_whatever_is_heard_each_note_ends_before_the_next_and_none_is_left(seed: int, cuts: int) -> None:
    dice = np.random.default_rng(seed)
    parts = [
        sing([Tone(0, 0.2, dice.uniform(30, 100), dice.uniform(0, 1))], list(TIMBRES.values())[dice.integers(6)], 0.2)
        if dice.random() < 0.7
        else noise(0.1, dice.uniform(0, 0.3), seed=seed)
        for _ in range(cuts)
    ]
    held: set[int] = set()
    for note in heard(np.concatenate(parts), 480):
        if note.velocity:
            assert not held and 0 <= note.pitch <= 127
            held.add(note.pitch)
        else:
            held.remove(note.pitch)
    assert not held


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 96_000])
def test_it_hears_the_same_at_other_rates(rate_hz: int) -> None:
    sound = sing(tones(MELODY), TIMBRES["violin"], 4.0)
    times = np.arange(0, 4.0, 1 / rate_hz)
    other = np.interp(times, np.arange(len(sound)) / RATE_HZ, sound).astype(np.float32)
    listener = Listener(rate_hz)
    assert [note.pitch for note in listener.hear(other) if note.velocity] == list(MELODY)


def test_a_note_began_before_it_was_clear() -> None:
    melody = tones(MELODY)
    found = [note for note in heard(sing(melody, TIMBRES["clarinet"], 4.0), 480) if note.velocity]
    for tone, note in zip(melody, found, strict=True):
        assert note.since_s == pytest.approx(tone.onset_s, abs=0.02)


def test_another_range_ends_the_note_that_sounds_and_the_other_gates_do_not() -> None:
    listener = Listener(RATE_HZ)
    sound = sing([Tone(0.1, 2.0, C4)], TIMBRES["violin"], 2.2)
    begun = listener.hear(sound[: RATE_HZ // 2])
    assert [note.pitch for note in begun] == [C4]
    assert listener.adjust(Range(gates=Gates(-60, 0.8))) == []
    assert [(note.pitch, note.velocity) for note in listener.adjust(Range(70, 90))] == [(C4, 0)]
    assert listener.hear(sound[RATE_HZ // 2 : RATE_HZ]) == [], "too low to be listened for"
    listener.adjust(Range(gates=Gates(-1)))
    assert listener.hear(sound[RATE_HZ : 3 * RATE_HZ // 2]) == [], "too soft"
    listener.adjust(Range())
    assert [note.pitch for note in listener.hear(sound[3 * RATE_HZ // 2 :]) if note.velocity] == [C4]
