"""The To production page."""
