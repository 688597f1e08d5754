"""A chord as pitch classes, drawn one after the other from the bass up until the rest is certainly silent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.live import chord as live
from models.blocks.live.chord import BASS, SOUNDS
from models.blocks.live.consensus import consensus
from models.blocks.live.picking import Bools, Floats, Ints, abreast, array, by_input, shares, uniform
from models.blocks.live.vocabulary import names
from models.blocks.tied import OCTAVE, Surroundings
from models.frames import Choice, Choices, each

NEVER = float("-inf")
BASSES = 3
"""The likeliest ones, over which chords are looked at where nothing is left to chance."""


class SoundsOrSilent(nn.Module):
    """24 outcomes a draw: 12 "this pitch class sounds" and 12 "from this one on, all are certainly silent".

    The first draw is the bass (or: nothing sounds); every further one is a pitch class higher up the circle from the
    bass, everything between being silent, or the end. Each chord has just one such sequence, so its likelihood is
    exact. What the 12 classes share is turned with them: the chord of a transposed melody is the transposed chord.
    """

    offsets: Tensor

    def __init__(self, width: int, *, channels: int = 64, blend: float = 0.0) -> None:
        super().__init__()
        self.blend = blend
        self.features = nn.Linear(width, channels)
        self.decided = Surroundings(3, channels, keys=OCTAVE, lowest=0, reach=6, circular=True)
        self.deeper = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, 2)
        classes = torch.arange(OCTAVE)
        self.register_buffer("offsets", (classes - classes[:, None]) % OCTAVE, persistent=False)  # (bass, class)

    def planes(self, target: Tensor) -> Tensor:
        """(..., 12) of 0 silent, 1 sounds, 2 sounds as the bass, as (..., 12, 2): sounds, is the bass."""
        return torch.stack((target > 0, target == BASS), -1).float()

    def logits(self, context: Tensor, chord: Tensor, last: Tensor) -> Tensor:
        """The 24 outcomes after a chord so far (N, 12), its newest class `last` (N,), -1 before the bass: (N, 24)."""
        newest = functional.one_hot(last.clamp(min=0), OCTAVE) * (last >= 0)[:, None]
        planes = torch.cat((self.planes(chord), newest[..., None]), -1).to(context.dtype)
        x = functional.relu(context + self.decided(planes))
        logits: Tensor = self.out(x + functional.relu(self.deeper(x)))  # (N, 12, 2)
        return logits.transpose(1, 2).flatten(1).masked_fill(~self._legal(chord, last), NEVER)

    def _legal(self, chord: Tensor, last: Tensor) -> Tensor:
        """Which of the 24 outcomes may follow."""
        none = (last < 0)[:, None]
        offset = self.offsets[(chord == BASS).long().argmax(-1)]  # (N, 12): of each class above the bass
        reached = offset.gather(1, last.clamp(min=0)[:, None])
        silent = (offset == reached + 1) | none
        return torch.cat(((offset > reached) | none, silent), -1)

    def nll(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:  # noqa: ARG002 - the features know it
        """(batch, frame) nats, exact."""
        context, flat = self.features(features).flatten(0, 1), target.flatten(0, 1)
        bass = (flat == BASS).long().argmax(-1)
        sounds = flat > 0
        turned = sounds.gather(1, (bass[:, None] + torch.arange(OCTAVE, device=flat.device)) % OCTAVE)
        chord, last = torch.zeros_like(flat), torch.full_like(bass, -1)
        nats = torch.zeros(len(flat), device=flat.device)
        open_ = torch.ones(len(flat), dtype=torch.bool, device=flat.device)
        for offset in range(OCTAVE):
            # at each turn: the chords that have a further class there, and those that end before it
            here = open_ & (turned[:, offset] | ~turned[:, offset:].any(-1))
            rows = here.nonzero()[:, 0]
            if not len(rows):
                continue
            logits = self.logits(context[rows], chord[rows], last[rows]).log_softmax(-1)
            goes_on = turned[rows, offset]
            next_class = (bass[rows] + offset) % OCTAVE
            end = logits[:, OCTAVE:].logsumexp(-1)
            step = torch.where(goes_on, logits.gather(1, next_class[:, None])[:, 0], end)
            nats = nats.index_add(0, rows, -step)
            chord[rows[goes_on], next_class[goes_on]] = SOUNDS if offset else BASS
            last[rows[goes_on]] = next_class[goes_on]
            open_[rows[~goes_on]] = False
        return nats.view(target.shape[:2])

    def sketch(self, features: Tensor, target: Tensor, before: Tensor) -> Tensor:
        """Frames as they would be drawn, all at once."""
        frames = target.shape[0] * target.shape[1]
        free = torch.full((frames, 1, OCTAVE), -1, device=target.device)
        banned = torch.zeros(frames, 1, OCTAVE + 1, dtype=torch.bool, device=target.device)
        return self.draw(features.flatten(0, 1)[:, None], before, free, banned, Choice()).view(target.shape)

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choices) -> Tensor:
        """The open frame, long (batch, 1, 12); the arguments are those of `draws`."""
        return abreast(self.draws(features, before, known, banned, choice), features.device)

    def draws(
        self,
        features: Tensor,
        before: Tensor,  # noqa: ARG002
        known: Tensor,
        banned: Tensor,
        choice: Choices,
    ) -> Iterator[Ints]:
        """The open frame of each piece as soon as it is decided, (12,).

        A known class (1) is not passed over, a banned one does not sound. `banned` is bool (batch, 1, 13): the classes,
        then silence altogether.
        """
        rows, weights = len(known), self._weights()
        listened = array(self.features(features)[:, 0]).reshape(-1, rows, *self._shape)
        certain, forbidden = known[:, 0].cpu().numpy() > 0, banned[:, 0].cpu().numpy()
        for row, one in enumerate(each(choice, rows)):
            heard = live.Heard(listened[:, row].copy(), certain[row], forbidden[row])
            named = self._named(heard, weights) if one.temperature <= 0 else None
            if named is None:
                heat = float(one.temperature), float(one.top_p)
                named = live.draw(heard, weights, *heat, uniform(OCTAVE, one))
            yield named

    @property
    def _shape(self) -> tuple[int, int]:
        return OCTAVE, self.deeper.in_features

    def _weights(self) -> live.Weights:
        return live.Weights(
            by_input(self.decided.near), array(self.decided.near.bias), by_input(self.deeper), array(self.deeper.bias),
            array(self.out.weight), array(self.out.bias), shares(self.blend),
        )  # fmt: skip

    def _named(self, heard: live.Heard, weights: live.Weights) -> Ints | None:
        """(12,): of all chords that have a name, over the likeliest basses, the one that agrees most with the others.

        None where none of them is allowed.
        """
        nats, masks, bass = self.looked_at(heard, weights)
        wanted, never = _mask(heard.known), _mask(heard.banned[:OCTAVE])
        nats[(masks & never != 0) | (masks & wanted != wanted)] = NEVER
        if nats.max() == NEVER:
            return None
        best = consensus(masks.ravel(), nats.ravel())
        chosen: Ints = masks.ravel()[best] >> np.arange(OCTAVE) & 1
        chosen[bass[best // masks.shape[1]]] = BASS
        return chosen

    def looked_at(self, heard: live.Heard, weights: live.Weights) -> tuple[Floats, Ints, Ints]:
        """Chords with a name over the likeliest basses: log-probabilities, pitch classes as bits, basses.

        (bass, chord), (bass, chord), (bass,). Exact but for what is known and banned, which counts in the bass only.
        """
        named = names(self.decided.reach)
        bass, first = live.basses(heard, weights, BASSES)
        x = torch.from_numpy(live.places(heard.context, weights, named, bass)).to(self.out.weight)
        # piece by piece: those of eight together fall out of the processor's cache, and take a third longer (measured)
        logits = array(self.out(functional.relu(self.deeper(x), inplace=True).add_(x)))
        return *live.looked_at(logits, weights, named, bass, first), bass


def _mask(classes: Bools) -> int:
    return sum(1 << tone for tone, sounds in enumerate(classes) if sounds)
