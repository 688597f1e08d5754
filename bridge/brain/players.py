"""The players by name. Those with weights are loaded when they are first asked for: the rules need no torch."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np

from bridge import players
from bridge.brain.going_on import GoingOn
from bridge.brain.in_time import AtLeisure, InTime, Workplace
from bridge.brain.settings import CONTINUE, FILL, HARMONIZE, ORCHESTRATE
from bridge.brain.together import ANSWERED_TOGETHER, HEARD_TOGETHER
from models.continuation import Aim, Continuer
from models.player import Answer, AnswersTogether, Frame, HearsTogether, Moment, Player, Scoring, Sound, Wish
from models.rules import filling, orchestra, reduction
from models.rules.harmony import RuleHarmony
from models.rules.markov import MemoryPlayer
from music.errors import ContinuoError
from music.phrase import Onset, Tone

WARM_FRAMES = 4
WARM_VOICES = 4
WARM_SECTIONS = (1, 10, 12, 13)

Make = Callable[[str, str], Any]
"""The player of a name, on a device."""


def load(name: str, device: str) -> Player[Any] | Continuer[Any, Any]:
    """A learned player as it is shipped, or from the user's folder; ContinuoError where it cannot be had."""
    from bridge.brain import careful  # noqa: PLC0415 - torch takes seconds and megabytes: only who asks pays

    return careful.load(name, device)


def check(device: str) -> None:
    """Raise ContinuoError where a device that was asked for by name is not there; `auto` needs no torch yet."""
    if device != "auto":
        from bridge.brain import careful  # noqa: PLC0415 - as above

        careful.device_of(device)


class Players:
    """Each player is made once: it keeps nothing, so all inserts share it. One thread at a time may ask for a new one.

    Learned players are wrapped, so that the rules stand in for them; `tell` takes what has gone wrong, from any thread.
    """

    def __init__(
        self,
        device: str = "auto",
        workplace: Workplace | None = None,
        make: Make = load,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.workplace = workplace or AtLeisure()
        self.troubles: dict[str, None] = {}
        """What has gone wrong with players, each sentence once."""
        self._device = device
        self._make = make
        self._tell = tell
        self._players: dict[tuple[str, str], Player[Any] | Continuer[Any, Any]] = {
            (HARMONIZE, players.RULES): RuleHarmony()
        }

    def ready(self, effect: str, name: str) -> bool:
        """Whether a player is there without loading anything. Any thread."""
        return (effect, name) in self._players

    def get(self, effect: str, name: str) -> Any:
        """The player of an effect and a name, ContinuoError where it cannot be had, whatever the reason."""
        if (effect, name) not in self._players:
            made = self._rules(effect) if name == players.RULES else self._learned(effect, name)
            self._players[effect, name] = made
        return self._players[effect, name]

    @staticmethod
    def _rules(effect: str) -> Player[Any] | Continuer[Any, Any]:
        """Who plays an effect without weights; compiled by now, which may take seconds on a new machine."""
        if effect == ORCHESTRATE:
            orchestra.warm()
            return orchestra.RuleOrchestra()
        if effect == FILL:
            filling.warm()
            return filling.RuleFiller()
        if effect == CONTINUE:
            return MemoryPlayer()
        reduction.warm()
        return reduction.RuleReducer()

    def _learned(self, effect: str, name: str) -> Player[Any] | Continuer[Any, Any]:
        try:
            learned = self._make(name, self._device)
            gc.freeze()  # all of torch: looking through it would hold up those who play meanwhile
            made_for = getattr(learned, "effect", HARMONIZE)  # most harmonize, and need not say so
            warm = _warm_turn if made_for == CONTINUE else _warm
            warm(learned)  # compiles, the first time on a machine: other players need not wait for that
            self.workplace.do(lambda: warm(learned)).result()
        except ContinuoError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            hint = "Train it again, or set model to rules"
            raise ContinuoError(f"the player {name!r} cannot be loaded ({reason})", hint) from error
        if made_for != effect:
            raise ContinuoError(f"the player {name!r} does not {effect}", "Set model to rules")
        if effect == CONTINUE:
            return GoingOn(learned, self.workplace, self._trouble)
        return InTime(learned, self.get(effect, players.RULES), self.workplace, self._trouble)

    def _trouble(self, text: str) -> None:
        if text not in self.troubles:
            self.troubles[text] = None
            if self._tell:
                self._tell(text)


def _warm(player: Player[Any]) -> None:
    """Play a little: the first calls are the slow ones, and must not be those of a concert."""
    note = (Sound(72, 80),)
    state = player.start()
    for frame in range(WARM_FRAMES):
        # two ways through a sampler
        wish = Wish(((36, 81),) * WARM_VOICES, temperature=float(frame % 2), scoring=Scoring(WARM_SECTIONS))
        moment = Moment(frame / 4, wish, onsets=note, bar_frame=frame)
        answer = player.answer(state, note, moment)
        heard = Frame(note, note, _kept(answer), next_bar_frame=frame + 1, beat=frame / 4)
        state = player.hear(state, heard)
    if isinstance(player, HearsTogether):
        player.hear_all((state,) * HEARD_TOGETHER, (heard,) * HEARD_TOGETHER)
    if isinstance(player, AnswersTogether):
        several = ANSWERED_TOGETHER
        list(player.answer_all((state,) * several, (note,) * several, (moment,) * several))


def _warm_turn(player: Continuer[Any, Any]) -> None:
    """Hear a little, and go on."""
    memory = player.start()
    for beat in range(WARM_FRAMES):
        player.hear(memory, Onset(beat, (Tone(60, 80, 1.0), Tone(64 + beat, 80, 1.0))), phase=True)
    thread, dice = player.begin(memory), np.random.default_rng(0)
    for _ in range(WARM_FRAMES):
        _, thread = player.go_on(memory, thread, Aim(phase=True), dice)


def _kept(answer: Answer) -> Answer | None:
    return answer if any(pitch is not None for pitch in answer.pitches) else None
