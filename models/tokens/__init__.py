"""A decoder-only transformer over notes: `music.tokens` row by row, each with all its fields."""
