"""What is on its way round a loop: each message sent comes back once, in order within its stream. Pure bookkeeping."""

from __future__ import annotations

from collections import deque

from bridge.port.notes import is_onset, is_release
from music.wire import CONTROL, NOTE_OFF, NOTE_ON

SLACK_NS = 10_000_000
"""How much later than expected an echo may come, beside half the loop's delay: a host passes messages on in blocks."""
EARLY_NS = 5_000_000
"""How much earlier than expected an onset may come back, beside a quarter of the delay."""
STREAM_LIMIT = 4096


class Echoes:
    """Messages that have been sent into a loop and have not come back yet.

    A note's onsets and releases are one stream, and only the oldest of a stream can come back: where a real note is
    taken for the echo of an equal one, the echo passes in its place, and the release goes the way of its onset. So
    however a player and the echo of what he played fall together, what has passed ends.
    """

    def __init__(self) -> None:
        self._streams: dict[int, deque[tuple[int, bytes]]] = {}

    def clear(self) -> None:
        """Expect nothing."""
        self._streams.clear()

    def sent(self, data: bytes, time_ns: int, loop_ns: int) -> None:
        """Expect a message back."""
        stream = self._streams.setdefault(stream_of(data), deque(maxlen=STREAM_LIMIT))
        _expire(stream, time_ns, loop_ns)
        stream.append((time_ns, data))

    def comes(self, data: bytes, time_ns: int, loop_ns: int) -> bool:
        """Whether what arrives is an echo; it is not expected any more then."""
        stream = self._streams.get(stream_of(data))
        if not stream:
            return False
        _expire(stream, time_ns, loop_ns)
        if data[0] & 0xE0 == NOTE_OFF:  # either kind of note message
            early = is_onset(data) and stream and time_ns - stream[0][0] < loop_ns * 3 // 4 - EARLY_NS
            if not stream or stream[0][1] != data or early:
                return False
            stream.popleft()
            return True
        while any(expected == data for _, expected in stream):  # of what is no note, some may be lost
            if stream.popleft()[1] == data:
                return True
        return False


def stream_of(data: bytes) -> int:
    """What a message belongs to: the note, the controller, the channel's bend ..."""
    kind = data[0] & 0xF0
    if kind in (NOTE_OFF, NOTE_ON):
        return (NOTE_ON | data[0] & 0x0F) << 7 | data[1]
    return data[0] << 7 | (data[1] if kind in (0xA0, CONTROL) else 0)


def _expire(stream: deque[tuple[int, bytes]], now_ns: int, loop_ns: int) -> None:
    """Drop what does not come back any more; a lost onset takes its release with it, or that would seem real."""
    oldest_ns = now_ns - loop_ns * 3 // 2 - SLACK_NS
    while stream and stream[0][0] < oldest_ns:
        _, data = stream.popleft()
        if is_onset(data) and stream and is_release(stream[0][1]):
            stream.popleft()
