"""When a round ends, and why."""

import math

import pytest

from fda_core.algorithm.policies import (
    AdaComm,
    AdaptiveThreshold,
    Decaying,
    FixedThreshold,
    Schedule,
    SmoothedThreshold,
    TaperedThreshold,
    make_rule,
)
from fda_core.settings.config import LaneSpec
from tests.helpers.tiny import epochs, fda_opt, fedopt, fixed, play, rounds, smoothed, tapered


def after(max_epochs: int, epochs: int, variance: float) -> AdaptiveThreshold:
    """FDA-OPT once a round of `epochs` local epochs has ended at `variance`."""
    rule = AdaptiveThreshold(max_epochs)
    rule.learn(epochs, variance)
    return rule


VERDICTS = {
    "FedOpt before E": (Schedule(3), 2, None, None),
    "FedOpt at E": (Schedule(3), 3, None, "fixed-schedule"),
    "FedOpt, E = 1": (Schedule(1), 1, None, "fixed-schedule"),
    "FedOpt asks for no estimate": (Schedule(3), 1, 1e9, None),
    "fixed, below Θ": (FixedThreshold(2.0, 5), 1, 1.9, None),
    "fixed, exactly Θ: still agreeing": (FixedThreshold(2.0, 5), 1, 2.0, None),
    "fixed, above Θ": (FixedThreshold(2.0, 5), 1, 2.1, "threshold"),
    "fixed, below Θ at the cap": (FixedThreshold(2.0, 5), 5, 1.0, "epoch-cap"),
    "fixed, above Θ at the cap: Θ decided": (FixedThreshold(2.0, 5), 5, 3.0, "threshold"),
    "fixed, Θ = ∞": (FixedThreshold(math.inf, 5), 4, 1e300, None),
    "fixed, Θ = ∞ at the cap": (FixedThreshold(math.inf, 5), 5, 1e300, "epoch-cap"),
    "fixed, Θ = 0, no variance": (FixedThreshold(0.0, 5), 1, 0.0, None),
    "fixed, Θ = 0, some variance": (FixedThreshold(0.0, 5), 1, 1e-12, "threshold"),
    "fixed, first round like any other": (FixedThreshold(2.0, 5), 1, -1.0, None),
    "adaptive, first round, agreeing": (AdaptiveThreshold(10), 1, 0.0, "first-round"),
    "adaptive, first round, estimate below 0": (AdaptiveThreshold(10), 1, -5.0, "first-round"),
    "adaptive, first round, M = 1": (AdaptiveThreshold(1), 1, 0.0, "first-round"),
    "adaptive, later, agreeing": (after(10, 1, 0.2), 1, 1.0, None),
    "adaptive, later, above Θ = 1": (after(10, 1, 0.2), 1, 1.01, "threshold"),
    "adaptive, later, at M": (after(10, 1, 0.2), 10, 0.5, "epoch-cap"),
    "adaptive, M = 1, later": (after(1, 1, 4.0), 1, 1.0, "epoch-cap"),
    "adaptive, Var was 0: agreeing at 0 goes on": (after(10, 1, 0.0), 1, 0.0, None),
}


@pytest.mark.parametrize(("rule", "epoch", "estimate", "reason"), VERDICTS.values(), ids=VERDICTS)
def test_why_a_round_ends(rule, epoch, estimate, reason):
    assert rule.verdict(epoch, estimate) == reason


@pytest.mark.parametrize(
    ("max_epochs", "epochs", "variance", "threshold"),
    [
        pytest.param(10, 1, 0.2, 1.0, id="one epoch: five times the variance"),
        pytest.param(10, 5, 0.2, 0.2, id="M/2 epochs: the variance itself"),
        pytest.param(10, 10, 0.2, 0.1, id="M epochs: half of it"),
        pytest.param(9, 2, 4.0, 9.0, id="M odd: M/2 is not rounded"),
        pytest.param(1, 1, 4.0, 2.0, id="M = 1"),
        pytest.param(10, 3, 0.0, 0.0, id="no variance"),
    ],
)
def test_the_next_threshold_is_the_variance_scaled_to_half_of_m(max_epochs, epochs, variance, threshold):
    assert after(max_epochs, epochs, variance).threshold == pytest.approx(threshold, rel=1e-15)


def test_only_the_last_round_counts_for_the_next_threshold():
    rule = after(10, 1, 100.0)
    rule.learn(5, 0.3)
    assert rule.threshold == pytest.approx(0.3, rel=1e-15)


def test_before_the_first_round_nothing_is_below_the_threshold():
    assert AdaptiveThreshold(10).threshold == -math.inf


@pytest.mark.parametrize(("rule", "threshold"), [(Schedule(2), None), (FixedThreshold(2.0, 5), 2.0)])
def test_other_rules_learn_nothing(rule, threshold):
    rule.learn(3, 1.0)
    assert rule.threshold == threshold


@pytest.mark.parametrize(
    ("spec", "kind", "monitored", "threshold"),
    [
        pytest.param(fedopt(3), Schedule, False, None, id="schedule"),
        pytest.param(fixed(2.5, 4), FixedThreshold, True, 2.5, id="fixed"),
        pytest.param(fda_opt(4), AdaptiveThreshold, True, -math.inf, id="adaptive"),
        pytest.param(smoothed(4), SmoothedThreshold, True, -math.inf, id="smoothed"),
        pytest.param(tapered(4), TaperedThreshold, True, -math.inf, id="tapered"),
    ],
)
def test_a_lane_gets_the_rule_it_names(spec, kind, monitored, threshold):
    rule = make_rule(spec)
    assert (type(rule), rule.monitored, rule.threshold) == (kind, monitored, threshold)


def test_only_a_lane_that_says_so_is_checked_every_step():
    assert make_rule(fixed(1.0, 4)).segments(5) == [5]
    assert make_rule(fixed(1.0, 4, check="step")).segments(5) == [1, 1, 1, 1, 1]
    assert (
        make_rule(fedopt(2)).segments(5)
        == make_rule(fda_opt(2)).segments(5)
        == make_rule(smoothed(2)).segments(5)
        == [5]
    )


def told(rule: SmoothedThreshold, estimates: list[float], variance: float) -> float:
    """A round with these estimates, ended at this exact variance; the next Θ."""
    for epoch, estimate in enumerate(estimates, 1):
        rule.verdict(epoch, estimate)
    rule.learn(len(estimates), variance)
    return rule.threshold


def power(slope: float, epochs: int) -> list[float]:
    return [2.0 * e**slope for e in range(1, epochs + 1)]


@pytest.mark.parametrize("slope", [0.2, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("epochs", [2, 5, 9])
def test_the_smoothed_rule_hits_half_of_m_at_once_where_the_variance_is_a_power(slope, epochs):
    """v̂ = 2 e^p: the first threshold with a slope seen is 2 (M/2)^p, whatever e was."""
    rule = SmoothedThreshold(10)
    told(rule, [2.0], 2.0)
    seen = power(slope, epochs)
    assert told(rule, seen, seen[-1]) == pytest.approx(2.0 * 5**slope, rel=1e-9)


def test_the_smoothed_rule_is_the_published_one_until_it_has_seen_a_slope():
    assert told(SmoothedThreshold(10), [0.2], 0.2) == after(10, 1, 0.2).threshold


def test_the_smoothed_rule_takes_the_geometric_mean_with_the_last_threshold():
    rule = SmoothedThreshold(10)
    told(rule, [1.0], 1.0)
    first = told(rule, power(0.5, 5), 4.0)  # e = M/2: the variance itself
    assert first == pytest.approx(4.0, rel=1e-12)
    assert told(rule, power(0.5, 5), 1.0) == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    ("slope", "used"), [pytest.param(0.01, 0.1, id="flatter than 0.1"), pytest.param(3.0, 2.0, id="steeper than 2")]
)
def test_the_smoothed_rule_s_slope_is_kept_within_bounds(slope, used):
    rule = SmoothedThreshold(10)
    told(rule, [2.0], 2.0)
    assert told(rule, power(slope, 2), 1.0) == pytest.approx(2.5**used, rel=1e-9)


def test_a_round_of_one_epoch_keeps_the_slope_of_the_last_one():
    rule = SmoothedThreshold(10)
    told(rule, [2.0], 2.0)
    before = told(rule, power(0.5, 5), 4.0)
    assert told(rule, [8.0], 8.0) == pytest.approx(math.sqrt(before * 8.0 * 5**0.5), rel=1e-9)


def test_the_smoothed_rule_survives_estimates_that_say_nothing():
    """All clients alike: v̂ and Var are 0, no slope and no logarithm."""
    rule = SmoothedThreshold(10)
    assert told(rule, [0.0], 0.0) == 0.0
    assert told(rule, [0.0, 0.0, 1.0], 1.0) == pytest.approx(5 / 3, rel=1e-12)


def test_where_the_variance_grows_slowly_the_published_rule_swings_and_the_smoothed_one_does_not():
    """Var = e^0.3 in every round: the published rule's map has slope (p - 1)/p = -2.3, ours has 0."""
    lengths = {}
    for rule in (AdaptiveThreshold(10), SmoothedThreshold(10)):
        rounds_ = []
        for _ in range(12):
            epoch = 1
            while rule.verdict(epoch, epoch**0.3) is None:
                epoch += 1
            rule.learn(epoch, epoch**0.3)
            rounds_.append(epoch)
        lengths[type(rule)] = rounds_[2:]
    assert set(lengths[AdaptiveThreshold]) == {1, 10}
    assert set(lengths[SmoothedThreshold]) <= {5, 6}


def test_the_tapered_rule_is_the_published_one_times_the_square_of_the_loss_that_is_left():
    """By hand: (M/2)/e · Var = 5/2 · 0.4 = 1; the loss is at a half of the first round's, so Θ is a quarter of it."""
    rule, seen = TaperedThreshold(10), []
    for loss in (0.8, 0.4, math.nan, 0.0, 0.6, 1.2):
        rule.hear(loss)
        rule.learn(2, 0.4)
        seen.append(rule.threshold)
    assert seen == pytest.approx([1.0, 0.25, 0.25, 0.25, 0.5625, 2.25], rel=1e-12)


def test_without_a_loss_the_tapered_rule_is_the_published_one():
    rule = TaperedThreshold(10)
    rule.learn(1, 0.2)
    assert rule.threshold == after(10, 1, 0.2).threshold


def test_tapered_rounds_in_the_engine_have_the_thresholds_that_their_losses_give():
    """From the events alone."""
    events = play(tapered(10, monitor="exact"), client_lr=2.0, rounds=8)
    first_loss = epochs(events)[0].train_loss
    for number, event in enumerate(rounds(events), 1):
        left = epochs(events, round=number)[0].train_loss / first_loss
        assert event.threshold_next == pytest.approx(5 / event.epochs * event.variance * left**2, rel=1e-5)
    assert rounds(events)[-1].epochs < 5


def test_a_tapered_lane_goes_on_where_it_was():
    one, other = make_rule(tapered(10)), make_rule(tapered(10))
    for loss in (1.0, 0.5):
        one.hear(loss)
        one.learn(2, 0.4)
    other.restore(one.state())
    for each in (one, other):
        each.hear(0.3)
        each.learn(4, 0.8)
    assert other.threshold == one.threshold == pytest.approx(0.09, rel=1e-12)


def after_rounds(rule: Schedule, count: int) -> int:
    """E once so many rounds have ended."""
    for _ in range(count):
        rule.learn(rule.epochs, 1.0)
    return rule.epochs


@pytest.mark.parametrize(("first", "round", "expected"), [
    (10, 1, 10), (10, 2, 8), (10, 3, 7), (10, 8, 5), (10, 27, 4), (12, 64, 3), (12, 65, 3), (5, 1000, 1), (1, 9, 1),
])  # fmt: skip
def test_a_decaying_schedule_divides_by_the_cube_root_of_the_round(first, round, expected):
    rule = Decaying(first)
    assert after_rounds(rule, round - 1) == expected
    assert [rule.verdict(e, None) for e in (expected - 1, expected)] == [None, "fixed-schedule"]


def test_adacomm_follows_the_root_of_the_loss_and_never_back_up():
    rule, seen = AdaComm(10), []
    for loss in (0.8, 0.8 * 0.49, 0.8 * 0.81, math.nan, 0.0, 0.8 * 0.25, 1e-9):
        rule.hear(loss)
        seen.append(rule.epochs)
    assert seen == [10, 7, 7, 7, 7, 5, 1]


@pytest.mark.parametrize("rule", ["adacomm", "decaying"])
def test_peers_in_the_engine_train_as_long_as_their_losses_say(rule):
    """From the events alone: the loss of a round's first epoch, or its number, gives the length of the next."""
    events = play(LaneSpec(id="peer", rule=rule, epochs=6), client_lr=2.0, rounds=8)
    expected, first_loss = 6, epochs(events)[0].train_loss
    for number, event in enumerate(rounds(events), 1):
        assert (event.epochs, event.reason, event.bytes_monitor) == (expected, "fixed-schedule", 0)
        loss = epochs(events, round=number)[0].train_loss
        by_loss = min(expected, max(1, math.ceil(6 * math.sqrt(loss / first_loss))))
        expected = by_loss if rule == "adacomm" else math.ceil(6 / (number + 1) ** (1 / 3) - 1e-9)
    assert rounds(events)[-1].epochs < 6


@pytest.mark.parametrize("rule", ["adacomm", "decaying"])
def test_peers_go_on_where_they_were(rule):
    spec = LaneSpec(id="peer", rule=rule, epochs=9)
    one, other = make_rule(spec), make_rule(spec)
    for loss in (1.0, 0.5):
        one.hear(loss)
        one.learn(one.epochs, 1.0)
    other.restore(one.state())
    for each in (one, other):
        each.hear(0.3)
        each.learn(each.epochs, 1.0)
    assert other.epochs == one.epochs < 9
