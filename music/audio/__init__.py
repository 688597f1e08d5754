"""Sound that becomes notes: arrays in, events out; no devices."""
