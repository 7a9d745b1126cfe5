"""Encoders and the two ways to train them: the plain one and the cohort one, equal in their results."""
