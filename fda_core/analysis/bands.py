"""Curves of runs that differ in their seed, seen as one: the middle of them, and how far they lie apart."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Curve = tuple[Sequence[float], Sequence[float]]
POINTS = 400


class Band(NamedTuple):
    """Lowest, median and highest value of the curves at each `x`; all four [n]."""

    x: np.ndarray
    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray


def band(curves: Sequence[Curve]) -> Band:
    """The band of curves, each a pair of x (rising) and y; between two points a curve is a straight line.

    It ends with the shortest curve: further on, the middle would move because fewer are counted. Points that are not
    finite are left out; a curve without any leaves the band empty. At most `POINTS` points.
    """
    known = [_finite(*curve) for curve in curves]
    if not known or not all(len(x) for x, _ in known):
        return Band(*(np.empty(0),) * 4)
    first, last = max(x[0] for x, _ in known), min(x[-1] for x, _ in known)
    every = np.unique(np.concatenate([x for x, _ in known]))
    grid = every[(every >= first) & (every <= last)]
    if len(grid) > POINTS:
        grid = grid[np.linspace(0, len(grid) - 1, POINTS).astype(int)]
    values = np.array([np.interp(grid, x, y) for x, y in known])
    return Band(grid, values.min(axis=0), np.median(values, axis=0), values.max(axis=0))


def _finite(x: Sequence[float], y: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)  # None becomes nan
    known = np.isfinite(xs) & np.isfinite(ys)
    return xs[known], ys[known]
