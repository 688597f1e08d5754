"""What is doubled beyond the choirs: the melody in unison and at the octave, the bass below itself.

After Adler, The Study of Orchestration (on tutti and doubling): flute and piccolo an octave above a melody, contrabass
an octave below the cello, timpani with the bass and only where it is struck.
"""

from __future__ import annotations

from numba import njit

from models.rules.choirs import (
    ACTIVE,
    CLARINET,
    CONTRABASS,
    EASE,
    FLUTE,
    LOAD,
    OBOE,
    OCTAVE,
    PICCOLO,
    PITCHES,
    TIMPANI,
    VIOLIN_2,
    Bools,
    Ints,
    Manner,
    Stage,
    give,
    unease,
)


@njit
def keep_octaves(stage: Stage, keys: Ints, were_keys: Bools) -> None:
    """Let doublings of melody and bass at the octave go on as long as their keys are held.

    What was a key itself was played for its own sake, and ends with it.
    """
    last = len(keys) - 1
    for key, shift in ((0, 2 * OCTAVE), (0, OCTAVE), (0, -OCTAVE), (last, OCTAVE), (last, -OCTAVE)):
        pitch = keys[key, 0] + shift
        if keys[key, 1] or not 0 <= pitch < PITCHES or were_keys[pitch]:
            continue
        for section in range(len(stage.bench)):
            if stage.had[section, pitch]:
                give(stage, section, pitch, key)
    for stroke in range(keys[last, 0] % OCTAVE, PITCHES, OCTAVE):
        if not keys[last, 1] and stage.had[TIMPANI, stroke]:
            give(stage, TIMPANI, stroke, last)


@njit
def _comes_in(stage: Stage, section: int, keys: Ints, key: int) -> bool:
    """Whether a section may begin to double a key."""
    return bool(stage.bench[section, ACTIVE] > 0 and keys[key, 1] > 0)


@njit
def _double_melody(stage: Stage, keys: Ints, manner: Manner) -> None:
    """Unisons and octaves of the winds and of the second violins with the melody."""
    melody = keys[0, 0]
    if manner.unison:
        for section in (FLUTE, OBOE, CLARINET):
            if _comes_in(stage, section, keys, 0) and unease(melody, section) == 0:
                give(stage, section, melody, 0)
    if manner.above:
        octave = melody + OCTAVE
        if not manner.high and _comes_in(stage, FLUTE, keys, 0) and unease(octave, FLUTE) == 0:
            give(stage, FLUTE, octave, 0)
        high = octave if octave >= EASE[PICCOLO, 0] - 3 else octave + OCTAVE
        if _comes_in(stage, PICCOLO, keys, 0) and unease(high, PICCOLO) <= 3:
            give(stage, PICCOLO, high, 0)
    if manner.below and len(keys) > 1 and melody - OCTAVE > keys[-1, 0]:
        for section in (VIOLIN_2, CLARINET):
            if stage.bench[section, LOAD] == 0 and _comes_in(stage, section, keys, 0):
                give(stage, section, melody - OCTAVE, 0)


@njit
def _double_bass(stage: Stage, keys: Ints, manner: Manner) -> None:
    """The contrabass under the cello, at the octave where that is wanted and possible; the timpani with a stroke."""
    last = len(keys) - 1
    bass, struck = keys[last, 0], keys[last, 1] > 0
    if stage.bench[CONTRABASS, LOAD] == 0 and _comes_in(stage, CONTRABASS, keys, last):
        for shift in (-OCTAVE if manner.bass else 0, 0, OCTAVE):
            if give(stage, CONTRABASS, bass + shift, last):
                break
    if struck and stage.bench[TIMPANI, ACTIVE]:
        stroke = EASE[TIMPANI, 0] + (bass - EASE[TIMPANI, 0]) % OCTAVE
        for shift in (0, OCTAVE, -OCTAVE):
            if give(stage, TIMPANI, stroke + shift, last):
                break


@njit
def double(stage: Stage, keys: Ints, manner: Manner) -> None:
    """What is doubled beyond the choirs: the melody, and a bass that is one."""
    if manner.melody:
        _double_melody(stage, keys, manner)
    if manner.deep and (len(keys) > 1 or not manner.melody):
        _double_bass(stage, keys, manner)
