"""The map of rates: each square is its own median, and what was not reached is not shown as cheap."""

from dataclasses import replace
from math import inf

import pytest

from fda_core.atlas.cells import BASELINE, DEFAULT, OURS, Run
from fda_core.atlas.curves import Atlas
from fda_core.atlas.rate_map import cells, cheapest, everywhere, savings, squares
from tests.atlas.test_opponents import curve

SLOW, LONE = replace(DEFAULT, client_lr=0.01), replace(DEFAULT, client_lr=0.2)


@pytest.fixture
def atlas() -> Atlas:
    curves = {Run(LONE, BASELINE, 0): curve(0.9, 0.9)}  # nothing to compare it with
    for seed in (0, 1, 2):
        curves[Run(DEFAULT, BASELINE, seed)] = curve(0.6, 0.71, 0.71)
        curves[Run(DEFAULT, OURS, seed)] = curve(0.71, 0.71)
        curves[Run(SLOW, BASELINE, seed)] = curve(0.6, 0.6, 0.71, 0.71) if seed else curve(0.6, 0.6, 0.6, 0.6)
        curves[Run(SLOW, OURS, seed)] = curve(0.6, 0.6) if seed else curve(0.71, 0.71)
        curves[Run(DEFAULT, "fedopt-e5", seed)] = curve(0.6, 0.6) if seed == 2 else curve(0.72, 0.72)
    curves[Run(SLOW, "fedopt-e2", 0)] = curve(0.72, 0.72)  # one seed says nothing
    return Atlas(curves, {})


def test_a_square_is_the_median_of_its_seeds_and_infinite_where_most_missed(atlas):
    found = {(square.lane, square.rate): (square.bytes, square.seeds) for square in squares(atlas)}
    assert found == {
        (BASELINE, 0.01): (40e6, 3), (BASELINE, 0.05): (30e6, 3), ("fedopt-e5", 0.05): (20e6, 3),
        (OURS, 0.01): (inf, 3), (OURS, 0.05): (20e6, 3),
    }  # fmt: skip
    assert [cell.client_lr for cell in cells(atlas)] == [0.01, 0.05]


def test_a_timetable_that_failed_more_often_than_fda_opt_is_not_called_the_cheapest(atlas):
    """E=5 has the smaller median, and misses the target with seed 2."""
    ours, theirs = cheapest(squares(atlas))
    assert (ours[:2], theirs[:2]) == ((OURS, 0.05), (BASELINE, 0.05))


def test_one_that_failed_as_often_as_fda_opt_is(atlas):
    """Otherwise FDA-OPT, which may fail, would have the better of what must not."""
    atlas.curves[Run(DEFAULT, OURS, 1)] = curve(0.6, 0.6)
    ours, theirs = cheapest(squares(atlas))
    assert (ours[:2], theirs[:2]) == ((OURS, 0.05), ("fedopt-e5", 0.05))


def test_what_is_saved_is_counted_at_the_same_rate(atlas):
    found = savings(atlas)
    assert found[0.05].middle == 1.5 and found[0.05].counts["win"] == 3
    assert found[0.01].middle == 0.0  # on two of three seeds FDA-OPT alone did not get there


def test_elsewhere_the_target_is_what_fedopt_reaches_there(atlas):
    """With other clients 0.70 may be out of reach of everyone; a cell with two seeds says nothing."""
    unlike, few = replace(DEFAULT, alpha=0.1), replace(DEFAULT, alpha=0.3)
    for cell, seeds in ((unlike, (0, 1, 2)), (few, (0, 1))):
        for seed in seeds:
            atlas.curves[Run(cell, BASELINE, seed)] = curve(0.5, 0.55, 0.55, 0.6)
            atlas.curves[Run(cell, OURS, seed)] = curve(0.55, 0.55)
    found = everywhere(atlas, DEFAULT, BASELINE, 0.9)  # 0.54
    assert set(found) == {unlike, DEFAULT, SLOW}
    assert (found[unlike].middle, found[unlike].counts["win"]) == (1.5, 3)
    assert everywhere(atlas, DEFAULT, "fedopt-e5", 0.9).keys() == {DEFAULT}
