"""The computer's keyboard as a piano: two rows of letters, an octave apart. A terminal tells of no key that goes up."""

from __future__ import annotations

LOWER = dict(zip("zsxdcvgbhnjm,l.;/", range(17), strict=True))
UPPER = dict(zip("q2w3er5t6y7ui9o0p", range(12, 29), strict=True))
SEMITONES = LOWER | UPPER
"""The semitones of each key above the lowest, as a piano's keys lie."""
LENGTH_S = 0.4
REPEAT_S = 0.09
"""A key that comes again so soon is held: a hand does not strike so fast."""
LOWEST_OCTAVE, HIGHEST_OCTAVE = 1, 6
SOFTER, LOUDER = 15, 127
TOUCH_STEP = 16

Stroke = tuple[int, int]
"""Pitch and velocity; velocity 0: it goes up."""


class Piano:
    """Which keys are down, and for how long. No clock: the time is handed to it."""

    def __init__(self) -> None:
        self.on = False
        self.octave = 3
        self.touch = 95
        self._until_s: dict[int, float] = {}
        self._struck_s: dict[int, float] = {}

    @property
    def text(self) -> str:
        """How it is played."""
        low = f"C{self.octave}"
        return f"Z row from {low}, Q row from C{self.octave + 1}   [ ] octave   - = touch {self.touch}   k or Esc ends"

    def press(self, character: str, now_s: float) -> list[Stroke]:
        """What a key does to the notes."""
        semitones = SEMITONES.get(character.lower())
        if semitones is None:
            return []
        pitch = 12 * (self.octave + 1) + semitones
        held = pitch in self._until_s and now_s - self._struck_s[pitch] < REPEAT_S
        self._until_s[pitch] = now_s + (2 * REPEAT_S if held else LENGTH_S)
        self._struck_s[pitch] = now_s
        return [] if held else [(pitch, self.touch)]

    def due(self, now_s: float) -> list[Stroke]:
        """What has sounded for long enough."""
        ended = [pitch for pitch, until_s in self._until_s.items() if until_s <= now_s]
        for pitch in ended:
            del self._until_s[pitch]
        return [(pitch, 0) for pitch in ended]

    def lift(self) -> list[Stroke]:
        """Let go of everything."""
        return self.due(float("inf"))

    def shift(self, octaves: int) -> None:
        """Play higher or lower."""
        self.octave = min(max(self.octave + octaves, LOWEST_OCTAVE), HIGHEST_OCTAVE)

    def press_harder(self, steps: int) -> None:
        """Play louder or softer."""
        self.touch = min(max(self.touch + steps * TOUCH_STEP, SOFTER), LOUDER)
