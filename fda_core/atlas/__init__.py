"""The atlas: recorded runs over the settings that decide who needs fewer bytes, and what they come to."""
