"""Who plays next, when a lane ends, and what becomes of the others when one breaks."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from fda_core.algorithm.events import Round
from fda_core.federation import engine
from fda_core.settings.config import Link
from fda_core.support.errors import Cancelled
from tests.helpers.tiny import (
    BreaksBeyond,
    Scripted,
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

LANES = fedopt(1), fedopt(5, id="control"), fda_opt(5), fixed(0.1, 4)


def statuses(events) -> dict[str, str]:
    return {event.lane: event.status for event in events if event.event == "lane_finished"}


@pytest.mark.parametrize("link", [Link(), Link(spread=1), Link(step_seconds=2)], ids=["default", "spread", "slow"])
def test_the_lane_that_is_behind_goes_next_and_ties_go_by_order(link):
    clocks = {lane.id: 0.0 for lane in LANES}
    for event in rounds(play(*LANES, link=link, rounds=6)):
        # min takes the first of equals, and lanes stand in the order of the config.
        assert event.lane == min(clocks, key=clocks.get)
        clocks[event.lane] = event.simulated_seconds
        if event.round == 6:
            del clocks[event.lane]


def test_the_clock_adds_up_the_rounds_of_the_network():
    config = tiny_config(*LANES, clients_per_round=3, link=Link(spread=1))
    experiment = tiny_experiment(config)
    events = list(engine.run(experiment))
    state = {"fda-opt": 16, "fda": 16}  # the exact monitor: 4 (3 + 1) bytes
    for lane in LANES:
        clock = 0.0
        for event in rounds(events, lane.id):
            steps = [[epoch.steps] * 3 for epoch in epochs(events, lane.id, event.round)]
            clock += experiment.network.round_seconds([int(c) for c in event.clients], steps, 12, state.get(lane.id))
            assert event.simulated_seconds == pytest.approx(clock, rel=1e-12)


def test_a_slower_link_changes_the_order_but_not_the_training():
    """The clock decides who is watched first, never what is learnt."""
    told = []
    for link in (Link(), Link(uplink_mbit=0.001, spread=1)):
        events = rounds(play(*LANES, link=link))
        told.append(sorted((e.lane, e.round, e.test_loss, e.variance) for e in events))
    assert told[0] == told[1]


# accuracies of the untrained model and after rounds 1, 2, … -> round that reaches 0.8, rounds played of at most 8
TARGETS = {
    "two in a row": ([0.5, 0.8, 0.9, 0.5, 0.5, 0.5], 2, 4),
    "one is not enough": ([0.5, 0.8, 0.5, 0.8, 0.8, 0.1, 0.1], 4, 6),
    "the untrained model does not count": ([0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9], 4, 6),
    "never": ([0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5, 0.8, 0.5], None, 8),
    "too late for all the rounds after it": ([0.5] * 7 + [0.8, 0.8], 8, 8),
    "it does not move once reached": ([0.5, 0.8, 0.8, 0.8, 0.8, 0.8], 2, 4),
}


@pytest.mark.parametrize(("accuracies", "reached", "played"), TARGETS.values(), ids=TARGETS)
def test_the_target_is_two_consecutive_rounds_and_then_some(accuracies, reached, played):
    target = {"metric": "accuracy", "value": 0.8}
    events = play(trainer=Scripted(accuracies), target=target, after_target_rounds=2, rounds=8)
    assert len(rounds(events)) == played
    assert statuses(events) == {"fedopt": "cap" if reached is None else "target"}
    if reached and played < 8:
        assert events[-1].message == f"target reached in round {reached}"


@pytest.mark.parametrize(("after", "played"), [(0, 2), (1, 3), (5, 7)])
def test_a_lane_goes_on_for_the_rounds_after_the_target(after, played):
    target = {"metric": "accuracy", "value": 0.8}
    events = play(trainer=Scripted([0.5] + [0.8] * 20), target=target, after_target_rounds=after, rounds=20)
    assert len(rounds(events)) == played


def test_a_loss_target_is_reached_from_above():
    events = play(target={"metric": "test_loss", "value": 0.6}, after_target_rounds=0, rounds=50)
    losses = [event.test_loss for event in rounds(events)]
    assert statuses(events) == {"fedopt": "target"}
    assert losses[-2] <= 0.6 and losses[-1] <= 0.6
    assert not any(a <= 0.6 and b <= 0.6 for a, b in pairwise(losses[:-1]))


def test_each_lane_has_a_target_of_its_own():
    """The lane that has reached it ends; the other plays on to the cap."""
    loss = [event.test_loss for event in rounds(play(fedopt(8), rounds=3))]
    goal = {"metric": "test_loss", "value": max(loss[1:3])}
    events = play(fedopt(1), fedopt(8, id="fast"), target=goal, after_target_rounds=0, rounds=3, client_lr=0.5)
    assert statuses(events) == {"fedopt": "cap", "fast": "target"}


class Explodes(TinyTrainer):
    """Weights grow a million times a step, at different speeds, until they are infinite."""

    def gradients(self, weights, rows, mask, out):
        out.copy_(-1e6 * (weights + 1) * torch.arange(1, len(weights) + 1)[:, None])
        return torch.ones(len(weights))


class BreaksAtOnce(TinyTrainer):
    def gradients(self, weights, rows, mask, out):
        out.fill_(torch.nan)
        return torch.full((len(weights),), torch.nan)


DIVERGING = {
    "gradients that are no numbers": {"trainer": BreaksAtOnce()},
    "weights that grow to infinity": {"trainer": Explodes()},
    "a learning rate of a million": {"client_lr": 1e6},
    "a server learning rate of a million": {"server_lr": 1e6},
}


@pytest.mark.parametrize("clients", [1, 2, 4])
@pytest.mark.parametrize(
    "lane", [fedopt(3), fda_opt(5), fda_opt(5, monitor="sketch")], ids=["FedOpt", "exact", "sketch"]
)
@pytest.mark.parametrize("how", DIVERGING)
def test_a_lane_without_sense_ends_as_diverged(how, lane, clients):
    events = play(lane, clients=clients, **DIVERGING[how])
    assert statuses(events) == {lane.id: "diverged"}
    assert events[-1].event == "lane_finished" and "round 1" in events[-1].message


def test_a_broken_lane_keeps_its_rounds_and_the_others_go_on():
    """Weights grow from round to round, fastest for E = 20: a limit between its second and third round."""
    far = fedopt(20, id="far")
    free = rounds(play(far))
    lengths = [weight.norm().item() for weight in weights_of(tiny_experiment(tiny_config(far)), far, 3)]
    assert lengths == sorted(lengths)
    trainer = BreaksBeyond(length=lengths[2])
    events = play(fedopt(1), far, trainer=trainer)
    assert statuses(events) == {"far": "diverged", "fedopt": "cap"}
    kept = rounds(events, "far")
    assert [comparable(event) for event in kept] == [comparable(event) for event in free[: len(kept)]]
    assert 1 <= len(kept) < 4
    assert len(rounds(events, "fedopt")) == 4


def test_a_broken_round_is_not_counted_as_one():
    events = play(fedopt(1), trainer=BreaksAtOnce())
    assert [event.event for event in events] == ["run_started", "epoch", "lane_finished"]


class Ticks:
    """Counts the steps and cancels after some."""

    def __init__(self, allowed: float = float("inf")):
        self.seen, self.allowed = 0, allowed

    def __call__(self) -> None:
        self.seen += 1
        if self.seen > self.allowed:
            raise Cancelled


def test_tick_is_called_before_every_local_step():
    ticks = Ticks()
    events = list(engine.run(replace(tiny_experiment(tiny_config(*LANES)), tick=ticks)))
    assert ticks.seen == sum(epoch.steps for epoch in epochs(events))


def test_tick_may_cancel_and_what_came_before_stands():
    whole, seen = play(*LANES), []
    with pytest.raises(Cancelled):
        for event in engine.run(replace(tiny_experiment(tiny_config(*LANES)), tick=Ticks(allowed=30))):
            seen.append(event)
    assert [comparable(event) for event in seen] == [comparable(event) for event in whole[: len(seen)]]
    assert any(isinstance(event, Round) for event in seen)


def test_cancelling_takes_effect_before_the_first_gradient():
    class Untouched(TinyTrainer):
        def gradients(self, weights, rows, mask, out):
            raise AssertionError("trained")

    with pytest.raises(Cancelled):
        list(engine.run(replace(tiny_experiment(tiny_config(), Untouched()), tick=Ticks(allowed=0))))


def test_a_lane_ends_once_its_local_epochs_are_trained_and_may_have_a_cap_of_its_own():
    lanes = fedopt(1), fedopt(5, id="control", local_epochs=12), fedopt(2, id="two")
    events = play(*lanes, rounds=50, local_epochs=7)
    trained = {lane.id: sum(event.epochs for event in rounds(events, lane.id)) for lane in lanes}
    assert trained == {"fedopt": 7, "control": 15, "two": 8}  # no round is broken off
    assert set(statuses(events).values()) == {"cap"}
