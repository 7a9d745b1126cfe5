"""A lane resumed from its checkpoint plays on exactly as the one that was never interrupted."""

import json
import os
from itertools import product

import pytest
import torch

from fda_core.algorithm.checkpoint import Checkpoint, CheckpointError, load, save
from fda_core.federation import engine
from fda_core.federation.resumption import Resumption
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import MONITORS, SERVERS
from tests.helpers.tiny import (
    comparable,
    fda_opt,
    fedopt,
    fixed,
    rounds,
    smoothed,
    tapered,
    tiny_config,
    tiny_experiment,
)

LANES = {
    "FedOpt": fedopt(2),
    "FDA": fixed(0.1, 4, check="step"),
    **{f"FDA-OPT {monitor}": fda_opt(6, monitor=monitor) for monitor in MONITORS},
    "smoothed": smoothed(6),
    "tapered": tapered(6),
    "centralised": LaneSpec(id="all", rule="centralised", epochs=1),
    "local-only": LaneSpec(id="alone", rule="local-only", epochs=1),
}
ROUNDS = 6


def played(config, stop_after=None, resumption=None):
    """Events, and the checkpoints that were kept, by lane; `stop_after` rounds the process is gone."""
    events, kept = [], {}
    for event in engine.run(
        tiny_experiment(config), kept.__setitem__ if stop_after is None else keep_copy(kept), resumption
    ):
        events.append(event)
        if stop_after is not None and len(rounds(events)) > stop_after:
            break  # this round's checkpoint is not there yet
    return events, kept


def keep_copy(kept):
    """What a file would hold: later rounds cannot change it."""

    def keep(lane, checkpoint):
        kept[lane] = Checkpoint(checkpoint.round, json_and_tensors(checkpoint.state))

    return keep


def json_and_tensors(state):
    return {
        name: json_and_tensors(value) if isinstance(value, dict)
        else value.clone() if isinstance(value, torch.Tensor) else json.loads(json.dumps(value))
        for name, value in state.items()
    }  # fmt: skip


def later(events, lane: str, after: int) -> list[dict]:
    return [comparable(e) for e in events if getattr(e, "lane", None) == lane and getattr(e, "round", 99) > after]


@pytest.mark.parametrize(("name", "server"), [*product(LANES, ["sgd"]), *product(["FDA-OPT exact"], SERVERS)])
def test_the_later_events_are_those_of_an_uninterrupted_run(name, server):
    lane = LANES[name]
    config = tiny_config(
        lane, fedopt(1, id="other"), rounds=ROUNDS, clients_per_round=2, server_optimizer=server, client_dropout=0.1
    )
    whole, _ = played(config)
    _, kept = played(config, stop_after=8)
    recorded = {id: checkpoint.round for id, checkpoint in kept.items()}
    assert recorded[lane.id] >= 2, "the interruption came too early to mean anything"
    resumed, _ = played(config, resumption=Resumption(recorded, frozenset(), kept))
    assert resumed[0].event == "run_resumed" and resumed[0].from_round == recorded
    for id, round in recorded.items():
        assert later(resumed, id, round) == later(whole, id, round) != []
    order = [(event.lane, event.round) for event in rounds(whole)]
    assert [(event.lane, event.round) for event in rounds(resumed)] == order[sum(recorded.values()) :]


def test_a_lane_without_a_checkpoint_begins_again_and_one_that_has_ended_is_left_alone():
    config = tiny_config(fedopt(1, id="first"), fedopt(2, id="second"), fda_opt(4), rounds=3)
    whole, kept = played(config)
    del kept["fda-opt"]
    resumption = Resumption({"first": 3, "second": 3, "fda-opt": 1}, frozenset({"first"}), kept)
    resumed, _ = played(config, resumption=resumption)
    assert not later(resumed, "first", 0)
    # The end of the second lane was not on record, all its rounds were.
    assert [event.event for event in resumed if getattr(event, "lane", "") == "second"] == ["lane_finished"]
    assert later(resumed, "fda-opt", 0) == later(whole, "fda-opt", 0)


@pytest.fixture
def checkpoint():
    state = {
        "server": {"weights": torch.arange(3.0), "moments": {"step": torch.tensor(2.0)}},
        "rule": {"threshold": float("-inf"), "slope": None},
        "clock": 1 / 3,
    }
    return Checkpoint(7, state)


def test_a_checkpoint_comes_back_from_disk_as_it_was(checkpoint, tmp_path):
    save(checkpoint, tmp_path / "checkpoints" / "fda-opt.safetensors")
    found = load(tmp_path / "checkpoints" / "fda-opt.safetensors")
    assert found.round == 7
    assert found.state["server"]["weights"].tolist() == [0, 1, 2] and found.state["server"]["moments"]["step"] == 2
    assert found.state["rule"] == checkpoint.state["rule"] and found.state["clock"] == 1 / 3
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["fda-opt.safetensors"]


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: b"", lambda data: b"{}" * 50, None])
def test_a_damaged_or_missing_checkpoint_is_said_to_be_one(checkpoint, tmp_path, damage):
    file = tmp_path / "lane.safetensors"
    if damage:
        save(checkpoint, file)
        file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CheckpointError, match="not a checkpoint that can be used"):
        load(file)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(checkpoint, tmp_path, monkeypatch):
    file = tmp_path / "lane.safetensors"
    save(checkpoint, file)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="cannot be written"):
        save(Checkpoint(8, checkpoint.state), file)
    assert load(file).round == 7
    assert list(tmp_path.iterdir()) == [file]
