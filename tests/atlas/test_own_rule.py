"""Whether our tapered rule is kept, on curves made by hand: what it must save at the end, where it must not lose."""

import pytest

from fda_core.atlas.cells import ATLAS, BASELINE, OURS, PROTOCOL, TAPERED, Cell, Run
from fda_core.atlas.curves import Atlas
from fda_core.atlas.file import load
from fda_core.atlas.own_rule import attempt
from fda_core.atlas.page import compared_peers
from tests.atlas.test_opponents import curve

OTHER = Cell(clients=40)
SLOW = (0.6, 0.65, 0.7, 0.72, 0.74, 0.76, 0.78, 0.8, 0.8)  # holds 99 % with 90 MB, 95 % with 80
PUBLISHED = (0.74, 0.74, 0.77, 0.77, 0.74)  # 90 % at once, the end never
QUICK, LATE = (0.74, 0.78, 0.8, 0.8), (0.7, 0.72, 0.74, 0.76, 0.8, 0.8)  # the end with 40 and with 60 MB


def atlas(*ours: tuple[float, ...], cell: Cell = PROTOCOL) -> Atlas:
    """The tapered rule's curves on seeds 0, 1, … beside the same curves of E=1 and of the published rule."""
    curves = {}
    for seed, values in enumerate(ours):
        for lane, points in ((BASELINE, SLOW), (OURS, PUBLISHED), (TAPERED, values)):
            curves[Run(cell, lane, seed)] = curve(*points)
    return Atlas(curves, {})


def test_most_seeds_have_to_hold_the_end_for_half_of_the_bytes():
    assert attempt(atlas(QUICK, QUICK, LATE)).enough == 2
    assert attempt(atlas(QUICK, QUICK, LATE)).verdict == "kept"
    assert attempt(atlas(QUICK, LATE, LATE)).verdict == "dropped"
    assert attempt(atlas(QUICK, LATE, QUICK, LATE)).verdict == "dropped"  # a half is not most


def test_it_may_lose_nowhere_that_the_published_rule_wins():
    """In the other cell it needs ten rounds for what the published rule, and E=1 in the end, have sooner."""
    slower = (0.6,) * 9 + (0.8, 0.8)
    both = Atlas(atlas(QUICK, QUICK, QUICK).curves | atlas(slower, slower, slower, cell=OTHER).curves, {})
    found = attempt(both)
    assert found.enough == 3 and found.verdict == "dropped"
    assert {case[0] for case in found.lost} == {OTHER} and (OTHER, 0.9, False) in found.lost
    assert all(share < 0.99 for _, share, _ in found.lost)  # where the published rule does not win, nothing is lost
    assert found.wins == 2 * len(found.lost)


def test_where_it_was_ended_before_it_could_have_lost_nothing_is_decided():
    """In the other cell it has sent 20 MB in all, where E=1 needs 60."""
    both = Atlas(atlas(QUICK, QUICK, QUICK).curves | atlas((0.6, 0.6), (0.6, 0.6), (0.6, 0.6), cell=OTHER).curves, {})
    found = attempt(both)
    assert found.lost == [] and {case[0] for case in found.open} == {OTHER} and found.verdict == "undecided"


@pytest.mark.parametrize("known", [atlas(QUICK, QUICK), atlas(QUICK, QUICK, QUICK, cell=OTHER), Atlas({}, {})])
def test_nothing_is_said_before_the_protocol_cell_has_enough_seeds(known):
    assert attempt(known) is None


def test_what_is_said_of_it_recounts_the_atlas():
    """Counted here once more from the curves: megabytes at the second of two rounds in a row at 99 % of E=1's best."""
    known, enough = load(ATLAS), []
    for seed in range(5):
        ours, theirs = (known.curves[Run(PROTOCOL, lane, seed)] for lane in (TAPERED, BASELINE))
        sent = []
        for one in (ours, theirs):
            met = [accuracy >= 0.99 * max(theirs.accuracy) for accuracy in one.accuracy.tolist()]
            held = [i for i in range(2, len(met)) if met[i - 1] and met[i]]
            sent.append(one.bytes_total[held[0]] if held else float("inf"))
        enough.append(2 * sent[0] <= sent[1] < float("inf"))
    assert (attempt(known).enough, attempt(known).seeds) == (sum(enough), 5)


def test_peers_are_listed_once_they_were_played_on_enough_seeds():
    """The same curve as the tapered rule's: E=1 holds 90 % with 60 MB, the peer with 20."""
    known = atlas(QUICK, QUICK, QUICK)
    assert "AdaComm" not in compared_peers(known)
    for seed in range(3):
        known.curves[Run(PROTOCOL, "adacomm", seed)] = curve(*QUICK)
    [line] = [line for line in compared_peers(known).splitlines() if line.startswith("| AdaComm")]
    assert line.split(" | ")[2].startswith("**3.00**") and "decaying" not in compared_peers(known)
