"""The process that owns MIDI: ports, thru, the schedule of due events, the ledger of sounding notes."""
