"""The process that decides: musical state, time, effects and players."""
