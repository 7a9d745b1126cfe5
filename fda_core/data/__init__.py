"""Datasets, their division among clients, and the order of their batches."""
