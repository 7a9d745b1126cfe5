"""Time, bytes and money against sums done by hand, and what must hold whatever the network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fda_core.algorithm.events import Round
from fda_core.algorithm.network import Network
from fda_core.analysis.summary import started
from fda_core.cost.network_bill import BreakEven, Scenario, Within, at_budget, bills, break_even, on, times, trips
from fda_core.runs.recorded import recorded
from fda_core.settings.config import Link, Target
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import a_round, an_epoch

LINK = Link(uplink_mbit=8, downlink_mbit=16, rtt_ms=100, step_seconds=0.5, price_per_gb=2.0, spread=0.7)
PAYLOAD = 1_000_000
SCENARIO = Scenario(LINK, PAYLOAD)


@pytest.fixture(scope="module")
def events():
    """FedOpt: two rounds of one epoch. FDA-OPT: a round of one epoch, a round of two; clients differ in their links."""
    met = {"accuracy": 0.9}
    state = {"checks": 1, "bytes_monitor_up": 2 * 4000}
    return [
        begun(clients=4, seed=3, target=Target(metric="accuracy", value=0.8)),
        an_epoch(steps=3), a_round(clients=["0", "2"], **met), an_epoch(number=2, steps=5),
        a_round(number=2, clients=["1", "3"], **met),
        an_epoch("fda-opt", steps=3, **state), a_round("fda-opt", clients=["0", "2"], **met),
        an_epoch("fda-opt", 2, 1, steps=5, **state), an_epoch("fda-opt", 2, 2, steps=5, **state),
        a_round("fda-opt", 2, clients=["1", "3"], epochs=2, **met),
    ]  # fmt: skip


def by_hand(events, lane: str, speed: float = 1.0, device: float = 1.0) -> float:
    """A second way to the same seconds: client by client, barrier by barrier."""
    network = Network.of(LINK, 4, 3)
    down = [PAYLOAD / (network.down[k] * speed) for k in range(4)]
    up = [PAYLOAD / (network.up[k] * speed) for k in range(4)]
    state = [4000 / (network.up[k] * speed) for k in range(4)]
    step, rtt = 0.5 * device, 0.1
    if lane == "fedopt":
        first = max(down[k] + 3 * step + up[k] for k in (0, 2)) + rtt
        return first + max(down[k] + 5 * step + up[k] for k in (1, 3)) + rtt
    first = max(down[k] + 3 * step + state[k] for k in (0, 2)) + rtt + max(up[k] for k in (0, 2)) + rtt
    second = max(down[k] + 5 * step + state[k] for k in (1, 3)) + rtt
    return first + second + max(5 * step + state[k] for k in (1, 3)) + rtt + max(up[k] for k in (1, 3)) + rtt


@pytest.mark.parametrize(("speed", "device"), [(1.0, 1.0), (0.05, 1.0), (20.0, 8.0)])
@pytest.mark.parametrize("lane", ["fedopt", "fda-opt"])
def test_three_cells_of_the_map_by_hand(events, lane, speed, device):
    found = times(events, lane, SCENARIO, np.array([speed]), np.array([device]))
    assert found[0] == pytest.approx(by_hand(events, lane, speed, device), rel=1e-12)


def test_a_bill_by_hand(events):
    fedopt, fda = bills(events, SCENARIO)
    assert (fedopt.lane, fedopt.reached, fedopt.rounds, fedopt.local_epochs) == ("fedopt", True, 2, 2)
    assert fedopt.bytes == 2 * 2 * 2 * PAYLOAD
    assert fda.bytes == 2 * 2 * 2 * PAYLOAD + 3 * 2 * 4001
    assert fedopt.dollars == pytest.approx(fedopt.bytes / 1e9 * 2.0)
    assert fedopt.seconds == pytest.approx(by_hand(events, "fedopt"))
    assert fda.seconds == pytest.approx(by_hand(events, "fda-opt"))


@pytest.mark.parametrize("name", ["alpha-1", "alpha-10"])
def test_a_run_s_own_link_gives_its_own_clock_and_bytes(name):
    run = recorded(name)
    scenario = Scenario(run.config.link, started(run.events).facts["model_bytes"])
    for bill in bills(run.events, scenario):
        rounds = [event for event in run.events if isinstance(event, Round) and event.lane == bill.lane]
        last = rounds[bill.rounds - 1]
        assert bill.bytes == last.bytes_total
        assert bill.seconds == pytest.approx(last.simulated_seconds, rel=1e-9)


def test_the_server_s_line_is_shared(events):
    """Two clients' megabyte each way through 0.8 Mbit/s: 20 s down and 20 s up a round, slower than any client here."""
    slow = Scenario(LINK.model_copy(update={"spread": 0.0}), PAYLOAD, server_mbit=0.8)
    [fedopt, _] = bills(events, slow)
    assert fedopt.seconds == pytest.approx(2 * (20 + 20) + (3 + 5) * 0.5 + 2 * 0.1)


def test_more_sites_move_more_bytes_in_the_same_time(events):
    [one, _], [ten, _] = bills(events, SCENARIO), bills(events, Scenario(LINK, PAYLOAD, scale=10))
    assert ten.bytes == 10 * one.bytes and ten.dollars == pytest.approx(10 * one.dollars) and ten.seconds == one.seconds


@given(uplink=st.floats(0.01, 1e4), factor=st.floats(1.01, 100))
@settings(max_examples=25, deadline=None)
def test_a_faster_line_never_takes_longer_and_moves_the_same(events, uplink, factor):
    slow, fast = (
        bills(events, on(SCENARIO, uplink_mbit=u, downlink_mbit=2 * u)) for u in (uplink, min(1e6, uplink * factor))
    )
    for a, b in zip(slow, fast, strict=True):
        assert b.seconds <= a.seconds and a.bytes == b.bytes


def test_at_the_break_even_both_take_equally_long():
    run = recorded("alpha-1")
    scenario = Scenario(run.config.link, started(run.events).facts["model_bytes"])
    found = break_even(run.events, "fda-opt", "fedopt-e1", scenario)
    assert (found.slow, found.fast) == (True, False)
    speed = np.array([found.uplink / scenario.link.uplink_mbit])
    ours, theirs = (times(run.events, lane, scenario, speed, np.ones(1))[0] for lane in ("fda-opt", "fedopt-e1"))
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_a_lane_that_never_reached_the_target_has_no_break_even(events):
    missed = [event for event in events if getattr(event, "lane", "") != "fda-opt"]
    assert break_even(missed, "fda-opt", "fedopt", SCENARIO) is None
    assert times(missed, "fda-opt", SCENARIO, np.ones(1), np.ones(1)) is None


def test_a_lane_against_itself_is_never_ahead(events):
    assert break_even(events, "fedopt", "fedopt", SCENARIO) == BreakEven(None, False, False)


def test_a_long_schedule_wins_on_slow_lines_and_loses_on_fast_ones():
    """It sends less and trains more: the advantage of FDA-OPT is on the other side of the line."""
    run = recorded("schedules-0")
    scenario = Scenario(run.config.link, started(run.events).facts["model_bytes"])
    found = break_even(run.events, "fda-opt", "fedopt-e20", scenario)
    assert (found.slow, found.fast) == (False, True)
    uplinks = np.array([found.uplink / 2, found.uplink * 2]) / scenario.link.uplink_mbit
    ours, theirs = (times(run.events, lane, scenario, uplinks, 1.0) for lane in ("fda-opt", "fedopt-e20"))
    assert (ours < theirs).tolist() == [False, True]


def test_the_last_round_within_a_budget(events):
    found = at_budget(events, SCENARIO, 4e6)  # one round of FedOpt to the byte, none of FDA-OPT
    assert found["fedopt"].last.round == 1 and found["fda-opt"].last is None
    assert [lane.ended for lane in found.values()] == [None, None]


def test_a_lane_that_ended_before_the_budget_was_spent_says_so(events):
    """Who reads what a method is worth for 200 GB must not take it for that where the run sent 8 MB."""
    whole = at_budget(events, SCENARIO, 8e6)["fedopt"]
    assert (whole.last.round, whole.ended) == (2, None)
    assert at_budget(events, SCENARIO, 200e9)["fedopt"] == Within(whole.last, 8e6)


def test_every_round_is_a_trip(events):
    assert [trip.segments for trip in trips(events, "fda-opt")] == [[3], [5, 5]]
    assert [trip.state for trip in trips(events, "fda-opt")] == [4000, 4000]
    assert [trip.state for trip in trips(events, "fedopt")] == [None, None]
