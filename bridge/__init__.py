"""The live daemon (three processes: port, brain, control), its command line and the headless render."""
