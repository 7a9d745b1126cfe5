"""What the events of a run come to: summaries, curves, bands, effects, comparisons, one round, timeline, replay."""
