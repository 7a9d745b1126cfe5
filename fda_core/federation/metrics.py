"""Measures of a test set besides loss and accuracy."""

import numpy as np


def matthews(answers: np.ndarray, labels: np.ndarray) -> float:
    """Matthews' correlation of two lists of labels, -1…1, for any number of labels; 0 where one of them is constant.

    GLUE's measure for CoLA. The form for several labels is Gorodkin's (2004), as in scikit-learn, for which ten lines
    are not worth a dependency.
    """
    kinds = 1 + max(answers.max(), labels.max())
    table = np.bincount(labels * kinds + answers, minlength=kinds * kinds).reshape(kinds, kinds).astype(float)
    said, true, count = table.sum(axis=0), table.sum(axis=1), table.sum()
    spread = (count**2 - said @ said) * (count**2 - true @ true)
    return float((np.trace(table) * count - said @ true) / np.sqrt(spread)) if spread > 0 else 0.0
