"""The sidebar's settings: an experiment, its model, its data."""
