"""Pieces note by note, as `music.tokens` writes them: what "continue" learns from."""
