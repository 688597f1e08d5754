"""What holds of every learned player who goes on where the musician stops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from models.assemble import build, build_frames
from models.continuation import Aim, Continuer
from models.learned.phrases import PhrasePlayer
from models.learned.soloist import SoloPlayer
from models.tokens.live import Live
from models.tokens.model import TokenModel
from music.pitch import Key
from tests.models.learned.turns import chords, played, told

TOKENS = {"kind": "tokens", "width": 64, "heads": 2, "layers": 1, "context": 48}
FRAMES = {"task": "solo", "lowest": 21, "keys": 88, "sampler": "ascending", "width": 8, "whole": 8, "channels": 8,
          "layers": 1, "recall": 2}  # fmt: skip


@pytest.fixture(scope="module", params=["tokens", "frames"])
def player(request: pytest.FixtureRequest) -> Continuer[Any, Any]:
    torch.manual_seed(4)
    if request.param == "frames":
        return SoloPlayer(build_frames(FRAMES).eval(), "one")
    model = build(TOKENS)
    assert isinstance(model, TokenModel)
    return PhrasePlayer(Live(model), "one")


def test_nothing_heard_is_nothing_to_go_on_with(player: Continuer[Any, Any]) -> None:
    assert player.begin(player.start()) is None


@pytest.mark.parametrize("phase", [True, False])
def test_what_it_plays_comes_after_all_before_and_has_no_note_twice(player: Continuer[Any, Any], phase: bool) -> None:
    memory = told(player, chords(20), phase=phase)
    found = played(player, memory, 30, Aim(lowest=40, highest=80, phase=phase))
    beats = [9.5, *(onset.beat for onset in found)]
    assert all(a < b for a, b in itertools.pairwise(beats))
    for onset in found:
        pitches = [tone.pitch for tone in onset.tones]
        assert pitches == sorted(set(pitches)) and pitches[0] >= 40 and pitches[-1] <= 80
        assert all(1 <= tone.velocity <= 127 and tone.beats > 0 for tone in onset.tones)


def test_it_keeps_to_a_key_that_is_locked_and_plays_where_it_is_wanted(player: Continuer[Any, Any]) -> None:
    memory, key = told(player, chords(12)), Key(2, "major")
    found = played(player, memory, 20, Aim(lowest=50, highest=70, key=key, register=1.0))
    pitches = [tone.pitch for onset in found for tone in onset.tones]
    assert {pitch % 12 for pitch in pitches} <= set(key.scale)
    assert min(pitches) >= 50 and max(pitches) <= 70


def test_the_same_dice_play_the_same_and_a_thread_can_be_taken_up_again(player: Continuer[Any, Any]) -> None:
    memory = told(player, chords(12))
    assert played(player, memory, 12, Aim()) == played(player, memory, 12, Aim())


def test_density_is_how_much_is_played(player: Continuer[Any, Any]) -> None:
    memory = told(player, chords(12))
    notes = {}
    for density in (0.0, 1.0):
        found = played(player, memory, 30, Aim(density=density))
        notes[density] = sum(len(onset.tones) for onset in found) / (found[-1].beat - found[0].beat)
    assert notes[0.0] < notes[1.0]


def test_it_can_be_asked_for_something_else_in_the_middle(player: Continuer[Any, Any]) -> None:
    memory, dice = told(player, chords(12)), np.random.default_rng(1)
    _, thread = player.go_on(memory, player.begin(memory), Aim(), dice)
    high, _ = player.go_on(memory, thread, Aim(lowest=90), dice)
    assert high.bottom >= 90
