"""What a note is: events, their bytes, musical time, rolls, keys and MIDI files. No torch, no threads, no sockets."""
