"""Voice by voice, each knowing what was decided before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.live import voices as live
from models.blocks.live.picking import Ints, abreast, array, by_input, shares, uniform
from models.frames import Choice, Choices, each
from models.losses import LossName, Softness, distance_cross_entropy, soft_cross_entropy


class Voices(nn.Module):
    """One key, or a rest, for each voice in a fixed order: a chain of conditionals, so the likelihood is exact.

    A voice scores every key by the key's features, by the voice's own last pitch and by the intervals to the voices
    already decided; these weights are shared by all keys. A voice that the musician plays is known: it goes first,
    predicted in training and replaced by what was played on stage.
    """

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self,
        width: int,
        *,
        keys: int,
        voices: int = 4,
        order: Sequence[int] = (0, 3, 1, 2),
        channels: int = 64,
        blend: float = 0.0,
        strict: bool = False,
        loss: LossName = "nll",
    ) -> None:
        super().__init__()
        self.keys, self.voices, self.order, self.blend, self.strict = keys, voices, tuple(order), blend, strict
        self.features = nn.Linear(width, channels)
        self.voice = nn.Embedding(voices, channels)
        reach = 2 * keys  # interval from another voice's key to this one, shifted; the last row stands for a rest
        self.intervals = nn.Embedding(voices * (voices + 1) * reach, channels)
        nn.init.normal_(self.intervals.weight, std=0.05)
        self.deeper = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, voices)
        self.rest = nn.Linear(channels, voices)
        self.loss = loss
        for one in range(voices):
            firsts = [(one * (voices + 1) + other) * reach for other in (voices, *self._decided(one))]
            self.register_buffer(f"first_{one}", torch.tensor(firsts), persistent=False)
        self.register_buffer("kernel", Softness().kernel(keys), persistent=False)
        steps = torch.arange(keys)[None] - torch.arange(keys)[:, None] + keys - 1  # (from, to)
        rest = torch.full((1, keys), reach - 1)
        self.register_buffer("steps", torch.cat((steps, rest)), persistent=False)  # (K + 1, K)

    steps: Tensor
    kernel: Tensor

    def planes(self, target: Tensor) -> Tensor:
        """(..., voice) of keys as (..., key, voice)."""
        planes = functional.one_hot(target, self.keys + 1)[..., : self.keys]
        return planes.transpose(-1, -2).float()

    def logits(self, context: Tensor, voice: int, target: Tensor, before: Tensor) -> Tensor:
        """(N, key, channels), the voices decided so far and the frame before, (N, voice), to (N, key + 1)."""
        others = self._decided(voice)
        seen = torch.cat((before[:, voice, None], target[:, others]), 1)  # its own last key, those of the others
        rows = self.intervals(
            self.get_buffer(f"first_{voice}")[:, None] + self.steps[seen]
        )  # (N, other, key, channels)
        x = functional.relu(context + self.voice.weight[voice] + rows.sum(1))
        x = x + functional.relu(self.deeper(x))
        keys = x @ self.out.weight[voice] + self.out.bias[voice]
        rest = x.mean(1) @ self.rest.weight[voice] + self.rest.bias[voice]
        return torch.cat((keys, rest[:, None]), -1)

    def _decided(self, voice: int) -> list[int]:
        """The voices that are decided before one."""
        return list(self.order[: self.order.index(voice)])

    def nll(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(batch, frame) nats, exact; in training the loss that was asked for."""
        if not self.training or self.loss == "nll":
            return self.nll_by_voice(features, target, before).sum(-1)
        logits = self._logits_by_voice(features, target, before)
        all_frames = torch.ones_like(target[..., 0], dtype=torch.bool)
        if self.loss == "soft":
            return soft_cross_entropy(logits, target, all_frames, self.kernel)
        return distance_cross_entropy(logits, target, all_frames)

    def nll_by_voice(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(batch, frame, voice) nats; each voice given those before it in the order."""
        logits = self._logits_by_voice(features, target, before)
        return functional.cross_entropy(logits.flatten(0, 2), target.flatten(), reduction="none").view(target.shape)

    def _logits_by_voice(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """(batch, frame, voice, key + 1)."""
        context = self.features(features).flatten(0, 1)
        flat, last = target.flatten(0, 1), before.flatten(0, 1)
        each = [self.logits(context, voice, flat, last) for voice in range(self.voices)]
        return torch.stack(each, 1).view(*target.shape, -1)

    def sketch(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """Frames about as they would be drawn, all at once: every voice given the true ones before it."""
        context = self.features(features).flatten(0, 1)
        flat, last = target.flatten(0, 1), before.flatten(0, 1)
        picked = [Choice().pick(self.logits(context, voice, flat, last)) for voice in range(self.voices)]
        return torch.stack(picked, -1).view(target.shape)

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Tensor:
        """The open frame, long (batch, 1, voice); the arguments are those of `draws`."""
        return abreast(self.draws(features, before, known, banned, choice), features.device)

    def draws(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Iterator[Ints]:
        """The open frame of each piece as soon as it is decided, (voice,).

        Args:
            features: (batch, 1, key, width).
            before: the frame before, (batch, 1, voice).
            known: keys, -1 where the voice is free.
            banned: bool (batch, 1, voice, key + 1), the rest last.
            choice: how each voice is taken.
        """
        listened = array(self.features(features)[:, 0]).reshape(-1, len(known), self.keys, self.voice.embedding_dim)
        lasts = before.cpu().numpy().reshape(-1, len(known), self.voices)
        weights, order = self._weights(), np.array(self.order)
        sung, forbidden = known[:, 0].cpu().numpy(), banned[:, 0].cpu().numpy()
        for row, one in enumerate(each(choice, len(known))):
            heard = live.Heard(listened[:, row].copy(), lasts[:, row].copy(), forbidden[row], order)
            heat = float(one.temperature), float(one.top_p)
            yield live.draw(heard, weights, sung[row], self.strict, *heat, uniform(self.voices, one))

    def _weights(self) -> live.Weights:
        return live.Weights(
            array(self.voice.weight), array(self.intervals.weight), by_input(self.deeper), array(self.deeper.bias),
            array(self.out.weight), array(self.out.bias), array(self.rest.weight), array(self.rest.bias),
            shares(self.blend),
        )  # fmt: skip
