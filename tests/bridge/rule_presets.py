"""The presets that play without weights: those the tests of the engine go through."""

from bridge import players, presets

RULE_PRESETS = [name for name in presets.names() if presets.load(name)["player"]["model"] == players.RULES]
