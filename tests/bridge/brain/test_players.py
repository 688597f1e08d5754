import subprocess
import sys
from threading import Event
from typing import Any

import pytest
import torch

from bridge.brain.careful import device_of
from bridge.brain.change import Changes, Refusal
from bridge.brain.in_time import InTime, Worker
from bridge.brain.players import Players, check
from bridge.brain.settings import HARMONIZE, Settings
from models.player import Frame, Moment, Player, Sound
from models.rules.harmony import RuleHarmony
from music.errors import ContinuoError
from tests.bridge.brain.soloists import WISH, Failing, Scripted, careful, chord
from tests.bridge.brain.stage import state

NOTE = (Sound(72, 80),)
LEARNED = chord(50, 45, 40, 38)
PATIENCE_S = 60.0


def test_rules_play_without_torch() -> None:
    program = (
        "import sys\nimport bridge.brain.__main__\n"
        "from bridge import presets\nfrom bridge.render.offline import render\n"
        "render(presets.melody().read_bytes(), presets.load('satb'))\nsys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_rules_are_the_rule_player_itself() -> None:
    assert isinstance(Players().get(HARMONIZE, "rules"), RuleHarmony)


def test_learned_player_is_made_once_warmed_up_and_wrapped() -> None:
    made: list[tuple[str, str]] = []
    player = Scripted(LEARNED)

    def make(name: str, device: str) -> Scripted:
        made.append((name, device))
        return player

    players = Players("cuda", make=make)
    assert not players.ready(HARMONIZE, "soloist")
    found = players.get(HARMONIZE, "soloist")
    assert isinstance(found, InTime)
    assert players.get(HARMONIZE, "soloist") is found
    assert made == [("soloist", "cuda")]
    assert player.moments and player.frames
    assert players.ready(HARMONIZE, "soloist")


def refused(player: Player[Any] | Exception) -> ContinuoError:
    def make(_name: str, _device: str) -> Player[Any]:
        if isinstance(player, Exception):
            raise player
        return player

    players = Players(make=make)
    with pytest.raises(ContinuoError) as error:
        players.get(HARMONIZE, "soloist")
    assert not players.ready(HARMONIZE, "soloist")
    return error.value


def test_player_that_cannot_be_loaded_is_a_sentence() -> None:
    assert refused(ContinuoError("weights.safetensors: NaN", "Train it again")).message == "weights.safetensors: NaN"
    error = refused(KeyError("gru"))
    assert error.message == "the player 'soloist' cannot be loaded (KeyError: 'gru')"
    assert error.hint


def test_player_that_cannot_play_a_note_is_not_taken() -> None:
    player = Failing(LEARNED)
    player.fails_to = "hear"
    assert "no ears" in refused(player).message


@pytest.mark.parametrize("pulse", [False, True])
def test_careful_player_answers_without_gradients(pulse: bool) -> None:
    player = careful(pulse=pulse)
    heard = player.hear(player.start(), Frame(NOTE, NOTE, LEARNED))
    assert heard.is_inference()
    assert len(player.answer(heard, NOTE, Moment(0.0, WISH)).pitches) == 3
    assert (player.name, player.pulse) == ("soloist", pulse)


def test_device_that_is_asked_for_and_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == device_of("cpu") == "cpu"
    for use in (device_of, check):
        with pytest.raises(ContinuoError, match=r"no device 'cuda' on this machine.*there is: cpu"):
            use("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of("auto") == device_of("cuda") == "cuda"


def settings(model: str, voices: int = 3) -> Settings:
    return Settings.of(state(player_model=model, harmonize_voices=voices))


def outcomes(changes: Changes) -> list[tuple[int, Settings | Refusal]]:
    """What becomes of a change, whenever that is."""
    while True:
        if found := list(changes.settled()):
            return found
        for loading in list(changes._loading.values()):
            loading.exception(PATIENCE_S)


def test_player_is_loaded_while_others_play_and_the_newest_settings_count() -> None:
    gate = Event()

    def make(_name: str, _device: str) -> Scripted:
        gate.wait(PATIENCE_S)
        return Scripted(LEARNED)

    players = Players(workplace=Worker(), make=make)
    changes = Changes(players)
    changes.want(0, settings("soloist", 2))
    changes.want(0, settings("soloist", 4))
    changes.want(1, settings("soloist", 1))
    assert list(changes.settled()) == []
    gate.set()
    assert outcomes(changes) == [(0, settings("soloist", 4)), (1, settings("soloist", 1))]
    assert players.ready(HARMONIZE, "soloist")
    assert list(changes.settled()) == []


def test_who_has_changed_his_mind_meanwhile_gets_nothing() -> None:
    gate = Event()

    def make(name: str, _device: str) -> Scripted:
        gate.wait(PATIENCE_S)
        if name == "ghost":
            raise ContinuoError("boo")
        return Scripted(LEARNED)

    changes = Changes(Players(workplace=Worker(), make=make))
    changes.want(0, settings("ghost"))
    changes.want(1, settings("soloist"))
    changes.want(0, settings("rules"))
    gate.set()
    assert outcomes(changes) == [(1, settings("soloist"))]


def test_player_that_cannot_be_had_is_refused_and_may_be_asked_for_again() -> None:
    def make(_name: str, _device: str) -> Scripted:
        raise ContinuoError("boo", "shoo")

    changes = Changes(Players(workplace=Worker(), make=make))
    for _ in range(2):
        changes.want(3, settings("ghost"))
        ((insert, refusal),) = outcomes(changes)
        assert isinstance(refusal, Refusal)
        assert (insert, refusal.insert, refusal.settings.model, str(refusal.error)) == (3, 3, "ghost", "boo. shoo")
