"""What must hold for any clients' models and any experiment, on generated ones."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fda_core.algorithm.monitors import DriftStatistics, ExactMonitor, LinearMonitor, NaiveMonitor, SketchMonitor
from fda_core.algorithm.sketch import Sketch
from fda_core.federation import engine
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import MONITORS, SERVERS
from tests.helpers.tiny import (
    TEST,
    TRAIN,
    Points,
    TinyTrainer,
    comparable,
    epochs,
    play,
    rounds,
    tiny_config,
    tiny_experiment,
)

WEIGHTS = 3
STATES = {"exact": 4 * (WEIGHTS + 1), "naive": 4, "linear": 8, "sketch": 6_004}


@st.composite
def drifts(draw) -> torch.Tensor:
    """[K, d] of very different lengths: clients that agree, that differ, that have hardly moved."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    clients, size = draw(st.integers(1, 12)), draw(st.integers(1, 700))
    common, own = 10 ** draw(st.floats(-6, 3)), 10 ** draw(st.floats(-6, 3))
    return torch.from_numpy(common * rng.normal(size=size) + own * rng.normal(size=(clients, size))).float()


@st.composite
def spreads(draw) -> tuple[torch.Tensor, DriftStatistics]:
    """Drifts and their spread, sometimes with unequal shares."""
    moved = draw(drifts())
    if draw(st.booleans()):
        return moved, DriftStatistics.of(moved)
    sizes = draw(st.lists(st.integers(1, 500), min_size=len(moved), max_size=len(moved)))
    return moved, DriftStatistics.of(moved, torch.tensor(sizes).double() / sum(sizes))


@given(spreads())
@example((torch.ones(4, 5), DriftStatistics.of(torch.ones(4, 5))))
def test_a_variance_is_never_negative_and_is_that_of_the_definition(both):
    """Var = mean‖u_k - mean u‖²; float32 means leave an error of the order of 1e-7 of the squared norms."""
    moved, spread = both
    middle = spread.shares @ moved.double()
    defined = (spread.shares @ (moved.double() - middle).square().sum(1)).item()
    assert spread.variance >= 0
    assert spread.variance == pytest.approx(defined, rel=1e-5, abs=1e-6 * spread.mean_sq_drift)


@given(spreads(), st.integers(0, 2**31 - 1))
def test_naive_and_linear_never_underestimate_and_exact_is_at_most_naive(both, seed):
    moved, spread = both
    size = moved.shape[1]
    assume(len(moved) > 1)
    linear = LinearMonitor(size, seed)
    slack = 1e-6 * spread.mean_sq_drift
    exact, naive = ExactMonitor(size).estimate(spread), NaiveMonitor().estimate(spread)
    assert exact - slack <= linear.estimate(spread) <= naive + slack
    assert exact <= naive
    linear.synchronised([0], spread.mean_drift)  # ξ along the very mean drift: nothing is left to overestimate
    assume(spread.mean_drift.any())
    assert linear.estimate(spread) == pytest.approx(exact, rel=1e-5, abs=slack)


@given(drifts(), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 2**31 - 1))
def test_the_sketch_is_linear(moved, a, b, seed):
    """So the mean of the clients' sketches is the sketch of their mean drift."""
    sketch = Sketch(moved.shape[1], seed)
    one, other = moved[0], moved[-1]
    apart = a * sketch(one) + b * sketch(other)
    room = 1e-4 * (abs(a) * one.norm() + abs(b) * other.norm()).item()
    np.testing.assert_allclose(sketch(a * one + b * other), apart, rtol=0, atol=room + 1e-30)
    mean = np.stack([sketch(drift) for drift in moved]).mean(0)
    np.testing.assert_allclose(sketch(moved.mean(0)), mean, rtol=0, atol=1e-4 * moved.norm(dim=1).max().item() + 1e-30)


@given(spreads(), st.randoms(use_true_random=False), st.integers(0, 2**31 - 1))
def test_the_order_of_the_clients_does_not_matter(both, shuffler, seed):
    moved, spread = both
    order = list(range(len(moved)))
    shuffler.shuffle(order)
    again = DriftStatistics.of(moved[order], spread.shares[order])
    slack = 1e-5 * spread.mean_sq_drift
    for monitor in (ExactMonitor(moved.shape[1]), SketchMonitor(Sketch(moved.shape[1], seed))):
        assert monitor.estimate(again) == pytest.approx(monitor.estimate(spread), rel=1e-5, abs=slack)
    torch.testing.assert_close(again.mean_drift, spread.mean_drift, rtol=1e-5, atol=1e-5 * slack**0.5)


@st.composite
def lanes(draw, id: str = "lane") -> LaneSpec:
    rule = draw(st.sampled_from(["schedule", "fixed", "adaptive", "smoothed", "tapered"]))
    values = {"id": id, "rule": rule, "monitor": draw(st.sampled_from(tuple(MONITORS))), "server": None}
    if rule == "schedule":
        return LaneSpec(**values, epochs=draw(st.integers(1, 4)))
    if rule == "fixed":
        values |= {"theta": draw(st.floats(0, 1)), "check": draw(st.sampled_from(["epoch", "step"]))}
    return LaneSpec(**values, max_epochs=draw(st.integers(1, 6)))


experiments = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "clients": st.integers(1, 9),
        "alpha": st.sampled_from([0.1, 1.0, 100.0]),
        "server_optimizer": st.sampled_from(tuple(SERVERS)),
        "server_lr": st.just(0.1),
        "client_dropout": st.sampled_from([0.0, 0.3]),
        "weighting": st.sampled_from(["equal", "examples"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(lanes(), experiments, st.data())
def test_bytes_only_grow_and_equal_a_recount_from_shapes(lane, experiment, data):
    sampled = data.draw(st.integers(1, experiment["clients"]))
    events = play(lane, **experiment, clients_per_round=sampled)
    total, last = 0, None
    for event in rounds(events):
        local = epochs(events, round=event.round)
        left = sampled - len(event.dropped)
        assert event.bytes_down == sampled * 4 * WEIGHTS
        assert event.bytes_up == (0 if event.reason == "all-dropped" else left * 4 * WEIGHTS)
        up = sum(epoch.bytes_monitor_up for epoch in local)
        assert up % STATES[lane.monitor] == 0
        states = up // STATES[lane.monitor]
        checks = sum(epoch.checks for epoch in local)
        assert left * checks <= states <= sampled * checks
        directions = sum(epoch.bytes_monitor_down for epoch in local) - states  # one byte a state comes back
        new = [client for client in event.clients if last is not None and client not in last]
        if lane.monitor != "linear" or lane.rule == "schedule":
            assert directions == 0
        elif (
            experiment["client_dropout"] == 0
        ):  # otherwise it takes more to say who knows ξ (tests/helpers/slow.py does)
            assert directions == 4 * WEIGHTS * len(new)
        assert event.bytes_monitor == up + states + directions
        total += event.bytes_down + event.bytes_up + event.bytes_monitor
        assert event.bytes_total == total
        last = event.clients
    totals = [event.bytes_total for event in rounds(events)]
    assert all(before < after for before, after in pairwise(totals))


@settings(max_examples=40, deadline=None)
@given(lanes("one"), lanes("other"), experiments)
def test_lanes_are_paired_and_do_not_disturb_each_other(one, other, experiment):
    """The same clients, the same batches: equal first epochs; and a lane beside another is the lane alone."""
    together = play(one, other, **experiment)
    first = [epochs(together, lane, 1)[0] for lane in ("one", "other")]
    if first[0].steps == first[1].steps:  # no lane stopped within the epoch
        assert len({(epoch.train_loss, epoch.variance, epoch.mean_sq_drift) for epoch in first}) == 1
    for a, b in zip(rounds(together, "one"), rounds(together, "other"), strict=True):
        assert a.clients == b.clients
    alone = [comparable(event) for event in play(one, **experiment)[1:]]
    assert [comparable(event) for event in together[1:] if event.lane == "one"] == alone


@settings(max_examples=40, deadline=None)
@given(lanes(), experiments, st.sampled_from(["sgd", "sgdm"]))
def test_the_number_a_client_goes_by_changes_nothing_but_its_luck(lane, experiment, server):
    """With one batch a client and everybody in every round there is no luck left: renumbered clients, same run.

    In float64; an adaptive server would divide rounding errors by their own size.
    """
    assume(lane.monitor != "sketch")  # float32
    runs = []
    for order in (1, -1):
        changes = experiment | {"batch_size": TRAIN, "server_optimizer": server, "client_dropout": 0}
        trainer = TinyTrainer(Points.drawn(TRAIN, 1, "float64"), Points.drawn(TEST, 2, "float64"))
        ready = tiny_experiment(tiny_config(lane, **changes), trainer)
        ready.partition = ready.partition[::order]
        runs.append(rounds(list(engine.run(ready))))
    for one, other in zip(*runs, strict=True):
        assert (one.reason, one.epochs) == (other.reason, other.epochs)
        assert one.test_loss == pytest.approx(other.test_loss, rel=1e-9)
        assert one.variance == pytest.approx(other.variance, rel=1e-6, abs=1e-12)
        assert one.client_sq_drift == pytest.approx(other.client_sq_drift[::-1], rel=1e-6)
