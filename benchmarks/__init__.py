"""Commands that measure: speed, memory, and the search for the presets' values."""
