"""Complete states, melodies, weights with their cards, surfaces: data only."""
