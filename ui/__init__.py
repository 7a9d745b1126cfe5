"""View helpers: text, charts, controls. Nothing here trains or computes the method."""
