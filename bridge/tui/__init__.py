"""The screen: an OSC client like any surface. It knows the address table, and nothing of engine, models or ports."""
