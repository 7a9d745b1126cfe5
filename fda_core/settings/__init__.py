"""What a run is asked to be: one validated configuration, its spellings, its presets, the names of models and tasks."""
