"""Sentences, tables and charts of several runs, from hand-made events."""

import dataclasses

import pytest

from fda_core.analysis.summary import Cost
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig, Target
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import TWO_LANES, a_round
from ui.shared.run_charts import band_chart, overlay_chart
from ui.shared.run_tables import (
    labels_of,
    names_of,
    overlay_frame,
    spread,
    study_sentence,
    study_table,
    versus,
)

PALETTE = ["#0072B2", "#E69F00", "#009E73"]


def run_of(seed: int = 0, fedopt: int = 3, fda: int = 2, lanes=TWO_LANES, bytes_each: int = 10**6) -> Snapshot:
    """A run whose lanes reach 0.9 accuracy in their last round; one local epoch and `bytes_each` bytes a round."""
    rounds = [
        a_round(lane, number, accuracy=0.9 if number >= count - 1 else 0.5, bytes_total=number * bytes_each)
        for lane, count in (("fedopt", fedopt), ("fda-opt", fda))[: len(lanes)]
        for number in range(1, count + 1)
    ]
    start = begun(seed=seed, target=Target(metric="accuracy", value=0.8), lanes=lanes)
    return Snapshot(f"run-{seed}", ExperimentConfig(**start.config), "finished", 1, (start, *rounds))


def cost(count: int, epochs: int = 10) -> Cost:
    return Cost(1, epochs, count, 0.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([cost(1)] * 3, [cost(2)] * 3, "in 3, as many in 0, more in 0 of 3 seeds; in the middle **2.0 times fewer**"),
        ([cost(2)] * 3, [cost(1)] * 3, "in 0, as many in 0, more in 3 of 3 seeds; in the middle **2.0 times more**"),
        ([cost(100)] * 2, [cost(102)] * 2, "in 0, as many in 2, more in 0 of 2 seeds; in the middle **about as many**"),
        ([cost(1), cost(4), cost(1)], [cost(2), cost(1), cost(3)], "fewer bytes in 2, as many in 0, more in 1 of 3"),
        ([cost(1), None], [cost(2), cost(2)], "(Counted are seeds in which both reached it, 1 of 2.)"),
        ([None, cost(1)], [cost(1), None], "FDA and FedOpt reached it together in none of 2 seeds."),
    ],
)  # fmt: skip
def test_what_is_said_over_seeds(ours, theirs, words):
    assert words in versus("FDA", "FedOpt", ours, theirs)


def test_the_work_is_told_with_the_bytes():
    assert "for 3.0 times the local training" in versus("a", "b", [cost(1, 30)], [cost(2, 10)])


def test_a_study_has_its_seeds_target_and_pairs():
    words = study_sentence([run_of(1), run_of(2, fedopt=4)])
    assert words.startswith("One experiment, 2 seeds, target 80 % accuracy. FDA-OPT M=5")
    assert "**1.8 times fewer**" in words  # 3/2 and 4/2


def test_a_study_under_way_speaks_of_so_far():
    words = study_sentence([run_of(1), dataclasses.replace(run_of(2), status="running")])
    assert "some still under way, target 80 % accuracy. So far: FDA-OPT" in words


def test_a_study_without_an_opponent_counts_its_seeds():
    runs = [run_of(seed, lanes=TWO_LANES[:1]) for seed in (1, 2)]
    assert study_sentence(runs) == "One experiment, 2 seeds."


def test_the_table_of_a_study_by_hand():
    [fedopt, fda] = study_table([run_of(1), run_of(2, fedopt=5), run_of(3, fedopt=4, fda=4)])
    assert list(fedopt.values()) == ["FedOpt E=1", "3 of 3", "4 (3 to 5)", "4 (3 to 5)"]
    assert list(fda.values())[1:] == ["3 of 3", "2 (2 to 4)", "2 (2 to 4)"]


def test_a_lane_that_never_reached_the_target_has_dashes():
    assert spread([], str) == "–"


def test_runs_are_named_by_what_tells_them_apart():
    assert names_of([run_of(1), run_of(2)], ["A", "B"]) == ["A, seed 1", "B, seed 2"]
    assert names_of([run_of(1), run_of(1)], ["A", "A"]) == ["A (1)", "A (2)"]


def test_an_overlay_has_one_curve_for_each_lane_of_each_run():
    runs = [run_of(1), run_of(2)]
    figure = overlay_chart(overlay_frame(runs), labels_of(runs), ["A", "B"], PALETTE, "bytes", "accuracy", None)
    curves = [trace for trace in figure.data if trace.showlegend is False]
    assert [(trace.name, trace.line.color, trace.line.dash) for trace in curves] == [
        ("FedOpt E=1 · A", PALETTE[0], "dash"), ("FDA-OPT M=5 (exact variance) · A", PALETTE[1], "dash"),
        ("FedOpt E=1 · B", PALETTE[0], "dot"), ("FDA-OPT M=5 (exact variance) · B", PALETTE[1], "dot"),
    ]  # fmt: skip
    assert list(curves[0].x) == [0, 1, 2, 3]
    keys = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert keys == [*labels_of(runs), "A", "B"]


def test_a_band_is_the_median_and_the_extremes_of_the_seeds():
    runs = [run_of(seed, bytes_each=10**6) for seed in (1, 2, 3)]
    target = Target(metric="accuracy", value=0.8)
    figure = band_chart(overlay_frame(runs), labels_of(runs), PALETTE, "bytes", "accuracy", target)
    area, line = figure.data[0], figure.data[1]
    assert list(line.x) == [0, 1, 2, 3] and list(line.y) == [0.5, 0.5, 0.9, 0.9]
    assert area.fill == "toself" and list(area.x) == [0, 1, 2, 3, 3, 2, 1, 0]
    assert len(figure.layout.shapes) == 1  # the target
