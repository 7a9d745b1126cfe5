"""Named experiments, and settings laid over them."""

import pytest

from fda_core.models.payload import trainable
from fda_core.settings import presets
from fda_core.settings.methods import SERVERS


@pytest.fixture
def slow(monkeypatch, tmp_path):
    """A preset of its own, whose server optimiser has a rate found for it."""
    text = 'link = {uplink_mbit = 1.0, rtt_ms = 500.0}\nserver_optimizer = "adam"\nserver_lr = 0.02\n'
    (tmp_path / "slow.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    return lambda changes: presets.build(changes, "slow")


def test_every_preset_builds_and_the_default_comes_first():
    assert presets.names()[0] == "default"
    assert [presets.build(preset=name).preset for name in presets.names()] == presets.names()


def test_a_preset_among_the_settings_wins():
    assert presets.build({"preset": "where-it-loses"}, "default").alpha == 0.1


def test_a_changed_part_leaves_the_rest_of_the_preset_s_table(slow):
    link = slow({"link": {"rtt_ms": 9}}).link
    assert (link.uplink_mbit, link.rtt_ms) == (1.0, 9.0)


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        pytest.param({}, 0.02, id="the preset's own"),
        pytest.param({"server_optimizer": "adam"}, 0.02, id="named again"),
        pytest.param({"server_optimizer": "sgd"}, SERVERS["sgd"].lr, id="another optimiser brings its own"),
        pytest.param({"server_optimizer": "sgd", "server_lr": 0.5}, 0.5, id="unless a rate is given"),
        pytest.param({"server_lr": 0.5}, 0.5, id="another rate alone"),
    ],
)
def test_a_rate_belongs_to_the_optimiser_it_was_found_for(slow, changes, rate):
    assert slow(changes).server_lr == rate


def test_the_paper_s_mrpc_experiment_is_as_published():
    """RoBERTa-base, N = K = 10, full fine-tuning, batches of 8, plain SGD, FedAvg's rates; M = 2E + 8 at E = 1."""
    paper = presets.build(preset="mrpc-roberta")
    assert (paper.model, paper.trained, paper.dataset) == ("roberta-base", "full", "glue/mrpc")
    assert paper.clients == paper.cohort_size == 10
    assert (paper.alpha, paper.batch_size, paper.weighting) == (1, 8, "equal")
    assert (paper.client_optimizer, paper.client_lr, paper.server_optimizer, paper.server_lr) == ("sgd", 1e-3, "sgd", 1)
    assert paper.target.value == pytest.approx(0.95 * 0.902, abs=1e-3)
    assert [(lane.epochs, lane.max_epochs) for lane in paper.lanes] == [(1, None), (5, None), (None, 10)]


def test_the_laptop_s_is_the_same_but_for_model_data_and_what_is_trained():
    paper, laptop = (presets.build(preset=name).to_dict() for name in ("mrpc-roberta", "mrpc-laptop"))
    differs = {name for name in paper.keys() | laptop.keys() if paper.get(name) != laptop.get(name)}
    assert differs == {"preset", "model", "trained", "dataset", "max_tokens", "client_lr", "rounds", "target"}


def test_a_preset_s_payload_is_the_paper_s():
    assert 4 * trainable(presets.build(preset="mrpc-roberta")) == pytest.approx(498.6e6, rel=1e-3)
