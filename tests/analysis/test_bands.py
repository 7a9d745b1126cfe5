"""Bands over seeds against hand-computed ones."""

import math

import numpy as np
import pytest

from fda_core.analysis.bands import POINTS, band


def test_the_band_of_three_curves_by_hand():
    found = band([([0, 2, 4], [1.0, 0.6, 0.4]), ([0, 2, 4], [1.0, 0.8, 0.2]), ([0, 4], [1.0, 0.6])])
    assert found.x.tolist() == [0, 2, 4]
    assert found.low.tolist() == pytest.approx([1.0, 0.6, 0.2])
    assert found.middle.tolist() == pytest.approx([1.0, 0.8, 0.4])  # the third is halfway between 1.0 and 0.6 at 2
    assert found.high.tolist() == pytest.approx([1.0, 0.8, 0.6])


def test_it_ends_with_the_shortest_curve_and_begins_with_the_last_to_begin():
    found = band([([0, 1, 2, 3], [4, 3, 2, 1]), ([1, 2], [0, 0])])
    assert found.x.tolist() == [1, 2]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_point_without_a_value_is_left_out(missing):
    found = band([([0, 1, 2], [1.0, missing, 3.0]), ([0, 1, 2], [1.0, 2.0, 3.0])])
    assert found.x.tolist() == [0, 1, 2] and found.middle.tolist() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("curves", [[], [([], [])], [([0, 1], [1, 1]), ([0, 1], [None, None])]])
def test_without_curves_the_band_is_empty(curves):
    assert [len(part) for part in band(curves)] == [0, 0, 0, 0]


def test_long_runs_are_thinned_and_keep_their_ends():
    x = np.arange(5000)
    found = band([(x, x * 1.0), (x, x * 2.0)])
    assert len(found.x) == POINTS and (found.x[0], found.x[-1]) == (0, 4999)
    assert np.allclose(found.middle, 1.5 * found.x)
