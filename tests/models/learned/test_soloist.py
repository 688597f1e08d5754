"""A frame model as who goes on where the musician stops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.assemble import build_frames
from models.blocks.samplers.ascending import GOES_ON, STRUCK
from models.continuation import Aim
from models.learned.soloist import LONGEST, SoloPlayer, Thread, pace_of
from music.phrase import Onset, Tone
from tests.models.learned.turns import chords, played, told

LOWEST = 21
CONFIG = {"task": "solo", "lowest": LOWEST, "keys": 88, "sampler": "ascending", "width": 8, "whole": 8, "channels": 8,
          "layers": 1, "recall": 2}  # fmt: skip


def made(strike: float = 0.0, hold: float = 0.0) -> SoloPlayer:
    """One who has learned nothing but how readily keys are struck and held."""
    torch.manual_seed(2)
    model = build_frames(CONFIG).eval()
    with torch.no_grad():
        model.get_parameter("sampler.out.bias").add_(torch.tensor([0.0, hold, strike]))
    return SoloPlayer(model, "one")


def begun(player: SoloPlayer, heard: list[Onset]) -> Thread:
    thread = player.begin(told(player, heard))
    assert thread
    return thread


def test_what_is_heard_is_struck_goes_on_and_ends() -> None:
    player = made()
    chord = Onset(1.0, (Tone(40, 80, 2.0), Tone(60, 80, 0.5)))
    thread = begun(player, [chord, Onset(1.5, (Tone(62, 80, 0.25),)), Onset(2.0, (Tone(40, 80, 0.25),))])
    frame = thread.last.frame
    assert thread.last.number == 8 and frame[40 - LOWEST] == STRUCK and frame.sum() == STRUCK
    middle = begun(player, [chord, Onset(1.5, (Tone(62, 80, 0.25),))]).last.frame
    assert middle[40 - LOWEST] == GOES_ON and middle[62 - LOWEST] == STRUCK and middle[60 - LOWEST] == 0


def test_to_follow_somebody_is_to_hear_them() -> None:
    player, heard, more = made(), chords(12), chords(6, start=6.0)
    followed = begun(player, heard)
    for onset in more:
        followed = player.follow(followed, onset, phase=True)
    told_all = begun(player, heard + more)
    assert (followed.last.number, followed.ends) == (told_all.last.number, told_all.ends)
    assert np.array_equal(followed.last.frame, told_all.last.frame)
    assert torch.equal(followed.last.state.features, told_all.last.state.features)


def test_a_thread_stays_what_it_was_when_more_is_heard_in_its_frame() -> None:
    player = made()
    thread = begun(player, chords(4))
    before = thread.last.frame.copy()
    after = player.follow(thread, Onset(1.55, (Tone(90, 80, 0.5),)), phase=True)
    assert after.last.number == thread.last.number and after.last.frame[90 - LOWEST] == STRUCK
    assert np.array_equal(thread.last.frame, before)


def test_after_a_long_silence_it_goes_on_as_after_a_shorter_one_at_the_same_place_in_the_beat() -> None:
    player, last = made(), (Tone(60, 80, 0.25),)
    one, other = (begun(player, [*chords(4), Onset(beat, last)]) for beat in (40.5, 1000.5))
    assert torch.allclose(one.last.state.features, other.last.state.features)


def test_it_plays_as_loud_as_what_was_heard_nearest_and_as_late_as_there() -> None:
    player = made()
    heard = [Onset(n + late, (Tone(40, 30, 0.2), Tone(81, 110, 0.2))) for n in range(6) for late in (0.0, 0.52, 0.85)]
    found = played(player, told(player, heard), 40, Aim())
    assert {tone.velocity for onset in found for tone in onset.tones} == {30, 110}
    assert all(tone.velocity == (30 if tone.pitch <= 60 else 110) for onset in found for tone in onset.tones)
    places = {round(onset.beat % 1, 6) for onset in found}
    assert places <= {0.0, 0.25, 0.52, 0.85} and len(places) > 2


def test_what_it_holds_ends_and_what_is_struck_again_is_two_notes() -> None:
    held = made(strike=-1.0, hold=9.0)
    found = played(held, told(held, chords(8)), 30, Aim())
    lengths = [tone.beats for onset in found for tone in onset.tones]
    assert max(lengths) == LONGEST / 4
    again = made(strike=9.0)
    for onset in played(again, told(again, chords(8)), 6, Aim()):
        assert all(tone.beats == 0.25 for tone in onset.tones)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_one_who_would_be_silent_for_ever_plays_all_the_same(temperature: float) -> None:
    player = made(strike=-20.0, hold=-20.0)
    found = played(player, told(player, chords(8)), 3, Aim(temperature=temperature))
    assert all(1 <= len(onset.tones) < 20 for onset in found)


def test_what_sounds_does_so_as_long_as_was_said_whatever_is_wanted_then() -> None:
    player, dice = made(strike=-2.0, hold=5.0), np.random.default_rng(3)
    memory = told(player, chords(8))
    thread = player.begin(memory)
    assert thread
    onset, thread = player.go_on(memory, thread, Aim(), dice)
    ends = dict(thread.ends)
    assert max(tone.beats for tone in onset.tones) > 1
    _, after = player.go_on(memory, thread, Aim(surprise=0.9), dice)
    kept = {key: end for key, end in ends.items() if end > after.last.number}
    assert all(after.ends[key] == end or after.last.frame[key] == STRUCK for key, end in kept.items())


def test_who_plays_without_a_clock_is_heard_and_gone_on_with_at_their_own_pace() -> None:
    player, uneven = made(), np.random.default_rng(5).normal(0, 0.02, 60)
    beats = 0.58 * np.arange(60) + uneven
    memory = told(player, [Onset(float(beat), (Tone(60, 80, 0.5),)) for beat in beats], phase=False)
    thread = player.begin(memory)
    assert thread and thread.pace == pytest.approx(0.29, abs=0.02)
    frames = [(onset.beat - beats[-1]) / thread.pace for onset in played(player, memory, 12, Aim())]
    assert frames == pytest.approx(np.round(frames))


def test_steady_notes_are_halves_and_quarters_of_a_beat_rather_than_thirds() -> None:
    assert pace_of([1.0] * 8) == 0.25
    assert pace_of([0.5, 0.25, 0.25, 1.0] * 4) == 0.25
    assert pace_of([0.01]) == 0.25


def test_a_clock_may_start_and_stop_in_between() -> None:
    player, tone = made(), (Tone(60, 80, 0.2),)
    memory = player.start()
    for beat in (0.0, 0.3, 0.6, 0.9, 1.5):
        player.hear(memory, Onset(beat, tone))
    for beat in (10.0, 10.5, 11.0):
        player.hear(memory, Onset(beat, tone), phase=True)
    thread = player.begin(memory)
    assert thread and thread.last.number == 44 and thread.clock
    after = player.follow(thread, Onset(11.3, tone), phase=False)
    assert after.last.number == 45 and not after.clock


def test_it_plays_more_to_somebody_who_plays_more() -> None:
    player, notes = made(strike=1.0), list[float]()
    for thick in (1, 8):
        chord = tuple(Tone(50 + 3 * number, 80, 0.2) for number in range(thick))
        found = played(player, told(player, [Onset(n / 4, chord) for n in range(80)]), 40, Aim())
        notes.append(sum(len(onset.tones) for onset in found) / (found[-1].beat - found[0].beat))
    assert notes[1] > 1.3 * notes[0]
