"""Players without weights: the fallback, the first sound and the baseline of every learned player."""
