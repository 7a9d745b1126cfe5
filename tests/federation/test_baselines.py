"""Reference lanes: all data in one place, every client alone; neither sends a byte."""

import numpy as np
import pytest
import torch

from fda_core.federation.baselines import Centralised, LocalOnly, make_lane
from fda_core.federation.experiment import Score
from fda_core.settings.config import LaneSpec
from tests.helpers.tiny import comparable, epochs, fda_opt, fedopt, play, rounds, tiny_config, tiny_experiment

CENTRAL = LaneSpec(id="centralised", rule="centralised", epochs=2)
ALONE = LaneSpec(id="local-only", rule="local-only", epochs=2)
BOTH = [CENTRAL, ALONE]


@pytest.mark.parametrize("spec", BOTH, ids=lambda spec: spec.id)
def test_nothing_is_sent_and_only_steps_take_time(spec):
    """0.05 s a step; 26 examples in batches of 2 are 13 steps in one place, 4 at the largest of the clients."""
    steps = {"centralised": 13, "local-only": 4}[spec.id]
    for event in rounds(play(spec, client_dropout=0.5)):
        sent = (event.bytes_down, event.bytes_up, event.bytes_monitor, event.bytes_total)
        assert sent == (0, 0, 0, 0)
        assert (event.epochs, event.reason, event.dropped) == (2, "fixed-schedule", [])
        assert event.client_steps == [2 * steps] * len(event.clients)
        assert event.simulated_seconds == pytest.approx(event.round * 2 * steps * 0.05)


def test_centralised_training_is_fedopt_with_one_client_that_owns_everything():
    central = play(CENTRAL)
    alone = play(fedopt(2), clients=1)
    ignored = ("lane", "clients", "bytes_down", "bytes_up", "bytes_total", "simulated_seconds")
    told = [[comparable(event, *ignored) for event in rounds(events)] for events in (central, alone)]
    assert told[0] == told[1]
    assert {tuple(event.clients) for event in rounds(central)} == {("all",)}


def test_a_client_alone_goes_on_from_its_own_model():
    """Two rounds of two epochs are, client by client, what a client's own training gives."""
    experiment = tiny_experiment(tiny_config(ALONE))
    lane = LocalOnly(experiment, ALONE, experiment.score(experiment.initial))
    list(lane.play_round())
    first = lane.models.clone()
    list(lane.play_round())
    drifts = (lane.models - first).double().square().sum(1)
    played = list(lane.play_round())[-1]
    assert not torch.equal(lane.models[0], lane.models[1])
    assert played.clients == ["0", "1", "2", "3"]
    assert (drifts > 0).all()


def test_the_score_of_clients_alone_is_the_mean_of_their_scores():
    experiment = tiny_experiment(tiny_config(ALONE))
    lane = LocalOnly(experiment, ALONE, experiment.score(experiment.initial))
    event = list(lane.play_round())[-1]
    scores = [experiment.score(model) for model in lane.models]
    assert event.accuracy == pytest.approx(np.mean([score.accuracy for score in scores]))
    assert event.test_loss == pytest.approx(np.mean([score.test_loss for score in scores]))
    assert len({score.test_loss for score in scores}) == 4


def test_with_a_sample_the_first_round_s_clients_train_on():
    events = play(fedopt(1), ALONE, clients_per_round=2, rounds=5)
    assert {tuple(event.clients) for event in rounds(events, "local-only")} == {
        tuple(rounds(events, "fedopt")[0].clients)
    }


def test_reference_lanes_leave_the_others_alone():
    alone = [comparable(event) for event in play(fda_opt(5))[1:]]
    beside = play(CENTRAL, fda_opt(5), ALONE)[1:]
    assert [comparable(event) for event in beside if event.lane == "fda-opt"] == alone
    assert epochs(beside, "centralised") and epochs(beside, "local-only")


def test_the_engine_makes_the_lane_a_spec_names():
    experiment = tiny_experiment(tiny_config(*BOTH))
    assert isinstance(make_lane(experiment, CENTRAL, experiment.score(experiment.initial)), Centralised)
    assert isinstance(make_lane(experiment, ALONE, experiment.score(experiment.initial)), LocalOnly)


@pytest.mark.parametrize(("measured", "mean"), [([None] * 2, None), ([0.2, 0.4], 0.3)])
def test_a_measure_that_the_data_has_not_is_not_averaged(monkeypatch, measured, mean):
    experiment = tiny_experiment(tiny_config(ALONE, clients_per_round=2))
    lane = LocalOnly(experiment, ALONE, experiment.score(experiment.initial))
    scores = iter([Score(0.5, 0.75, mcc) for mcc in measured])
    monkeypatch.setattr(experiment, "score", lambda model: next(scores))
    found = lane.score()
    assert (found.test_loss, found.accuracy) == (0.5, 0.75)
    assert found.mcc == (mean if mean is None else pytest.approx(mean))
