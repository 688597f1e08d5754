"""Who plays: the player protocol and the players. No ports, no OSC, no threads."""
