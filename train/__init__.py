"""How players learn (scripts; never imported by the daemon)."""
