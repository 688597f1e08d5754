"""A score as a picture: the piano roll, a colour for each track."""

from __future__ import annotations

from xml.sax.saxutils import escape

from music.midifile import Score
from music.pitch import pitch_name

COLOURS = ("#e4572e", "#2e86ab", "#4c956c", "#f0a202", "#8e5aa8", "#5f6f7a", "#c2185b", "#00838f")
"""By track, the first stands out: it is the melody. Further tracks begin anew."""
BEAT_PX = 26
PITCH_PX = 6
EDGE_PX = 34
LINE_PX = 22


def svg(score: Score, from_beat: float = 0, beats: float | None = None) -> str:
    """The roll as SVG, from a beat on, for some beats or to its end. Louder notes are more opaque."""
    unit = score.ticks_per_beat
    last = score.end_tick / unit
    until = min(last, from_beat + beats) if beats else last
    tracks = [track for track in score.tracks if track.notes.size and not track.drum]
    pitches = [int(pitch) for track in tracks for pitch in track.notes["pitch"]] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    width = EDGE_PX + round((until - from_beat) * BEAT_PX) + 8
    height = (high - low + 1) * PITCH_PX + 2 * LINE_PX
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<style>text { font: 10px sans-serif }</style>",
        f'<rect width="{width}" height="{height}" fill="#fbfaf7"/>',
    ]
    for pitch in range(low, high + 1):
        top = LINE_PX + (high - pitch) * PITCH_PX
        if pitch % 12 in (1, 3, 6, 8, 10):
            out.append(f'<rect x="{EDGE_PX}" y="{top}" width="{width - EDGE_PX}" height="{PITCH_PX}" fill="#f0eee8"/>')
        if pitch % 12 == 0:
            out.append(f'<text x="4" y="{top + PITCH_PX + 2}" fill="#777">{pitch_name(pitch)}</text>')
    out += _bars(score, from_beat, until, height)
    for number, track in enumerate(tracks):
        colour = COLOURS[number % len(COLOURS)]
        for onset, length, pitch, velocity in track.notes.tolist():
            start, end = max(onset / unit, from_beat), min((onset + length) / unit, until)
            if end > start:
                x, y = EDGE_PX + (start - from_beat) * BEAT_PX, LINE_PX + (high - pitch) * PITCH_PX
                out.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, (end - start) * BEAT_PX - 1):.1f}" '
                    f'height="{PITCH_PX - 1}" rx="1.5" fill="{colour}" fill-opacity="{0.45 + velocity / 230:.2f}"/>'
                )
        name = escape(track.name or f"track {number + 1}")
        out.append(f'<text x="{EDGE_PX + number * 110}" y="{height - 7}" fill="{colour}">&#9632; {name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _bars(score: Score, from_beat: float, until: float, height: int) -> list[str]:
    """A line and a number at each bar."""
    meters = [(meter.tick / score.ticks_per_beat, 4 * meter.numerator / meter.denominator) for meter in score.meters]
    meters = meters if meters and meters[0][0] == 0 else [(0.0, 4.0), *meters]
    lines = []
    number = 1
    for (start, length), (end, _) in zip(meters, [*meters[1:], (until + 1, 0.0)], strict=True):
        beat = start
        while beat < min(end, until) - 1e-6:
            if beat >= from_beat:
                x = EDGE_PX + (beat - from_beat) * BEAT_PX
                lines.append(f'<path d="M{x:.1f} {LINE_PX - 6}V{height - LINE_PX}" stroke="#ccc" stroke-width="1"/>')
                lines.append(f'<text x="{x + 2:.1f}" y="{LINE_PX - 8}" fill="#999">{number}</text>')
            beat += length
            number += 1
    return lines
