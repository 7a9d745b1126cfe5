"""What a run comes to, from a story of a few rounds told by hand."""

import math

import pytest

from fda_core.algorithm.events import LaneFinished
from fda_core.analysis.summary import (
    Cost,
    costs,
    reached_at,
    rounds_at_most,
    rounds_of,
    rounds_played,
    state_bytes,
    summarize,
    variance_after,
)
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import read_events
from fda_core.settings.config import LaneSpec, Target
from tests.helpers.tiny_events import a_round, an_epoch, started


def scored(metric: str, values: list[float | None]) -> list:
    return [a_round(number=number, **{metric: value}) for number, value in enumerate(values, 1)]


REACHED = {
    "two in a row": ([0.5, 0.8, 0.9], 2),
    "at once": ([0.8, 0.8], 1),
    "exactly the target counts": ([0.7, 0.7], 1),
    "not in a row": ([0.8, 0.5, 0.8, 0.5], None),
    "the first of two pairs": ([0.8, 0.5, 0.8, 0.8, 0.5, 0.8, 0.8], 3),
    "only the last round": ([0.5, 0.5, 0.8], None),
    "one round": ([0.8], None),
    "no round": ([], None),
    "a score that is no number comes between": ([0.8, None, 0.8], None),
    "never": ([0.5, 0.6], None),
}


@pytest.mark.parametrize(("accuracies", "index"), REACHED.values(), ids=REACHED)
def test_the_target_takes_two_rounds_in_a_row(accuracies, index):
    assert reached_at(scored("accuracy", accuracies), Target(value=0.7)) == index


@pytest.mark.parametrize(("accuracies", "index"), REACHED.values(), ids=REACHED)
def test_a_loss_is_reached_from_above(accuracies, index):
    losses = [None if value is None else 1 - value for value in accuracies]
    assert reached_at(scored("test_loss", losses), Target(metric="test_loss", value=1 - 0.7)) == index


STORY = [
    started(target={"metric": "accuracy", "value": 0.7}),
    a_round("fedopt", 1, accuracy=0.6, test_loss=0.7),
    a_round("fda-opt", 1, epochs=1, bytes_monitor=10, bytes_total=58, accuracy=0.6, simulated_seconds=3.0),
    a_round("fedopt", 2, accuracy=0.75, test_loss=0.4),
    a_round("fda-opt", 2, epochs=4, bytes_monitor=40, bytes_total=146, accuracy=0.7, simulated_seconds=7.0),
    a_round("fda-opt", 3, epochs=2, bytes_monitor=20, bytes_total=214, accuracy=0.8, simulated_seconds=9.5),
    LaneFinished(lane="fda-opt", status="target"),
    a_round("fedopt", 3, accuracy=0.65, test_loss=0.5),
]


def test_costs_run_up_round_by_round():
    assert costs(rounds_of(STORY, "fda-opt")) == [
        Cost(rounds=1, local_epochs=1, bytes=58, simulated_seconds=3.0),
        Cost(rounds=2, local_epochs=5, bytes=146, simulated_seconds=7.0),
        Cost(rounds=3, local_epochs=7, bytes=214, simulated_seconds=9.5),
    ]


def test_lanes_are_summed_up_in_the_order_of_the_config():
    assert [lane.lane for lane in summarize(STORY)] == ["fedopt", "fda-opt"]


def test_a_lane_that_reached_the_target_says_what_it_cost():
    ours = summarize(STORY)[1]
    assert ours.to_target == Cost(rounds=3, local_epochs=7, bytes=214, simulated_seconds=9.5)
    assert ours.status == "target"


def test_a_lane_that_did_not_reach_it_has_no_such_cost_but_has_spent():
    control = summarize(STORY)[0]
    assert control.to_target is None
    assert control.status is None
    assert control.spent == Cost(rounds=3, local_epochs=3, bytes=144, simulated_seconds=6.0)


def test_bytes_add_up_by_kind():
    ours = summarize(STORY)[1]
    assert (ours.bytes_down, ours.bytes_up, ours.bytes_monitor) == (72, 72, 70)
    assert ours.bytes_down + ours.bytes_up + ours.bytes_monitor == ours.spent.bytes


def test_the_best_round_counts_not_the_last():
    control = summarize(STORY)[0]
    assert (control.best_accuracy, control.best_test_loss) == (0.75, 0.4)


def test_what_comes_after_the_target_is_spent_but_not_needed_for_it():
    later = [*STORY, a_round("fda-opt", 4, epochs=5, bytes_total=999, accuracy=0.9, simulated_seconds=20.0)]
    ours = summarize(later)[1]
    assert (ours.to_target.bytes, ours.spent.bytes) == (214, 999)


def test_a_lane_without_a_round_has_spent_nothing():
    nobody = summarize([started()])[0]
    assert nobody.spent == Cost(0, 0, 0, 0.0)
    assert (nobody.best_accuracy, nobody.best_test_loss, nobody.to_target) == (None, None, None)


def test_before_the_start_there_is_nothing_to_sum_up():
    assert summarize([]) == []


def test_scores_that_are_no_numbers_are_never_the_best(tmp_path):
    """As a run is read: what was not a number is null in the file."""
    recorder = Recorder(tmp_path / "run", "x")
    for event in [started(), a_round(number=1), a_round(number=2, test_loss=math.nan, accuracy=math.nan)]:
        recorder.add(event)
    recorder.close()
    lane = summarize(read_events(tmp_path / "run"))[0]
    assert (lane.best_accuracy, lane.best_test_loss) == (0.5, 0.6)


def test_rounds_are_counted_over_all_lanes():
    assert rounds_played(STORY) == 6


@pytest.mark.parametrize(
    ("events", "most"),
    [
        pytest.param(STORY[:1], 20, id="at the start"),
        pytest.param(STORY[:6], 20, id="both racing"),
        pytest.param(STORY, 3 + 10, id="one ended after three rounds"),
    ],
)
def test_rounds_of_an_ended_lane_are_not_waited_for(events, most):
    assert rounds_at_most(events, limit=10, lanes=2) == most


VARIED = [an_epoch(number=n, epoch=e, variance=v) for n, e, v in [(1, 1, 3.0), (2, 1, 1.0), (3, 1, 9.0), (3, 2, None)]]


@pytest.mark.parametrize(("epoch", "variance"), [(1, 3.0), (2, None), (3, None)], ids=["median", "null", "no round"])
def test_the_usual_variance_after_some_epochs(epoch, variance):
    assert variance_after(VARIED, epoch) == variance


def test_lanes_without_a_common_start_and_broken_epochs_say_nothing_about_the_variance():
    step = LaneSpec(id="step", rule="fixed", theta=1, max_epochs=5, check="step")
    alone = LaneSpec(id="alone", rule="local-only", epochs=1)
    events = [
        started(step, alone), an_epoch("alone", 1, 1, variance=90.0), an_epoch("step", 1, 1, variance=2.0, checks=7),
        an_epoch("step", 1, 2, variance=3.0, checks=4), a_round("step", 1, epochs=2, reason="threshold"),
        an_epoch("step", 2, 1, variance=None, checks=7),
    ]  # fmt: skip
    assert (variance_after(events, 1), variance_after(events, 2)) == (2.0, None)


def checked(up: int, checks: int = 1, **changes) -> list:
    return [an_epoch(checks=checks, bytes_monitor_up=up), a_round(**changes)]


STATES = {
    "all send": (checked(2 * 6004), [6004]),
    "one of two has dropped out": (checked(6004, dropped=["1"]), [6004]),
    "seven checks": (checked(7 * 2 * 8, checks=7), [8]),
    "nobody is left": (checked(0, checks=0, dropped=["0", "1"], variance=None, client_sq_drift=[None, None]), []),
    "no check": (checked(0, checks=0), []),
    "two monitors": (checked(2 * 6004) + checked(2 * 4), [4, 6004]),
    "an unfinished round": (checked(2 * 6004)[:1], []),
    "every step with drop-outs cannot be told": (checked(7 * 8 + 8, checks=7, dropped=["1"]), []),
}


@pytest.mark.parametrize(("events", "sizes"), STATES.values(), ids=STATES)
def test_what_one_client_sends_for_a_check(events, sizes):
    assert state_bytes(events) == sizes
