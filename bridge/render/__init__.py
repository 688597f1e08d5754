"""The live engine on files, with a manual clock and faster than real time."""
