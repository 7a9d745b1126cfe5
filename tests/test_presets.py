"""Named experiments, and settings laid over them."""

import pytest

from fda_core import presets
from fda_core.config import SERVER_LR


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
        pytest.param({"server_optimizer": "sgd"}, SERVER_LR["sgd"], id="another optimiser brings its own"),
        pytest.param({"server_optimizer": "sgd", "server_lr": 0.5}, 0.5, id="unless a rate is given"),
        pytest.param({"server_lr": 0.5}, 0.5, id="another rate alone"),
    ],
)
def test_a_rate_belongs_to_the_optimiser_it_was_found_for(slow, changes, rate):
    assert slow(changes).server_lr == rate
