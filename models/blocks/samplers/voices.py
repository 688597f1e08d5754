"""Voice by voice, each knowing what was decided before it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.samplers.consensus import consensus, widened
from models.frames import Choice, blended
from models.losses import OCTAVE, LossName, Softness, distance_cross_entropy, soft_cross_entropy

FIFTH = 7
NEVER = float("-inf")


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

    def logits(
        self, context: Tensor, voice: int, target: Tensor, before: Tensor, among: Tensor | None = None
    ) -> Tensor:
        """(N, key, channels), the voices decided so far and the frame before, (N, voice), to (N, key + 1).

        Where only some keys are possible, `among`, the others and the rest are left at -inf, which saves time.
        """
        steps = self.steps
        if among is not None:
            context, steps = context[:, among], steps[:, among]
        others = self._decided(voice)
        seen = torch.cat((before[:, voice, None], target[:, others]), 1)  # its own last key, those of the others
        rows = self.intervals(self.get_buffer(f"first_{voice}")[:, None] + steps[seen])  # (N, other, key, channels)
        x = functional.relu(context + self.voice.weight[voice] + rows.sum(1))
        x = x + functional.relu(self.deeper(x))
        keys = x @ self.out.weight[voice] + self.out.bias[voice]
        if among is not None:
            return keys.new_full((len(keys), self.keys + 1), NEVER).index_copy(1, among, keys)
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

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:
        """The open frame, long (batch, 1, voice).

        Args:
            features: (batch, 1, key, width).
            before: the frame before, (batch, 1, voice).
            known: keys, -1 where the voice is free.
            banned: bool (batch, 1, voice, key + 1), the rest last.
            choice: how each voice is taken.
        """
        context, last = self.features(features)[:, 0], before[:, 0]
        if choice.temperature <= 0:
            return self._considered(context, last, known[:, 0], banned[:, 0])[:, None]
        frame = known[:, 0].clone()
        for voice in self._free(frame):
            logits = self._outcomes(context, voice, frame, last, banned[:, 0, voice])
            frame[:, voice] = torch.where(known[:, 0, voice] >= 0, frame[:, voice], choice.pick(logits))
        return frame[:, None]

    def _free(self, known: Tensor) -> list[int]:
        """The voices that are to be decided, in their order."""
        return [voice for voice in self.order if not bool((known[:, voice] >= 0).all())]

    def _outcomes(self, context: Tensor, voice: int, frame: Tensor, before: Tensor, banned: Tensor) -> Tensor:
        """(N, key + 1) logits of a voice; what is forbidden has none. Context and the frame before of each listener."""
        decided = frame.clamp(min=0).repeat(len(context) // len(frame), 1)
        possible = ~banned.all(0)  # (K + 1,)
        among = None if bool(possible[-1]) else possible[:-1].nonzero()[:, 0]
        logits = blended(self.logits(context, voice, decided, before, among), len(frame), self.blend)
        if self.strict:
            stricter = banned | self._faulty(voice, frame, before[: len(frame)])
            banned = torch.where(stricter.all(-1, keepdim=True), banned, stricter)
        return logits.masked_fill(banned, NEVER)

    def _considered(self, context: Tensor, before: Tensor, known: Tensor, banned: Tensor) -> Tensor:
        """(N, voice): of the likeliest frames the one that agrees most with them."""
        rows, listeners = len(known), len(context) // len(known)
        frames, nats = known[:, None], torch.zeros(rows, 1, device=known.device)  # (N, beam, V), (N, beam)
        for voice in self._free(known):
            width = frames.shape[1]
            contexts = context.view(listeners, rows, 1, *context.shape[1:]).expand(-1, -1, width, -1, -1).flatten(0, 2)
            lasts = before.view(listeners, rows, 1, -1).expand(-1, -1, width, -1).flatten(0, 2)
            forbidden = banned[:, None, voice].expand(-1, width, -1).flatten(0, 1)
            logits = self._outcomes(contexts, voice, frames.flatten(0, 1), lasts, forbidden)
            if not bool(torch.isfinite(logits.amax(-1)).all()):
                raise ValueError("no outcome is possible")
            nats, parent, picked = widened(nats, logits.log_softmax(-1).view(rows, width, -1))
            frames = frames.gather(1, parent[..., None].expand(-1, -1, self.voices)).clone()
            frames[..., voice] = torch.where(known[:, None, voice] >= 0, known[:, None, voice], picked)
        classes = functional.one_hot(torch.where(frames == self.keys, OCTAVE, frames % OCTAVE), OCTAVE + 1).amax(2)
        best = consensus(classes[..., :OCTAVE], nats)
        return frames[torch.arange(rows, device=frames.device), best]

    def _faulty(self, voice: int, frame: Tensor, before: Tensor) -> Tensor:
        """Keys, (N, key + 1), with which a voice would cross one already decided, or follow it in fifths or octaves."""
        found = torch.zeros(len(frame), self.keys + 1, dtype=torch.bool, device=frame.device)
        others = self._decided(voice)
        if not others:
            return found
        keys, last = self.steps[0] - self.keys + 1, before[:, voice, None, None]  # (K,), (N, 1, 1)
        was, now = before[:, others, None], frame[:, others, None]  # (N, other, 1)
        above = [1 if other < voice else -1 for other in others]  # voices are numbered from the top
        up = torch.tensor(above, device=frame.device)[:, None]
        interval = up * (was - last) % OCTAVE
        together = (now != was) & (keys != last) & ((now > was) == (keys > last))
        perfect = ((interval == 0) | (interval == FIFTH)) & (was < self.keys) & (last < self.keys)
        parallel = together & perfect & (up * (now - keys) % OCTAVE == interval)
        found[:, : self.keys] = ((now < self.keys) & (parallel | (up * keys > up * now))).any(1)
        return found
