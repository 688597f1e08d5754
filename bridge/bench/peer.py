"""The nearest peer's way to several voices, to be timed beside ours: a large recurrent model, one voice after another.

It stands for the co-improviser Notochord (Shepardson, Armitage and Magnusson, "Notochord: a Flexible Probabilistic
Model for Real-Time MIDI Performance", AIMC 2022): each event is fed through a GRU, and of the next one pitch, time and
velocity are drawn in turn, each knowing those before it. Of its size (two layers of 1024, 17.7 million parameters) and
with random weights: only its time means anything. Written anew from that description.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import torch
from torch import Tensor, nn

WIDTH = 1024
LAYERS = 2
PITCHES = 128
INSTRUMENTS = 128
PLACES = 4
"""Instrument, pitch, time and velocity: what an event is made of."""
MIXTURE = 32
"""Logistic distributions that time and velocity are drawn from, each with weight, place and width."""
WAVES = 96
"""Sines that a number is embedded by."""
WARM = 20
"""The first calls are not counted."""


class Peer(nn.Module):
    """An event model whose voices come one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.instrument = nn.Embedding(INSTRUMENTS, WIDTH)
        self.pitch = nn.Embedding(PITCHES, WIDTH)
        self.time, self.velocity = nn.Linear(WAVES, WIDTH), nn.Linear(WAVES, WIDTH)
        self.gru = nn.GRU(WIDTH, WIDTH, LAYERS, batch_first=True)
        self.hidden = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(PLACES))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, out) for out in (INSTRUMENTS, PITCHES, 3 * MIXTURE, 3 * MIXTURE))
        self.register_buffer("waves", 2.0 ** torch.linspace(-4, 4, WAVES))

    @property
    def parameter_count(self) -> int:
        """How many numbers it would have learned."""
        return sum(value.numel() for value in self.parameters())

    def start(self) -> Tensor:
        """The state before anything was heard, (layer, batch, width)."""
        return torch.zeros(LAYERS, 1, WIDTH)

    def feed(self, event: tuple[int, int, float, float], state: Tensor) -> Tensor:
        """The state after an event: instrument, pitch, seconds since the last one, velocity."""
        instrument, pitch, seconds, velocity = event
        embedded = self._name(self.instrument, instrument) + self._name(self.pitch, pitch)
        embedded = embedded + self._number(self.time, seconds) + self._number(self.velocity, velocity)
        after: Tensor = self.gru(embedded[None, None], state)[1]
        return after

    def sample(self, state: Tensor, instrument: int) -> tuple[int, int, float, float]:
        """Draw the next event of an instrument: pitch, then time, then velocity."""
        known = state[-1, 0] + self._name(self.instrument, instrument)  # (W,)
        pitch = int(torch.multinomial(self._head(1, known).softmax(-1), 1))
        known = known + self._name(self.pitch, pitch)
        seconds = self._draw(2, known)
        known = known + self._number(self.time, seconds)
        return instrument, pitch, seconds, self._draw(3, known)

    def _name(self, table: nn.Embedding, number: int) -> Tensor:
        return table.weight[number]

    def _number(self, project: nn.Linear, value: float) -> Tensor:
        embedded: Tensor = project(torch.sin(self.get_buffer("waves") * value))
        return embedded

    def _head(self, place: int, known: Tensor) -> Tensor:
        out: Tensor = self.heads[place](torch.relu(self.hidden[place](known)))
        return out

    def _draw(self, place: int, known: Tensor) -> float:
        """A number from a mixture of logistic distributions."""
        weights, places, widths = self._head(place, known).view(3, MIXTURE)
        chosen = torch.multinomial(weights.softmax(-1), 1)
        chance = torch.rand(1).clamp(1e-4, 1 - 1e-4)
        return float(places[chosen] + nn.functional.softplus(widths[chosen]) * torch.logit(chance))


@torch.inference_mode()
def times_ms(voices: int, notes: Iterable[int]) -> list[float]:
    """Milliseconds from each note to the last of its voices, one thread: it is fed, a voice drawn, that one fed, ..."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    peer = Peer().eval()
    state = peer.start()
    taken: list[float] = []
    for number in notes:
        start = time.perf_counter_ns()
        event = (1, 60 + number % 24, 0.25, 80.0)
        for voice in range(voices):
            state = peer.feed(event, state)
            event = peer.sample(state, 2 + voice)
        if number >= WARM:
            taken.append((time.perf_counter_ns() - start) / 1e6)
        state = peer.feed(event, state)  # for the next note; nobody waits for it
    return taken
