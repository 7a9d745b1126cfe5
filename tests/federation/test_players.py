"""Lanes that play at the same time: the same run as one after the other, and a reader who stays in command."""

import gc
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import replace

import pytest
import torch

from fda_core.federation import engine, players
from fda_core.federation.resumption import Resumption
from fda_core.settings.config import LaneSpec
from fda_core.support.errors import Cancelled
from tests.federation.test_resumption import json_and_tensors
from tests.helpers.tiers import tiered
from tests.helpers.tiny import (
    TinyTrainer,
    comparable,
    fda_opt,
    fedopt,
    fixed,
    rounds,
    smoothed,
    tiny_config,
    tiny_experiment,
)

LANES = (
    fedopt(1), fedopt(5, id="control"), fda_opt(5), fixed(0.1, 4, id="fixed"), smoothed(6, id="smoothed"),
    LaneSpec(id="all", rule="centralised", epochs=1), LaneSpec(id="alone", rule="local-only", epochs=1),
)  # fmt: skip


@pytest.fixture(params=tiered([2, 4], [2], "slow"))
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def played(together: bool, resumption=None, **changes):
    """Events and checkpoints in their order."""
    trainer, kept = TinyTrainer(concurrent=together), []
    experiment = tiny_experiment(tiny_config(*LANES, **changes), trainer)

    def keep(lane, checkpoint):
        kept.append((lane, checkpoint.round, str(json_and_tensors(checkpoint.state))))

    return [comparable(event) for event in engine.run(experiment, keep, resumption)], kept


@pytest.mark.parametrize("changes", [
    {"rounds": 8}, {"rounds": 6, "client_dropout": 0.2, "server_optimizer": "adam", "server_lr": 0.05},
    {"local_epochs": 7},
], ids=["rounds", "dropout", "local epochs"])  # fmt: skip
def test_lanes_at_once_are_the_same_run_as_one_after_the_other(threads, changes):
    assert played(True, **changes) == played(False, **changes)


def test_a_resumed_run_is_the_same_too(threads):
    resumption = Resumption({lane.id: 0 for lane in LANES}, ended=frozenset({"control"}))
    assert played(True, resumption, rounds=4) == played(False, resumption, rounds=4)


def test_after_the_run_torch_has_its_threads_again_and_none_of_ours_is_left(threads):
    played(True, rounds=2)
    found = []
    other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert (torch.get_num_threads(), found) == (threads, [threads])
    assert not of_lanes()


def test_a_pause_holds_up_every_lane(threads):
    trainer = Counting()
    paused, pausing = threading.Event(), threading.Event()

    def tick():
        if pausing.is_set():
            paused.set()
            while pausing.is_set():
                time.sleep(0.005)

    running = replace(tiny_experiment(tiny_config(*LANES, rounds=30), trainer), tick=tick)
    reader = threading.Thread(target=lambda: list(engine.run(running)))
    reader.start()
    while trainer.steps < 50:
        time.sleep(0.001)
    pausing.set()
    assert paused.wait(10)
    time.sleep(0.05)  # steps that had begun
    before = trainer.steps
    time.sleep(0.2)
    assert trainer.steps == before
    pausing.clear()
    reader.join()
    assert trainer.steps > before


def test_whoever_does_not_read_on_pauses_the_lanes_too(threads):
    trainer = Counting()
    experiment = tiny_experiment(tiny_config(*LANES, rounds=1000), trainer)
    run = engine.run(experiment)
    for _ in range(3):
        next(run)
    deadline = time.monotonic() + 20
    before = -1
    while trainer.steps != before and time.monotonic() < deadline:
        before = trainer.steps
        time.sleep(0.3)
    assert trainer.steps == before
    run.close()
    assert not of_lanes()


def test_a_stop_reaches_the_reader_and_ends_the_threads(threads):
    allowed = iter(range(40))

    def tick():
        if next(allowed, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.run(replace(tiny_experiment(tiny_config(*LANES, rounds=1000), Counting()), tick=tick)))
    assert not of_lanes()


def test_what_fails_in_a_lane_fails_where_its_events_are_read(threads):
    seen = []
    with pytest.raises(ZeroDivisionError):
        for event in engine.run(tiny_experiment(tiny_config(*LANES, rounds=1000), Counting(fails_after=300))):
            seen.append(event)
    assert rounds(seen)
    assert not of_lanes()


@pytest.mark.parametrize("fails_after", [float("inf"), 300])
def test_a_run_that_stops_or_fails_lets_go_of_its_texts_and_weights(threads, fails_after):
    """Python's collector would let a quarter of a gigabyte of the default race wait for it while the next is loaded."""
    gc.disable()
    try:
        held = weakref.ref(trainer := Counting(fails_after))
        run = engine.run(tiny_experiment(tiny_config(*LANES, rounds=1000), trainer))
        del trainer
        with suppress(ZeroDivisionError):
            for _ in range(2000 if fails_after == 300 else 3):
                next(run)
        run.close()
        assert held() is None
    finally:
        gc.enable()


def test_a_trainer_that_is_one_model_plays_one_lane_after_the_other(threads):
    assert isinstance(players.players(tiny_experiment(tiny_config(*LANES))), players.InTurn)


class Counting(TinyTrainer):
    """Counts the local steps of all lanes, and breaks after some."""

    def __init__(self, fails_after: float = float("inf")):
        super().__init__(concurrent=True)
        self.steps, self.fails_after = 0, fails_after

    def gradients(self, weights, rows, mask, out):
        self.steps += 1
        if self.steps > self.fails_after:
            raise ZeroDivisionError
        return super().gradients(weights, rows, mask, out)


def of_lanes() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fda-opt-lane"]
