"""A chord as pitch classes, drawn one after the other from the bass up until the rest is certainly silent."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.live import chord as live
from models.blocks.live.consensus import consensus
from models.blocks.live.picking import Floats, Ints, array, by_input, shares
from models.blocks.live.vocabulary import names
from models.blocks.tied import OCTAVE, Surroundings
from models.frames import Choice, blended

SOUNDS, BASS = 1, 2
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

    def draw(self, features: Tensor, before: Tensor, known: Tensor, banned: Tensor, choice: Choice) -> Tensor:  # noqa: ARG002
        """The open frame, long (batch, 1, 12); a known class (1) is not passed over, a banned one does not sound.

        `banned` is bool (batch, 1, 13): the classes, then silence altogether.
        """
        context = self.features(features)[:, 0]
        known, banned = known[:, 0], banned[:, 0]
        if choice.temperature <= 0:
            named = self._named(context, known, banned)
            if named is not None:
                return named[:, None]
        chord, last = torch.zeros_like(known), torch.full_like(known[:, 0], -1)
        open_ = torch.ones_like(last, dtype=torch.bool)
        while bool(open_.any()):
            logits = self._outcomes(context, chord, last, known, banned)
            picked = choice.pick(torch.where(open_[:, None], logits, 0.0))
            chord, last, open_ = self._grown(chord, last, open_, picked)
        return chord[:, None]

    def _outcomes(self, context: Tensor, chord: Tensor, last: Tensor, known: Tensor, banned: Tensor) -> Tensor:
        """(N, 24) logits; what is forbidden has none. The context of each listener."""
        listeners = len(context) // len(chord)
        logits = self.logits(context, chord.repeat(listeners, 1), last.repeat(listeners))
        logits = blended(logits, len(chord), self.blend)
        silence = (banned[:, OCTAVE] & (last < 0))[:, None].expand(-1, OCTAVE)
        forbidden = torch.cat((banned[:, :OCTAVE], silence), -1) | self._past_known(chord, last, known)
        return logits.masked_fill(forbidden, NEVER)

    def _grown(self, chord: Tensor, last: Tensor, open_: Tensor, picked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The chords one outcome later, their newest class, and whether they may go on."""
        goes_on = open_ & (picked < OCTAVE)
        rows = goes_on.nonzero()[:, 0]
        chord = chord.clone()
        chord[rows, picked[rows]] = torch.where(last[rows] < 0, BASS, SOUNDS)
        last = torch.where(goes_on, picked, last)
        full = (chord > 0).all(-1) | ~self._legal(chord, last).any(-1)
        return chord, last, goes_on & ~full

    def _named(self, context: Tensor, known: Tensor, banned: Tensor) -> Tensor | None:
        """(N, 12): of all chords that have a name, over the likeliest basses, the one that agrees most with the others.

        None where one of the rows allows none of them.
        """
        chosen = torch.zeros_like(known)
        for row in range(len(known)):
            nats, masks, bass = self.looked_at(context[row :: len(known)], banned[row])
            wanted, never = _mask(known[row] > 0), _mask(banned[row, :OCTAVE])
            nats[(masks & never != 0) | (masks & wanted != wanted)] = NEVER
            if nats.max() == NEVER:
                return None
            best = consensus(masks.ravel(), nats.ravel())
            mask = int(masks.flat[best])
            chosen[row] = torch.tensor([mask >> tone & 1 for tone in range(OCTAVE)])
            chosen[row, int(bass[best // masks.shape[1]])] = BASS
        return chosen

    def looked_at(self, context: Tensor, banned: Tensor) -> tuple[Floats, Ints, Ints]:
        """Chords with a name over the likeliest basses: log-probabilities, pitch classes as bits, basses.

        (bass, chord), (bass, chord), (bass,), of one moment as each listener hears it, (listener, 12, channel). Exact
        but for what is banned, (13,), which counts in the bass only.
        """
        weights = live.Weights(
            by_input(self.decided.near), array(self.decided.near.bias), by_input(self.deeper), array(self.deeper.bias),
            array(self.out.weight), array(self.out.bias), shares(self.blend),
        )  # fmt: skip
        heard, named = array(context), names(self.decided.reach)
        bass, first = live.basses(heard, weights, banned.cpu().numpy(), BASSES)
        x = torch.from_numpy(live.places(heard, weights, named, bass)).to(context)
        logits = array(self.out(x + functional.relu(self.deeper(x))))
        return *live.looked_at(logits, weights, named, bass, first), bass

    def _past_known(self, chord: Tensor, last: Tensor, known: Tensor) -> Tensor:
        """Outcomes that would leave a class silent of which it is known that it sounds."""
        must = (known > 0) & (chord == 0)
        offset = self.offsets[(chord == BASS).long().argmax(-1)]
        earliest = torch.where(must, offset, OCTAVE).amin(-1, keepdim=True)
        begun = (last >= 0)[:, None]
        return torch.cat(((offset > earliest) & begun, must.any(-1, keepdim=True).expand_as(offset)), -1)


def _mask(classes: Tensor) -> int:
    return sum(1 << tone for tone, sounds in enumerate(classes.tolist()) if sounds)
