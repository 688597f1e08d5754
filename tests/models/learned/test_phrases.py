"""A token model as who goes on where the musician stops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.assemble import build
from models.learned.phrases import PhrasePlayer, Thread
from models.tokens.live import Live
from models.tokens.model import TokenModel
from music.phrase import Onset, Tone
from tests.models.learned.turns import chords, told


@pytest.fixture(scope="module")
def player() -> PhrasePlayer:
    torch.manual_seed(4)
    model = build({"kind": "tokens", "width": 64, "heads": 2, "layers": 1, "context": 48})
    assert isinstance(model, TokenModel)
    return PhrasePlayer(Live(model), "one")


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
