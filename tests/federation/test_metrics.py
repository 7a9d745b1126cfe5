"""Matthews' correlation against hand cases."""

import math

import numpy as np
import pytest

from fda_core.federation.metrics import matthews


def lists(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Answers and labels that have a table, a row for each label."""
    cells = [(answer, label) for label, row in enumerate(table) for answer, n in enumerate(row) for _ in range(n)]
    return tuple(np.array(cells).T)


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ([[5, 0], [0, 7]], 1),
        ([[0, 5], [7, 0]], -1),
        ([[5, 5], [5, 5]], 0),
        ([[10, 0], [3, 0]], 0),  # one answer to everything
        # (TP·TN - FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))
        ([[90, 10], [20, 80]], (80 * 90 - 10 * 20) / math.sqrt(90 * 100 * 100 * 110)),
        ([[3, 0, 0], [0, 4, 0], [0, 0, 5]], 1),
        # c = 6, s = 9, by answers 4, 3, 2, by labels 3, 3, 3: (54 - 27) / √((81 - 29)(81 - 27))
        ([[2, 1, 0], [1, 2, 0], [1, 0, 2]], 27 / math.sqrt(52 * 54)),
    ],
    ids=["all right", "all wrong", "chance", "constant", "two labels", "three labels, all right", "three labels"],
)
def test_the_formula(table, value):
    assert matthews(*lists(table)) == pytest.approx(value)
