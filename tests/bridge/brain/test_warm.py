"""What is compiled on a machine's first run is compiled before a concert."""

import random

import pytest
import torch

from bridge.brain.careful import Careful
from bridge.brain.players import Players
from bridge.brain.settings import HARMONIZE
from models import learned
from models.assemble import build_frames
from models.blocks.live import ascending, chord, consensus, picking, voices
from models.player import Frame, Moment, Sound, Wish
from music.errors import ContinuoError
from music.pitch import Key
from tests.models.learned.test_players import CONFIGS, SMALL

KERNELS = [
    each
    for module in (ascending, chord, consensus, picking, voices)
    for each in vars(module).values()
    if hasattr(each, "signatures")
]


def player(task: str) -> Careful:
    torch.manual_seed(2)
    return Careful(learned.player(build_frames(CONFIGS[task] | SMALL).eval(), task))


@pytest.mark.parametrize("task", ["voices, advised", "hands", "lead, advised"])
def test_nothing_is_compiled_after_a_player_is_loaded(task: str) -> None:
    made = player(task)
    Players(make=lambda _name, _device: made).get(HARMONIZE, task)
    compiled = [len(kernel.signatures) for kernel in KERNELS]
    assert sum(compiled)
    dice = random.Random(1)  # noqa: S311
    state = made.start()
    for frame in range(60):
        note = (Sound(dice.randint(50, 84), 80),)
        wish = Wish(
            ranges=((48, 81), (40, 69), (36, 60))[: dice.randint(1, 3)],
            key=dice.choice((None, Key(3, "major"))),
            temperature=dice.choice((0.0, 0.3, 1.0)),
        )
        moment = Moment(frame / 4, wish, onsets=note if frame % 2 else (), move=not frame % 2)
        answer = made.answer(state, note, moment)
        state = made.hear(state, Frame(note, note, answer, beat=frame / 4))
    for along in made.hear_all([state] * 3, [Frame(note, note, answer)] * 3):  # nor by what was heard together
        made.answer(along, note, moment)
    assert [len(kernel.signatures) for kernel in KERNELS] == compiled


@pytest.mark.parametrize("task", CONFIGS)
def test_a_player_with_weights_that_are_no_numbers_is_not_taken(task: str) -> None:
    torch.manual_seed(2)
    model = build_frames(CONFIGS[task] | SMALL).eval()
    with torch.no_grad():
        model.trunk.spread.weight[0, 0] = float("nan")
    broken = Careful(learned.player(model, task))
    with pytest.raises(ContinuoError, match=r"NaN|no outcome is possible"):
        Players(make=lambda _name, _device: broken).get(HARMONIZE, task)
