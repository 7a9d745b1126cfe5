"""What FDA-OPT saves, on curves made by hand: which rate is the peak-optimal one, when a target counts as reached."""

import numpy as np
import pytest

from fda_core.atlas.cells import BASELINE, OURS, SERVERS, Cell, Run
from fda_core.atlas.curves import Atlas, Curve
from fda_core.atlas.opponents import at_peak, at_servers, findings, peak, spent, trained
from fda_core.atlas.page import figures
from tests.helpers.savings import BY_STANDING

SLOW, FAST = Cell(client_lr=0.01), Cell(client_lr=0.1)


def curve(*accuracies: float, mb: float = 10, epochs: int = 1) -> Curve:
    """The untrained model at 0.5, then a round each."""
    values = np.array([0.5, *accuracies])
    rounds = np.arange(len(values))
    return Curve("cap", None, np.minimum(rounds, 1) * epochs, rounds * mb * 1e6, 1 - values, values, values)


@pytest.fixture
def atlas() -> Atlas:
    """Slow E=1 gets highest, 0.8; fast E=1 is at 0.76 first; E=5 needs half of the bytes; FDA-OPT a third of slow's."""
    curves = {}
    for seed in (100, 101, 0, 1, 2):
        curves[Run(SLOW, BASELINE, seed)] = curve(0.6, 0.65, 0.7, 0.72, 0.77, 0.78, 0.8)
        curves[Run(FAST, BASELINE, seed)] = curve(0.6, 0.77, 0.77, 0.77, 0.7, 0.7, 0.7)
        curves[Run(SLOW, "fedopt-e5", seed)] = curve(0.6, 0.7, 0.77, 0.77, epochs=5)
        curves[Run(SLOW, OURS, seed)] = curve(0.77, 0.77, 0.75, epochs=5)
    return Atlas(curves, {})


def test_the_peak_optimal_rate_is_where_the_baseline_got_highest_not_where_it_was_fast(atlas):
    assert peak(atlas, FAST) == SLOW


def test_a_target_is_reached_by_the_first_crossing_or_by_the_second_of_two_in_a_row(atlas):
    one = curve(0.6, 0.77, 0.7, 0.77, 0.78)
    assert spent(one, 0.76, held=False).to_target == 20e6
    assert spent(one, 0.76, held=True).to_target == 50e6
    assert spent(one, 0.79, held=True) == (None, 50e6)
    assert spent(curve(), 0.4, held=False).to_target is None  # the untrained model has sent nothing


def test_three_opponents_each_at_the_same_target_seed_by_seed(atlas):
    found = {finding.opponent: finding for finding in findings(atlas, FAST, 0.95, held=False)}
    assert found["peak"].cell == SLOW and found["peak"].saving.ratios == [5.0] * 3
    assert found["fastest"].cell == FAST and found["fastest"].saving.ratios == [2.0] * 3
    assert found["best_e"].lane == "fedopt-e5" and found["best_e"].saving.ratios == [3.0] * 3
    held = {finding.opponent: finding for finding in findings(atlas, FAST, 0.95, held=True)}
    assert held["peak"].saving.spread == pytest.approx((3, 3, 3))  # 60 MB against 20
    assert held["peak"].saving.counts["win"] == 3


def test_where_fda_opt_has_rates_of_its_own_neither_is_tuned_alone(atlas):
    """Beside "E=1 at its fastest rate", where FDA-OPT stays at a rate that was chosen for E=1."""
    for seed in (0, 1, 2):
        atlas.curves[Run(FAST, OURS, seed)] = curve(0.7, 0.77, 0.77, mb=4, epochs=5)
    found = {finding.opponent: finding for finding in findings(atlas, SLOW, 0.95, held=False)}
    assert (found["both_fastest"].ours, found["both_fastest"].cell) == (FAST, FAST)
    assert found["both_fastest"].saving.ratios == [2.5] * 3  # 20 MB against 8
    assert found["fastest"].ours == SLOW and found["fastest"].saving.ratios == [2.0] * 3
    assert "best_e_fastest" not in found  # no E but 1 was played at another rate
    atlas.curves[Run(FAST, "fedopt-e5", 0)] = curve(0.77, 0.77, mb=6, epochs=5)
    assert "best_e_fastest" not in {finding.opponent for finding in findings(atlas, SLOW, 0.95, held=False)}
    for seed in (1, 2):
        atlas.curves[Run(FAST, "fedopt-e5", seed)] = curve(0.77, 0.77, mb=6, epochs=5)
    found = {finding.opponent: finding for finding in findings(atlas, SLOW, 0.95, held=False)}
    tuned = found["best_e_fastest"]
    assert (tuned.lane, tuned.cell, tuned.ours) == ("fedopt-e5", FAST, FAST)
    assert tuned.saving.ratios == [0.75] * 3  # 6 MB against 8


def test_where_nobody_gets_there_no_rate_is_called_the_fastest_but_the_peak_optimal_one(atlas):
    """The lowest rate was named, for no reason but its place in the list."""
    for seed in (0, 1, 2):
        atlas.curves[Run(Cell(client_lr=0.001), BASELINE, seed)] = curve(0.5)
        atlas.curves[Run(FAST, OURS, seed)] = curve(0.5)
    found = {finding.opponent: finding for finding in findings(atlas, FAST, 1.1, held=False)}
    assert {finding.cell for finding in found.values()} == {finding.ours for finding in found.values()} == {SLOW}


def test_where_e_was_not_searched_nothing_is_called_the_best_e(atlas):
    """FedOpt E=1 would be its own best opponent, and the most flattering one."""
    for seed in (0, 1, 2):
        del atlas.curves[Run(SLOW, "fedopt-e5", seed)]
    assert [finding.opponent for finding in findings(atlas, FAST, 0.95, held=False)] == ["peak", "fastest"]


def test_a_lane_that_was_ended_before_it_had_sent_as_much_leaves_the_comparison_open(atlas):
    best = {finding.opponent: finding for finding in findings(atlas, SLOW, 0.99, held=False)}
    assert best["peak"].saving.counts["open"] == 3  # FDA-OPT had sent 30 MB where E=1 needed 70
    assert best["peak"].saving.spread is None


def test_a_lane_played_on_one_lucky_seed_is_not_the_best_fixed_e(atlas):
    """It would be named as the opponent to beat on a single run, beside verdicts of three."""
    atlas.curves[Run(SLOW, "fedopt-e10", 0)] = curve(0.77, 0.77, epochs=10)
    found = {finding.opponent: finding for finding in findings(atlas, FAST, 0.95, held=False)}
    assert found["best_e"].lane == "fedopt-e5" and len(found["best_e"].saving.pairs) == 3


def test_at_another_server_the_target_is_of_the_same_server_and_a_cell_with_two_seeds_says_nothing_yet(atlas):
    whole, begun = SERVERS[:2]
    for cell, seeds in ((whole, (0, 1, 2)), (begun, (0, 1))):
        for seed in seeds:
            atlas.curves[Run(cell, BASELINE, seed)] = curve(0.55, 0.58, 0.58, 0.6)
            atlas.curves[Run(cell, "fedopt-e5", seed)] = curve(0.55, 0.58, epochs=5)
            atlas.curves[Run(cell, OURS, seed)] = curve(0.58, epochs=5)
    found = at_servers(atlas, 0.95, held=False)
    assert {cell: {lane: saving.ratios for lane, saving in each.items()} for cell, each in found.items()} == {
        whole: {BASELINE: [2.0] * 3, "fedopt-e5": [2.0] * 3}
    }


def test_local_epochs_are_those_up_to_the_round_that_crosses_the_target(atlas):
    """By hand: FDA-OPT in its first round, five epochs; slow E=1 in its fifth, an epoch each; E=1 is the first of a
    pair, so that a ratio is how many times as many FDA-OPT trains."""
    assert trained(curve(0.6, 0.77, 0.77, epochs=5), 0.76, held=False) == (10, 15)
    assert trained(curve(0.6, 0.77, 0.77, epochs=5), 0.76, held=True) == (15, 15)
    assert trained(curve(0.6, epochs=5), 0.76, held=False) == (None, 5)
    (saved, worked) = at_peak(atlas, 1.0, 0.95)[SLOW]
    assert saved.ratios == [5.0] * 3
    assert list(worked.pairs) == [((5, 7), (5, 15))] * 3 and worked.ratios == [1.0] * 3


def test_another_alpha_is_another_body_of_pairs(atlas):
    assert at_peak(atlas, 0.1, 0.95) == {}


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ("ratio", "**4.00** (4.00–4.00); 3/0/0/2"),
        ("missed", "missed on most seeds (4.00–4.00); 2/0/3/0"),
        ("alone", "alone on most seeds (4.00–4.00); 4/0/0/1"),
        ("undecided", "undecided (4.00–4.00); 1/0/0/4"),
        ("neither", "neither; 0/0/0/0"),
    ],
)
def test_what_is_open_on_most_seeds_is_not_called_missed(standing, words):
    assert BY_STANDING[standing].standing == standing
    assert figures(BY_STANDING[standing]) == words
