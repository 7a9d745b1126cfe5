"""What a run is asked to be: one validated configuration, its spellings and presets, and what there is to name.

`methods.py` registers rules, monitors and optimisers, `fields.py` has one row a setting.
"""
