"""How long an exchange may take: who is slower costs the round its share, and no more."""

import json

import numpy as np
import pytest

from fda_flower import Fda, FdaAvg, LabRecord, fda_mod
from tests.flower import tiny_app
from tests.flower.local_grid import LocalGrid
from tests.flower.test_faults import BEFORE, LOST, ROUND, UPLOAD, at, lost, run, victim
from tests.flower.test_round import CLIENTS, MOST, model, numbers, play

DEADLINE, TIMEOUT = 5, 77


def slow(moment):
    """The victim takes a second too long in one moment of a round."""
    return lambda message: DEADLINE + 1 if at(moment, message) else DEADLINE - 1


def asked(deadline) -> set:
    """Kinds of exchanges, and the seconds that they were given, in a run whose strategy has a timeout of its own."""
    local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    strategy = FdaAvg(fda=Fda(max_epochs=3, deadline=deadline), min_train_nodes=CLIENTS, min_available_nodes=CLIENTS)
    strategy.start(local, tiny_app.initial(), 3, timeout=TIMEOUT, train_config=tiny_app.config())
    return set(local.timeouts)


def test_exchanges_of_training_have_the_deadline_and_all_others_the_strategy_s_timeout():
    assert asked(DEADLINE) == {("train", DEADLINE), ("evaluate", TIMEOUT)}
    assert asked(None) == {("train", TIMEOUT), ("evaluate", TIMEOUT)}


@pytest.mark.parametrize("moment", [BEFORE, UPLOAD])
def test_a_slow_node_costs_its_share_of_the_round_and_is_back_in_the_next(moment):
    fda = Fda(max_epochs=MOST, deadline=DEADLINE)
    rounds, result, _ = run(None, takes=slow(moment), fda=fda)
    assert lost(rounds) == LOST
    assert [c.problem for c in rounds[ROUND - 1].clients if c.problem] == [f"no answer within {DEADLINE} s"]
    silent, other, _ = run(lambda message, reply: [] if at(moment, message) else [reply])
    assert numbers(rounds) == numbers(silent) and np.array_equal(model(result), model(other))


def test_who_is_slow_but_in_time_costs_nothing():
    rounds, result, _ = run(None, takes=lambda _: DEADLINE, fda=Fda(max_epochs=MOST, deadline=DEADLINE))
    healthy, other, _ = play()
    assert numbers(rounds) == numbers(healthy) and np.array_equal(model(result), model(other))


def test_a_node_that_is_always_too_slow_is_out_of_every_round_and_the_record_says_so(tmp_path):
    folder, fda = tmp_path / "20261127-120000-abcdef", Fda(max_epochs=3, deadline=DEADLINE)
    local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS, takes=lambda message: 2 * DEADLINE * victim(message))
    victim.node = next(iter(local.contexts))
    with LabRecord(folder, {"fda-opt": fda}, CLIENTS, CLIENTS, 3) as record:
        watcher = record.watch("fda-opt")
        strategy = FdaAvg(fda=fda, watcher=watcher, min_train_nodes=CLIENTS, min_available_nodes=CLIENTS)
        strategy.start(local, tiny_app.initial(), 3, train_config=tiny_app.config())
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    rounds = [event for event in events if event["event"] == "round"]
    assert [(sorted(each["clients"]), each["dropped"]) for each in rounds] == [(["0", "1", "2", "3"], ["0"])] * 3
    assert {each["bytes_up"] * CLIENTS for each in rounds} == {each["bytes_down"] * 3 for each in rounds}
