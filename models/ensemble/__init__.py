"""A model that decides what an ensemble sounds at an event: every slot of it, given what is played and what was."""
