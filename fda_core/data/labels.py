"""Who has which labels, without loading a text: for pages that show a division before anything is trained on it."""

import numpy as np

from fda_core.data.partition import drawn
from fda_core.settings.config import ExperimentConfig

LABELS = ("rotten", "fresh")


def train_labels(count: int) -> np.ndarray:
    """[count] labels of the embedded training set, whose texts are taken from the labels in turn."""
    return np.arange(count) % len(LABELS)


def labels_per_client(config: ExperimentConfig) -> np.ndarray:
    """[clients, labels] examples of each label, as a run of this configuration divides them."""
    labels = train_labels(config.train_examples)
    return np.array([np.bincount(labels[own], minlength=len(LABELS)) for own in drawn(labels, config)])
