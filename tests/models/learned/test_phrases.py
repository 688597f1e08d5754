"""A token model as who goes on where the musician stops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from models.assemble import build
from models.continuation import Aim
from models.learned.phrases import Memory, PhrasePlayer, Thread
from models.tokens.live import Live
from models.tokens.model import TokenModel
from music.phrase import Onset, Tone


@pytest.fixture(scope="module")
def player() -> PhrasePlayer:
    torch.manual_seed(4)
    model = build({"kind": "tokens", "width": 64, "heads": 2, "layers": 1, "context": 48})
    assert isinstance(model, TokenModel)
    return PhrasePlayer(Live(model), "one")


def chords(many: int, start: float = 0.0) -> list[Onset]:
    return [Onset(start + n / 2, (Tone(48 + n % 5, 70, 0.5), Tone(64 + n % 7, 80, 0.4))) for n in range(many)]


def told(player: PhrasePlayer, heard: list[Onset], *, phase: bool = True) -> Memory:
    memory = player.start()
    for onset in heard:
        player.hear(memory, onset, phase=phase)
    return memory


def played(player: PhrasePlayer, memory: Memory, many: int, aim: Aim) -> list[Onset]:
    thread, dice, found = player.begin(memory), np.random.default_rng(1), []
    for _ in range(many):
        assert thread
        onset, thread = player.go_on(memory, thread, aim, dice)
        found.append(onset)
    return found


def test_nothing_heard_is_nothing_to_go_on_with(player: PhrasePlayer) -> None:
    assert player.begin(player.start()) is None


@pytest.mark.parametrize("phase", [True, False])
def test_what_it_plays_comes_after_all_before_and_has_no_note_twice(player: PhrasePlayer, phase: bool) -> None:
    memory = told(player, chords(20), phase=phase)
    found = played(player, memory, 30, Aim(lowest=40, highest=80, phase=phase))
    beats = [9.5, *(onset.beat for onset in found)]
    assert all(a < b for a, b in itertools.pairwise(beats))
    for onset in found:
        pitches = [tone.pitch for tone in onset.tones]
        assert pitches == sorted(set(pitches)) and pitches[0] >= 40 and pitches[-1] <= 80
        assert all(1 <= tone.velocity <= 127 and tone.beats > 0 for tone in onset.tones)


def test_the_same_dice_play_the_same_and_a_thread_can_be_taken_up_again(player: PhrasePlayer) -> None:
    memory = told(player, chords(12))
    assert played(player, memory, 12, Aim()) == played(player, memory, 12, Aim())


def test_to_follow_somebody_is_to_hear_them(player: PhrasePlayer) -> None:
    heard, more = chords(12), chords(6, start=6.0)
    followed = player.begin(told(player, heard))
    for onset in more:
        assert followed
        followed = player.follow(followed, onset, phase=True)
    told_all = player.begin(told(player, heard + more))
    assert followed and told_all
    assert (followed.last, followed.tick) == (told_all.last, told_all.tick)
    assert np.array_equal(followed.state.seen, told_all.state.seen)


def test_a_note_that_sounds_still_is_taken_for_longer_than_it_has_been(player: PhrasePlayer) -> None:
    held = Onset(6.0, (Tone(60, 80, 0.5, lasts=True),))
    thread = player.begin(told(player, [*chords(12), held]))
    ended = player.begin(told(player, [*chords(12), Onset(6.0, (Tone(60, 80, 0.5),))]))
    assert isinstance(thread, Thread) and isinstance(ended, Thread)
    assert ended.last[2] + 1 == 12 <= thread.last[2] + 1


def test_with_a_clock_what_is_a_tick_off_is_taken_as_it_was_meant(player: PhrasePlayer) -> None:
    meant, played_off = Onset(3.5, (Tone(60, 80, 0.5),)), Onset(3.5 + 1 / 24, (Tone(60, 80, 0.5),))
    one, other = (player.begin(told(player, [*chords(4), last])) for last in (meant, played_off))
    assert one and other and one.last == other.last
