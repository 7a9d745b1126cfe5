"""The method in formulas: rules that set Θ, monitors, sketch, server optimisers, bytes, network, and the events.

Nothing here knows a model or a data set.
"""
