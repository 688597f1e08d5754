"""A player of frames: what sounds in a frame, given all frames before it and what is known of the frame itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol, cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.embed import EmbedName
from models.blocks.live.picking import Ints
from models.blocks.samplers import SAMPLERS, Sampler
from models.blocks.samplers.ascending import GOES_ON, Ascending
from models.blocks.samplers.chord import SoundsOrSilent
from models.blocks.samplers.independent import Independent
from models.blocks.samplers.voices import Voices
from models.blocks.tied import Surroundings
from models.frames import Batch, Choice, Choices
from models.losses import LossName
from models.trunk import TiedTrunk, TrunkState

Task = Literal["keys", "voices", "hands", "lead", "solo"]
SamplerName = Literal["ascending", "independent", "masked", "boltzmann", "voices", "sounds-silent"]
STRUCK_OR_HELD: tuple[Task, ...] = ("hands", "solo")
"""Tasks in which a key is silent, goes on or is struck."""
TimeName = Literal["rnn", "gru", "lstm", "window", "attention"]


STRUCK_PLANE = 1
"""Of what is given: where the musician strikes."""


class Decides(Protocol):
    """What a frame model asks of its sampler; shapes of targets are those of `Batch`."""

    def planes(self, target: Tensor) -> Tensor:
        """A target as planes of a roll, (batch, frame, key, plane)."""
        ...

    def nll(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(batch, frame) nats, with the features of every key and the target of the frame before."""
        ...

    def sketch(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """Frames about as they would be drawn, all at once."""
        ...

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Tensor:
        """The open frame; features and the frame before may have been heard by two listeners, one after the other."""
        ...

    def draws(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Iterator[Ints]:
        """The same, piece by piece: each as soon as it is decided, without batch and frame."""
        ...


class FrameModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a frame model is made of."""

    task: Task
    lowest: int
    """Lowest pitch; 0 where the keys are the 12 pitch classes."""
    keys: int
    sampler: SamplerName
    kind: str = "frame"
    given: int = 0
    """Planes of what the musician does in the same frame."""
    width: int = 64
    """Features of a key."""
    layers: int = 2
    reach: int = 24
    """How many keys up and down a key sees."""
    whole: int = 256
    """Features of a whole frame."""
    embed: EmbedName = "linear"
    time: TimeName = "lstm"
    recall: int = 0
    """Heads that look up what was played where the music was as it is now; 0: it is not looked up."""
    channels: int = 64
    """Width of the sampler."""
    dropout: float = 0.2
    hide_given: float = 0.0
    """Share of the training windows in which what the musician does in the open frame is hidden."""
    predict_given: float = 0.0
    """Weight of predicting what the musician strikes, in training."""
    scheduled: float = 0.0
    """Share of past frames that in training are what the model itself would have played."""
    hide_own: float = 0.0
    """Share of the training windows in which the model does not hear what it plays itself, but only the musician."""
    loss: LossName = "nll"
    """What training descends; other ones than nats for independent keys and voices only."""
    strict: bool = False
    """Whether voices that are drawn neither cross nor follow each other in fifths and octaves, where there is a way."""
    blend: float = 0.0
    """How much such a player has to say in what is drawn, from 0 (nothing) to below 1.

    One that hears itself holds on to what it has once played; one that does not hears where the music is.
    """


class Evidence(NamedTuple):
    """What is certain about the open frame before it is drawn."""

    known: Tensor
    """long, shaped as a target frame: -1 where free."""
    banned: Tensor
    """bool: keys that may not sound (batch, 1, key), or for voices (batch, 1, voice, key + 1) and
    for lead (batch, 1, 13), the rest last."""


class FrameState(NamedTuple):
    """After the last closed frame. Batch first: states of several pieces can be put side by side."""

    trunk: TrunkState
    features: Tensor
    """Of the open frame, (listener * batch, 1, key, width)."""
    before: Tensor
    """The target of the last closed frame, (batch, 1, ...)."""


class Opened(NamedTuple):
    """Of a state, what the open frame is drawn from."""

    features: Tensor
    """(listener * batch, 1, key, width)."""
    before: Tensor
    """(batch, 1, ...)."""


class FrameModel(nn.Module):
    """Trunk and sampler. What was played enters `step`; what is being played enters `draw`."""

    def __init__(self, config: FrameModelConfig) -> None:
        super().__init__()
        self.config = config
        self.sampler: Decides = _sampler(config)
        own = {"voices": 4, "hands": 2, "lead": 2, "solo": 2}.get(config.task, 1)
        self.trunk = TiedTrunk(
            own + config.given,
            keys=config.keys, lowest=config.lowest, width=config.width, whole=config.whole, reach=config.reach,
            dropout=config.dropout, layers=config.layers, circular=config.task == "lead", embed=config.embed,
            time=config.time, recall=config.recall,
        )  # fmt: skip
        self.given: Surroundings | None = None
        self.foresee: nn.Linear | None = None
        if config.given:
            around = {"keys": config.keys, "lowest": config.lowest, "reach": config.reach}
            self.given = Surroundings(config.given + 1, config.width, circular=config.task == "lead", **around)
            self.foresee = nn.Linear(config.width, 1) if config.predict_given else None

    @property
    def silence(self) -> int:
        """The target of a voice that rests or a key that is silent."""
        return self.config.keys if self.config.task == "voices" else 0

    def nll(self, batch: Batch, *, hidden: bool = False) -> Tensor:
        """(batch, frame) nats of each frame given all earlier ones and what is given in it (not if `hidden`).

        Not masked. In training, whatever the config adds to the loss is in it.
        """
        past = self._half_played(batch) if self.training and self.config.scheduled else batch.target
        last, before = self._before(past), self._before(batch.target)
        if self.training and self.config.hide_own:
            shape = (len(batch), *[1] * (last.ndim - 1))
            alone = torch.rand(shape, device=last.device) < self.config.hide_own
            last, before = (torch.where(alone, self._of_others(one), one) for one in (last, before))
        features = self._features(last, batch)
        seen = self._with_given(features, None if hidden else batch.given)
        nats = self.sampler.nll(seen, batch.target, before)
        if self.training and self.config.predict_given and self.foresee is not None:
            struck = self.foresee(features)[..., 0]
            missed = functional.binary_cross_entropy_with_logits(
                struck, batch.given[..., STRUCK_PLANE].float(), reduction="none"
            )
            nats = nats + self.config.predict_given * missed.sum(-1)
        return nats

    def _before(self, target: Tensor) -> Tensor:
        """The target of the frame before each; what goes on in the first frame of a window sounded before it."""
        first = torch.full_like(target[:, :1], self.silence)
        if self.config.task in STRUCK_OR_HELD:
            first = (target[:, :1] == GOES_ON).long()
        return torch.cat((first, target[:, :-1]), 1)

    def _of_others(self, target: Tensor) -> Tensor:
        """A target without what the model itself decides: of four voices, the musician's one is left."""
        silent = torch.full_like(target, self.silence)
        if self.config.task == "voices":
            silent[..., 0] = target[..., 0]
        return silent

    def _features(self, before: Tensor, batch: Batch) -> Tensor:
        """Features of every frame from the one before each, and all before that."""
        given = functional.pad(batch.given[:, :-1].float(), (0, 0, 0, 0, 1, 0))
        features: Tensor = self.trunk(torch.cat((self.sampler.planes(before), given), -1), batch.phase)
        return features

    def _with_given(self, features: Tensor, given: Tensor | None) -> Tensor:
        """The features of each listener, knowing what the musician does in the same frame: (batch, frame, key, plane).

        None where that is not known.
        """
        if self.given is None:
            return features
        if given is None:
            planes = torch.zeros(1, 1, self.config.keys, self.config.given + 1, device=features.device)
        else:
            planes = functional.pad(given.float(), (0, 1), value=1.0)
            if self.training and self.config.hide_given:
                planes = planes * (torch.rand(len(given), 1, 1, 1, device=given.device) >= self.config.hide_given)
        seen = functional.relu(self.given(planes))
        return (features.view(-1, len(seen), *features.shape[1:]) + seen).flatten(0, 1)

    @torch.no_grad()
    def _half_played(self, batch: Batch) -> Tensor:
        """The past with some frames as the model itself would have played them, in a first pass over the true past.

        Scheduled sampling in parallel (Mihaylova and Martins 2019, arXiv:1906.07651).
        """
        before = self._before(batch.target)
        seen = self._with_given(self._features(before, batch), batch.given)
        drawn = self.sampler.sketch(seen, batch.target, before)
        mine = torch.rand(batch.target.shape[:2], device=drawn.device) < self.config.scheduled
        return torch.where(mine.view(*mine.shape, *[1] * (drawn.ndim - 2)), drawn, batch.target)

    def start(self, batch: int = 1, phase: Tensor | None = None) -> FrameState:
        """Before the first frame has closed; `phase` (batch, 1) is that of the first frame."""
        device = next(self.parameters()).device
        voices = 4 if self.config.task == "voices" else self.config.keys
        before = torch.full((batch, 1, voices), self.silence, device=device)
        given = torch.zeros(batch, 1, self.config.keys, self.config.given, device=device)
        phase = torch.zeros(batch, 1, dtype=torch.long, device=device) if phase is None else phase
        return self._opened(self.trunk.start(batch * self._listeners, device), before, given, phase)

    def step(self, state: FrameState, target: Tensor, given: Tensor, phase: Tensor) -> FrameState:
        """A frame has closed: its target (batch, 1, ...), what was given in it, and the phase of the one that opens."""
        return self._opened(state.trunk, target, given, phase)

    def _opened(self, trunk: TrunkState, before: Tensor, given: Tensor, phase: Tensor) -> FrameState:
        planes = torch.cat((self.sampler.planes(self._listened(before)), self._for_all(given).float()), -1)
        features, trunk = self.trunk.step(planes, self._for_all(phase.view(-1, 1)), trunk)
        return FrameState(trunk, features, before)

    @property
    def _listeners(self) -> int:
        """How often each piece is heard: with the model's own past, and perhaps without it too."""
        return 2 if self.config.blend else 1

    def _listened(self, before: Tensor) -> Tensor:
        """The last closed frame as each listener hears it, (listener * batch, 1, ...)."""
        return torch.cat((before, self._of_others(before))) if self.config.blend else before

    def _for_all(self, known: Tensor) -> Tensor:
        """What all listeners know alike."""
        return known.repeat(self._listeners, *[1] * (known.ndim - 1))

    def draw(self, state: FrameState | Opened, given: Tensor | None, evidence: Evidence, choice: Choices) -> Tensor:
        """Decide the open frame, (batch, 1, ...), with what the musician does in it (None: not known)."""
        features = self._with_given(state.features, given)
        return self.sampler.draw(features, self._listened(state.before), *evidence, choice)

    def draws(
        self, state: FrameState | Opened, given: Tensor | None, evidence: Evidence, choice: Choices
    ) -> Iterator[Ints]:
        """The same, piece by piece: each as soon as it is decided, without batch and frame."""
        features = self._with_given(state.features, given)
        return self.sampler.draws(features, self._listened(state.before), *evidence, choice)

    def free(self, batch: int = 1) -> Evidence:
        """Evidence of nothing."""
        device = next(self.parameters()).device
        if self.config.task == "voices":
            banned = torch.zeros(batch, 1, 4, self.config.keys + 1, dtype=torch.bool, device=device)
            return Evidence(torch.full((batch, 1, 4), -1, device=device), banned)
        known = torch.full((batch, 1, self.config.keys), -1, device=device)
        outcomes = self.config.keys + (self.config.task == "lead")
        return Evidence(known, torch.zeros(batch, 1, outcomes, dtype=torch.bool, device=device))


class _Simple(nn.Module):
    """A sampler that does not look at the frame before, at the seam of those that do."""

    def __init__(self, sampler: Sampler) -> None:
        super().__init__()
        self.sampler: Sampler = sampler

    def nll(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:  # noqa: ARG002
        """(batch, frame) nats."""
        nats: Tensor = self.sampler.nll(features, target)
        return nats

    def planes(self, target: Tensor) -> Tensor:
        """As planes of a roll."""
        planes: Tensor = self.sampler.planes(target)
        return planes

    def sketch(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:  # noqa: ARG002
        """Frames as they would be drawn."""
        free = torch.full_like(target, -1)
        return self._draw(features, free, free == 0, Choice())

    def draw(
        self,
        features: Tensor,
        before: Tensor,  # noqa: ARG002
        known: Tensor,
        banned: Tensor,
        choice: Choices,
    ) -> Tensor:
        """The open frame."""
        if isinstance(choice, Choice):
            return self._draw(features, known, banned, choice)
        rows = zip(features[:, None], known[:, None], banned[:, None], choice, strict=True)
        return torch.cat([self._draw(*row) for row in rows])

    def draws(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Iterator[Ints]:
        """The open frame of each piece."""
        yield from self.draw(features, before, known, banned, choice)[:, 0].cpu().numpy()

    def _draw(self, features: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        drawn: Tensor = self.sampler.draw(features, known, banned, choice)
        return drawn


def _sampler(config: FrameModelConfig) -> Ascending | Voices | SoundsOrSilent | _Simple:
    match config.sampler:
        case "voices":
            return Voices(
                config.width, keys=config.keys, channels=config.channels, blend=config.blend, strict=config.strict
            )
        case "sounds-silent":
            return SoundsOrSilent(config.width, channels=config.channels, blend=config.blend)
        case "ascending":
            states = 3 if config.task in STRUCK_OR_HELD else 2
            return Ascending(config.width, keys=config.keys, states=states, channels=config.channels)
        case "independent":
            return _Simple(Independent(config.width, keys=config.keys, loss=config.loss))
    return _Simple(cast(Sampler, SAMPLERS[config.sampler](config.width, keys=config.keys)))
