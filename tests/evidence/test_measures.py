"""What a lane comes to and who wins, by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from fda_core.evidence.measures import measure, measures, outcomes


def lane(name, accuracies, losses, epochs=1, mb=10, status="cap", **cell) -> pd.DataFrame:
    """A lane whose rounds train `epochs` local epochs and send `mb` each; the untrained model comes first."""
    lengths = [epochs] * (len(losses) - 1) if isinstance(epochs, int) else epochs
    return pd.DataFrame(
        {
            "server": "sgd", "alpha": 1.0, "seed": 0, **cell, "lane": name, "status": status,
            "round": range(len(losses)), "epochs": [0, *lengths], "bytes_total": [mb * i for i in range(len(losses))],
            "test_loss": losses, "accuracy": accuracies,
        }
    )  # fmt: skip


BASE = lane("fedopt-e1", [0.5, 0.6, 0.7, 0.6, 0.7, 0.8, 0.8], [0.70, 0.66, 0.60, 0.63, 0.58, 0.55, 0.57])
FDA = lane("fda-opt", [0.5, 0.6, 0.7, 0.75, 0.7], [0.70, 0.64, 0.56, 0.60, 0.59], epochs=[1, 6, 4, 7])


def test_the_target_is_reached_in_the_second_of_two_consecutive_rounds():
    """0.7 alone in round 2 does not count; rounds 4 and 5 do."""
    found = measure(BASE, target=0.7, early_bytes=0, work=6)
    assert (found.bytes, found.local_epochs) == (50, 5)
    assert (measure(FDA, 0.7, 0, 6).bytes, measure(FDA, 0.7, 0, 6).local_epochs) == (30, 11)


def test_a_target_never_reached_has_no_cost():
    found = measure(BASE, target=0.9, early_bytes=0, work=6)
    assert math.isnan(found.bytes) and math.isnan(found.local_epochs)


def test_losses_on_the_way_and_at_the_end():
    """The lowest so far is 0.60 when the loss is 0.63, a rise of 0.03; later 0.55 and 0.57."""
    found = measure(BASE, 0.7, early_bytes=25, work=6)
    assert found.early_loss == 0.60  # after round 2, at 20 of 25
    assert found.largest_rise == pytest.approx(0.03)
    assert found.rise_after_lowest == pytest.approx(0.02)  # the setback before the lowest loss does not count
    assert (found.final_loss, found.best_accuracy) == (0.57, 0.8)


def test_at_equal_work_the_round_that_completes_it_counts_and_later_ones_do_not():
    """1 + 6 local epochs complete the 6 of the baseline: the loss is 0.56, and its later rise is not looked at."""
    found = measure(FDA, 0.7, early_bytes=0, work=6)
    assert (found.final_loss, found.last_loss, found.largest_rise) == (0.56, 0.59, 0)
    assert measure(FDA, 0.7, early_bytes=0, work=8).largest_rise == pytest.approx(0.04)


def test_before_the_first_round_the_early_loss_is_the_untrained_model_s():
    assert measure(BASE, 0.7, early_bytes=5, work=6).early_loss == 0.70


def test_the_swing_leaves_out_the_first_round():
    """6, 4, 7: mean 17/3, changes 2 and 3."""
    found = measure(FDA, 0.7, 0, 6)
    assert found.mean_epochs == pytest.approx(17 / 3)
    assert found.swing == pytest.approx(2.5)


def test_ratios_are_to_the_baseline_of_the_same_seed_and_early_is_a_quarter_of_its_bytes():
    table = pd.concat([BASE, FDA])
    found = measures(table, {("sgd", 1.0): 0.7}).set_index("lane")
    assert found.bytes_ratio["fda-opt"] == pytest.approx(50 / 30)
    assert found.epochs_ratio["fda-opt"] == pytest.approx(11 / 5)
    assert found.early_loss.to_dict() == {"fedopt-e1": 0.66, "fda-opt": 0.64}  # at 12.5: after round 1


def test_a_ratio_says_who_missed_the_target():
    never = lane("fda-opt", [0.5] * 4, [0.7] * 4)
    assert measures(pd.concat([BASE, never]), {("sgd", 1.0): 0.7}).bytes_ratio.tolist() == [1.0, 0.0]
    flat = lane("fedopt-e1", [0.5] * 4, [0.7] * 4)
    assert measures(pd.concat([flat, FDA]), {("sgd", 1.0): 0.7}).bytes_ratio[1] == np.inf
    assert math.isnan(measures(pd.concat([flat, never]), {("sgd", 1.0): 0.7}).bytes_ratio[1])


def test_where_the_baseline_missed_the_target_its_whole_bytes_are_the_budget():
    flat = lane("fedopt-e1", [0.5] * 9, [0.7] * 9)  # 80 sent, a quarter is 20
    assert measures(pd.concat([flat, FDA]), {("sgd", 1.0): 0.7}).early_loss[1] == 0.56


def test_outcomes_are_counted_seed_by_seed():
    seeds = [BASE.assign(seed=seed) for seed in (0, 1, 2)]
    cut_off = lane("fda-opt", [0.5] * 4, [0.7] * 4, seed=1)  # 30 sent, where the baseline needed 50
    ours = [FDA, cut_off, BASE.assign(lane="fda-opt", seed=2)]
    found = measures(pd.concat(seeds + ours), {("sgd", 1.0): 0.7})
    assert outcomes(found, "fda-opt", "fedopt-e1") == {"win": 1, "tie": 1, "loss": 0, "open": 1, "neither": 0}
    assert outcomes(found, "fedopt-e1", "fda-opt") == {"win": 0, "tie": 1, "loss": 1, "open": 1, "neither": 0}


def test_a_lane_that_diverged_says_so_and_a_loss_that_is_no_number_is_not_a_rise():
    broken = lane("fda-opt", [0.5, 0.6, 0.5], [0.7, 0.6, np.nan], status="diverged")
    found = measure(broken, 0.7, 0, 6)
    assert found.diverged and found.largest_rise == found.rise_after_lowest == 0
