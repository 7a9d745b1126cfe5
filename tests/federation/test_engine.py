"""The engine on three weights: special cases that must coincide, thresholds, reasons, bytes and pairing."""

import math
from itertools import pairwise

import pytest
import torch

from fda_core.federation import engine
from fda_core.federation.batches import cohort_of
from fda_core.settings.config import Link
from tests.helpers.tiny import (
    TinyTrainer,
    comparable,
    epochs,
    fda_opt,
    fedopt,
    fixed,
    play,
    rounds,
    tiny_config,
    tiny_experiment,
    weights_of,
)

SAME_LANE = ("lane", "reason", "threshold", "threshold_next", "variance_estimate", "checks", "simulated_seconds")
MONITOR_BYTES = ("bytes_monitor", "bytes_monitor_up", "bytes_monitor_down", "bytes_total")

TWINS = {
    "FDA-OPT, M = 1, is FedOpt(1)": (fda_opt(1), fedopt(1)),
    "FDA-OPT, M = 1, by sketch, is FedOpt(1)": (fda_opt(1, monitor="sketch"), fedopt(1)),
    "FDA, Θ = ∞, cap 3, is FedOpt(3)": (fixed(math.inf, 3), fedopt(3)),
    "FDA, Θ = ∞, by sketch, is FedOpt(3)": (fixed(math.inf, 3, monitor="sketch"), fedopt(3)),
    "FDA, Θ = 0, exact, is one epoch a round": (fixed(0.0, 9), fedopt(1)),
    "FDA-OPT, M = 1, with Adam": (fda_opt(1, server="adam"), fedopt(1, server="adam")),
    "FDA-OPT, M = 1, with momentum": (fda_opt(1, server="sgdm"), fedopt(1, server="sgdm")),
}


@pytest.mark.parametrize(("one", "other"), TWINS.values(), ids=TWINS)
def test_special_cases_have_the_same_weights_to_the_last_bit(one, other):
    experiment = tiny_experiment(tiny_config())
    for mine, theirs in zip(weights_of(experiment, one, 5), weights_of(experiment, other, 5), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(("one", "other"), TWINS.values(), ids=TWINS)
def test_special_cases_tell_the_same_story(one, other):
    """All numbers but those that belong to the rule itself: thresholds, reasons, states."""
    ignored = (*SAME_LANE, *MONITOR_BYTES)
    told = [[comparable(event, *ignored) for event in play(lane)[1:]] for lane in (one, other)]
    assert told[0] == told[1]


def test_a_lone_client_trains_to_the_cap_every_round_but_the_first():
    events = rounds(play(fda_opt(4, monitor="sketch"), clients_per_round=1, rounds=5))
    assert [(event.epochs, event.reason) for event in events] == [(1, "first-round")] + [(4, "epoch-cap")] * 4
    assert {event.variance for event in events} == {0.0}


def test_averaging_makes_the_mean_of_the_clients_models_the_next_model():
    """Two clients with one batch each and one step: w - lr · mean gradient, by hand."""
    trainer = TinyTrainer()
    config = tiny_config(clients=2, batch_size=13, client_lr=0.5)
    experiment = tiny_experiment(config, trainer)
    inputs, labels = trainer.train.inputs, trainer.train.labels
    gradients = [
        (inputs[rows].T @ (0.5 - labels[rows].float())) / len(rows) for rows in map(torch.tensor, experiment.partition)
    ]
    expected = -0.5 * (gradients[0] + gradients[1]) / 2
    torch.testing.assert_close(weights_of(experiment, fedopt(1), 1)[0], expected)


ADAPTIVE = {
    "exact": fda_opt(6),
    "sketch": fda_opt(6, monitor="sketch"),
    "Adam": fda_opt(6, server="adam"),
    "M odd": fda_opt(5),
}


@pytest.mark.parametrize("lane", ADAPTIVE.values(), ids=ADAPTIVE)
def test_the_next_threshold_is_half_of_m_over_e_times_the_variance(lane):
    played = rounds(play(lane, rounds=12))
    for event in played:
        expected = (lane.max_epochs / 2) / event.epochs * event.variance
        assert event.threshold_next == pytest.approx(expected, rel=1e-12)
    assert len({event.epochs for event in played}) > 2  # the rule had something to decide


@pytest.mark.parametrize("lane", ADAPTIVE.values(), ids=ADAPTIVE)
def test_a_round_is_ruled_by_the_threshold_the_last_one_set(lane):
    events = play(lane, rounds=6)
    assert {event.threshold for event in epochs(events, round=1)} == {-math.inf}
    for event in rounds(events)[:-1]:
        assert {epoch.threshold for epoch in epochs(events, round=event.round + 1)} == {event.threshold_next}


RULED = ADAPTIVE | {"fixed": fixed(0.05, 4), "fixed, sketch": fixed(0.3, 3, monitor="sketch")}


@pytest.mark.parametrize("lane", RULED.values(), ids=RULED)
def test_a_round_goes_on_while_the_estimate_allows_and_not_longer(lane):
    events = play(lane, rounds=12)
    for event in rounds(events):
        *earlier, last = epochs(events, round=event.round)
        assert all(epoch.variance_estimate <= epoch.threshold for epoch in earlier)
        above = last.variance_estimate > last.threshold
        first = lane.rule == "adaptive" and event.round == 1
        assert event.reason == ("first-round" if first else "threshold" if above else "epoch-cap")
        assert above or last.epoch == lane.max_epochs
        assert event.epochs == last.epoch <= lane.max_epochs


def test_fedopt_gives_its_schedule_as_the_reason_and_has_no_threshold():
    events = play(fedopt(3))
    assert {(event.epochs, event.reason, event.threshold_next) for event in rounds(events)} == {
        (3, "fixed-schedule", None)
    }
    assert {(epoch.threshold, epoch.variance_estimate, epoch.checks) for epoch in epochs(events)} == {(None, None, 0)}


def test_the_round_reports_its_last_epoch():
    events = play(fda_opt(6), rounds=6)
    for event in rounds(events):
        last = epochs(events, round=event.round)[-1]
        for name in ("variance", "mean_sq_drift", "sq_mean_drift"):
            assert getattr(event, name) == getattr(last, name)


# Two clients, three weights of 4 bytes: a model weighs 12, two of them 24. A state of the exact monitor weighs
# 4 (3 + 1) = 16, two 32; of the sketch 4 (1 + 3 · 500) = 6,004, two 12,008. A check sends 1 byte to each of the two.
CHECKS = {
    "FedOpt, E = 1": (fedopt(1), 0, 0),
    "FedOpt, E = 3": (fedopt(3), 0, 0),
    "FDA-OPT, exact": (fda_opt(4), 32, 2),
    "FDA-OPT, sketch": (fda_opt(4, monitor="sketch"), 12_008, 2),
    "FDA, sketch": (fixed(0.05, 3, monitor="sketch"), 12_008, 2),
}


@pytest.mark.parametrize(("lane", "up", "down"), CHECKS.values(), ids=CHECKS)
def test_every_byte_by_hand(lane, up, down):
    events, total = play(lane, clients=2, rounds=5), 0
    assert {(epoch.bytes_monitor_up, epoch.bytes_monitor_down) for epoch in epochs(events)} == {(up, down)}
    for event in rounds(events):
        monitor = len(epochs(events, round=event.round)) * (up + down)
        total += 24 + monitor + 24
        assert (event.bytes_down, event.bytes_up, event.bytes_monitor, event.bytes_total) == (24, 24, monitor, total)


def test_only_the_clients_of_the_round_are_charged():
    event = rounds(play(fedopt(1), clients_per_round=3))[0]
    assert (event.bytes_down, event.bytes_up) == (3 * 12, 3 * 12)


def test_the_clients_of_a_round_are_the_sampled_ones():
    events = rounds(play(fedopt(1), clients_per_round=3, rounds=6, seed=4))
    assert [event.clients for event in events] == [
        [str(client) for client in cohort_of(4, 3, 4, number)] for number in range(1, 7)
    ]


def test_everyone_takes_as_many_steps_as_the_largest_client_needs():
    """26 examples on 4 clients in batches of 2: 7 examples need 4 steps, 6 need 3."""
    events = play(fedopt(3), rounds=1)
    assert {epoch.steps for epoch in epochs(events)} == {4}
    assert rounds(events)[0].client_steps == [12] * 4


def test_lanes_of_one_rule_have_equal_events():
    events = play(fda_opt(5, id="a"), fda_opt(5, id="b"), rounds=6)
    first, second = ([comparable(event, "lane") for event in events[1:] if event.lane == lane] for lane in ("a", "b"))
    assert first == second


def test_lanes_are_paired_as_long_as_they_do_the_same():
    """The first local epochs of round 1, before any rule has decided anything."""
    events = play(fedopt(2), fedopt(5, id="longer"), fda_opt(5))
    for epoch in (1, 2):
        same = [e for e in epochs(events, round=1) if e.epoch == epoch]
        told = [(e.train_loss, e.variance, e.mean_sq_drift) for e in same]
        assert len(told) == (3 if epoch == 1 else 2)
        assert len(set(told)) == 1


def test_a_lane_s_events_do_not_depend_on_the_others():
    alone = play(fda_opt(5))[1:]
    together = [event for event in play(fedopt(1), fda_opt(5), fedopt(4, id="control"))[1:] if event.lane == "fda-opt"]
    assert [comparable(event) for event in together] == [comparable(event) for event in alone]


def test_the_same_seed_gives_the_same_events():
    lanes = fedopt(2), fda_opt(5, monitor="sketch"), fixed(0.1, 4)
    first, again = ([comparable(event) for event in play(*lanes, seed=3, link=Link(spread=0.5))] for _ in range(2))
    assert first == again


def test_another_seed_gives_other_events():
    first, other = ([event.test_loss for event in rounds(play(fedopt(1), seed=seed))] for seed in (3, 4))
    assert not set(first) & set(other)


def test_paths_follow_the_drifts_in_two_dimensions():
    """In three dimensions: lengths in the plane are at most the drifts', and the first epoch's mean lies on axis 1."""
    events = play(fedopt(3), rounds=2)
    for event in rounds(events):
        assert [len(path) for path in event.paths] == [3] * 4
        for path, squared in zip(event.paths, event.client_sq_drift, strict=True):
            assert path[-1][0] ** 2 + path[-1][1] ** 2 <= squared * (1 + 1e-4)
        mean = [sum(path[0][axis] for path in event.paths) / 4 for axis in (0, 1)]
        assert mean[0] ** 2 == pytest.approx(epochs(events, round=event.round)[0].sq_mean_drift, rel=1e-4)
        assert mean[1] == pytest.approx(0, abs=1e-5)


def test_the_run_begins_with_its_config_and_the_untrained_score():
    config = tiny_config(fedopt(1), fda_opt(5))
    start = next(engine.run(tiny_experiment(config)))
    assert type(config)(**start.config) == config
    assert start.initial["test_loss"] == pytest.approx(math.log(2), rel=1e-6)  # all weights 0: both labels alike
    assert start.schema_ == 1


def test_every_lane_runs_to_the_cap_and_says_so():
    events = play(fedopt(1), fda_opt(5), rounds=3)
    finished = [event for event in events if event.event == "lane_finished"]
    assert {event.lane: event.status for event in finished} == {"fedopt": "cap", "fda-opt": "cap"}
    assert all(len(rounds(events, lane)) == 3 for lane in ("fedopt", "fda-opt"))


def test_rounds_are_numbered_and_epochs_come_before_their_round():
    events = play(fda_opt(5), rounds=5)[1:-1]
    assert [event.round for event in rounds(events)] == [1, 2, 3, 4, 5]
    assert all(later.round == earlier.round + (earlier.event == "round") for earlier, later in pairwise(events))
