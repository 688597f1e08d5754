"""Learned players as torch wants them: on their device, without gradients, in one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from models.capture import swift
from models.continuation import Continuer
from models.player import Answer, AnswersTogether, Frame, HearsTogether, Moment, Player, Sound
from music.errors import ContinuoError

DEVICES = ("auto", "cpu", "cuda", "mps")


def device_of(wanted: str) -> str:
    """The device that a wish comes to (auto: CUDA where there is one, else the CPU); ContinuoError where it is not."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return "cuda" if there["cuda"] else "cpu"
    if not there.get(wanted):
        has = ", ".join(device for device, found in there.items() if found)
        raise ContinuoError(f"there is no device {wanted!r} on this machine", f"Give --device auto; there is: {has}")
    return wanted


def load(name: str, device: str) -> Player[Any] | Continuer[Any, Any]:
    """A learned player that is ready to play; ContinuoError where its weights or the device are not there."""
    from models.learned import make  # noqa: PLC0415 - the device is looked at without it
    from models.learned.phrases import PhrasePlayer  # noqa: PLC0415
    from models.learned.soloist import SoloPlayer  # noqa: PLC0415

    torch.set_num_threads(1)  # more only wait for each other over such small steps
    made = make(name, device_of(device))
    return made if isinstance(made, PhrasePlayer | SoloPlayer) else Careful(made)


class Careful:
    """A player without gradients."""

    def __init__(self, player: Player[Any]) -> None:
        self._player = player
        self.name = player.name
        self.pulse = player.pulse
        self.effect = getattr(player, "effect", "harmonize")

    @torch.inference_mode()
    def start(self) -> Any:
        """The state before anything was heard."""
        return self._player.start()

    @torch.inference_mode()
    def hear(self, state: Any, frame: Frame) -> Any:
        """The state one frame later."""
        with swift():
            return self._player.hear(state, frame)

    @torch.inference_mode()
    def hear_all(self, states: Sequence[Any], frames: Sequence[Frame]) -> list[Any]:
        """Several states one frame later each; at once where the player can do that."""
        with swift():
            if isinstance(self._player, HearsTogether):
                return self._player.hear_all(states, frames)
            return [self._player.hear(state, frame) for state, frame in zip(states, frames, strict=True)]

    @torch.inference_mode()
    def answer(self, state: Any, held: tuple[Sound, ...], moment: Moment) -> Answer:
        """What to play with the notes the musician holds now."""
        with swift():
            return self._player.answer(state, held, moment)

    @torch.inference_mode()
    def answer_all(
        self, states: Sequence[Any], helds: Sequence[tuple[Sound, ...]], moments: Sequence[Moment]
    ) -> Iterator[Answer]:
        """Several answers, each as soon as it is there; side by side where the player can do that."""
        with swift():
            if isinstance(self._player, AnswersTogether):
                yield from self._player.answer_all(states, helds, moments)
            else:
                yield from (self._player.answer(*one) for one in zip(states, helds, moments, strict=True))
