"""The past of a piece as one vector per frame: three blocks with the same seam.

`forward` takes a whole piece, `start` and `step` one frame after the other, and both give the same.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.blocks.attention import RelativeAttention, State

Cell = Literal["rnn", "gru", "lstm"]


class Time(Protocol):
    """What a model asks of the block that remembers."""

    def __call__(self, frames: Tensor) -> Tensor:
        """(batch, frame, feature) to (batch, frame, width); no frame sees a later one."""
        ...

    def start(self, batch: int, device: torch.device | str = "cpu") -> State:
        """The state before the first frame."""
        ...

    def step(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """(batch, feature) to (batch, width) and the state after it."""
        ...


class Recurrent(nn.Module):
    """The past as the state of a recurrent network.

    Elman 1990; LSTM: Hochreiter and Schmidhuber 1997; GRU: Cho et al. 2014, arXiv:1406.1078.
    """

    def __init__(
        self, features: int, width: int, *, kind: Cell = "lstm", layers: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.kind, self.layers, self.width = kind, layers, width
        cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
        between = dropout if layers > 1 else 0.0
        self.cell: nn.RNNBase = cell(features, width, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frame, feature) to (batch, frame, width)."""
        out: Tensor = self.dropout(self.cell(frames)[0])
        return out

    def start(self, batch: int, device: torch.device | str = "cpu") -> State:
        """The hidden state of each layer, and the cells of an LSTM, (batch, layer, width)."""
        zero = torch.zeros(batch, self.layers, self.width, device=device, dtype=next(self.parameters()).dtype)
        return (zero, zero) if self.kind == "lstm" else (zero,)

    def step(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance one frame; gives what `forward` gives at that frame."""
        after = []
        for layer, weights in enumerate(self.cell.all_weights):
            # cell by cell: the fused kernel would pack its weights anew each time
            hidden = tuple(part[:, layer] for part in state)
            if self.kind == "lstm":
                hidden = torch.lstm_cell(frame, hidden, *weights)
            else:
                cell = torch.gru_cell if self.kind == "gru" else torch.rnn_tanh_cell
                hidden = (cell(frame, hidden[0], *weights),)
            after.append(hidden)
            frame = self.dropout(hidden[0])
        return frame, tuple(torch.stack(parts, 1) for parts in zip(*after, strict=True))


class CausalWindow(nn.Module):
    """The last `window` frames through dilated causal convolutions, and nothing older.

    WaveNet's doubling dilations (van den Oord et al. 2016, arXiv:1609.03499) in the residual layers of a temporal
    convolutional network (Bai et al. 2018, arXiv:1803.01271).
    """

    def __init__(self, features: int, width: int, *, layers: int = 5, kernel: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = width
        self.into = nn.Linear(features, width)
        self.past = [(kernel - 1) << i for i in range(layers)]
        self.layers = nn.ModuleList(nn.Conv1d(width, width, kernel, dilation=1 << i) for i in range(layers))
        self.dropout = nn.Dropout(dropout)

    @property
    def window(self) -> int:
        """How many frames the output depends on, its own included."""
        return 1 + sum(self.past)

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frame, feature) to (batch, frame, width)."""
        rows: Tensor = self.into(frames).transpose(1, 2)  # (B, W, T)
        for layer, past in zip(self.layers, self.past, strict=True):
            rows = self._layer(layer, functional.pad(rows, (past, 0)), rows)
        return rows.transpose(1, 2)

    def start(self, batch: int, device: torch.device | str = "cpu") -> State:
        """The frames that each layer still looks back on, (batch, width, past)."""
        dtype = self.into.weight.dtype
        return tuple(torch.zeros(batch, self.width, past, device=device, dtype=dtype) for past in self.past)

    def step(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance one frame; gives what `forward` gives at that frame.

        The ring is shifted and not written into, so that an earlier state stays what it was.
        """
        row, after = self.into(frame)[:, :, None], []  # (B, W, 1)
        for layer, past in zip(self.layers, state, strict=True):
            rows = torch.cat([past, row], 2)  # (B, W, past + 1)
            row = self._layer(layer, rows, row)
            after.append(rows[:, :, 1:])
        return row[:, :, 0], tuple(after)

    def _layer(self, layer: nn.Module, rows: Tensor, last: Tensor) -> Tensor:
        out: Tensor = last + self.dropout(functional.gelu(layer(rows)))
        return out


class HistoryAttention(nn.Module):
    """An LSTM that can look back on every state it ever had: what was played once is never out of reach.

    Attention over the past states of a recurrent network (Cheng et al. 2016, arXiv:1601.06733), relative to how long
    ago they were. With a `span`, only the last frames are kept; without one the cache grows with the piece.
    """

    def __init__(  # noqa: PLR0913 - each is a field of a config
        self, features: int, width: int, *, layers: int = 1, heads: int = 4, near: int = 256, span: int | None = None,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.width = width
        self.recurrent = Recurrent(features, width, kind="lstm", layers=layers, dropout=dropout)
        self.attention = RelativeAttention(width, heads=heads, near=near, span=span)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frame, feature) to (batch, frame, width)."""
        hidden = self.recurrent(frames)
        return self._together(hidden, self.attention(hidden))

    def start(self, batch: int, device: torch.device | str = "cpu") -> State:
        """The state of the LSTM (two tensors), then the cache of the attention (four)."""
        return *self.recurrent.start(batch, device), *self.attention.start(batch, device)

    def step(self, frame: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance one frame; gives what `forward` gives at that frame."""
        hidden, recurrent = self.recurrent.step(frame, state[:2])
        looked, cache = self.attention.step(hidden, state[2:])
        return self._together(hidden, looked), (*recurrent, *cache)

    def _together(self, hidden: Tensor, looked: Tensor) -> Tensor:
        out: Tensor = self.norm(hidden + self.dropout(looked))
        return out
