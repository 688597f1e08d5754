"""The process that listens to a microphone: what is sung into it becomes keys. No MIDI in here."""
