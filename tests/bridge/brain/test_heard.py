"""What a learned player hears of the frames, and when it is asked again under a held note."""

import pytest

from models.player import Answer
from tests.bridge.brain.soloists import Scripted, chord, players
from tests.bridge.brain.stage import BEAT, Band, state
from tests.bridge.brain.test_split import HELD, off, on

C, FRAME = 72, BEAT // 4


def band(player: Scripted, **changes: object) -> Band:
    stage = Band(state("harmony", player_model="soloist", **changes), players(player))
    player.forget()
    return stage


@pytest.mark.parametrize(("share", "heard"), [(0.9, True), (0.6, True), (0.4, False)])
def test_an_answer_that_ends_before_its_frame_does_is_heard_if_it_rang_for_most_of_it(
    share: float, heard: bool
) -> None:
    player = Scripted(HELD)
    stage = band(player)
    stage.play(on(C))
    stage.wait(FRAME + round(FRAME * share))
    stage.play(off(C))
    stage.wait(2 * FRAME)
    answers: list[Answer | None] = [frame.answer for frame in player.frames[:3]]
    assert [answer is not None for answer in answers] == [True, heard, False]
    assert [bool(frame.held) for frame in player.frames[:3]] == [True, heard, False]


def test_a_motion_is_asked_for_when_all_frames_before_it_were_heard() -> None:
    player = Scripted(chord(60, 57, 53), HELD)
    stage = band(player, harmonize_motion_beats=1.0)
    stage.play(on(C))
    stage.wait(BEAT)
    assert [moment.beat for moment in player.moments] == [0.0, 1.0]
    assert len(player.frames) == 4
    assert all(frame.answer == chord(60, 57, 53) for frame in player.frames)


def test_frames_say_where_they_begin() -> None:
    player = Scripted(HELD)
    stage = band(player)
    stage.play(on(C))
    stage.wait(BEAT)
    assert [frame.beat for frame in player.frames] == [0.0, 0.25, 0.5, 0.75]
