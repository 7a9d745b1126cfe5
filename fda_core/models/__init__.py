"""Encoders, where they come from, what of them is trained, and what that takes."""
