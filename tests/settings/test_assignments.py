"""A configuration survives every one of its spellings."""

import json
import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fda_core.settings import presets
from fda_core.settings.assignments import bare, from_query, from_toml, from_words, merge, parse_value, to_query, to_toml
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.methods import SERVERS
from fda_core.support.errors import ConfigError
from tests.helpers.tiny import fda_opt, fedopt, fixed

rates = st.floats(1e-6, 1e6)
lanes = st.lists(
    st.one_of(
        st.integers(1, 100).map(fedopt),
        st.builds(fda_opt, st.integers(1, 200), monitor=st.sampled_from(["sketch", "exact"])),
        st.builds(
            fixed, st.floats(0, 1e6) | st.just(math.inf), st.integers(1, 9), server=st.sampled_from([None, "adam"])
        ),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda lane: lane.id,
)
settings_of_a_run = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**31 - 1),
        "clients": st.integers(10, 1000),
        "clients_per_round": st.none() | st.integers(1, 10),
        "server_lr": rates | st.just(1.0),
        "alpha": rates,
        "client_lr": rates,
        "server_optimizer": st.sampled_from(tuple(SERVERS)),
        "target": st.fixed_dictionaries({"metric": st.just("test_loss"), "value": st.floats(0, 100)}),
        "lora": st.fixed_dictionaries({"rank": st.integers(1, 64), "targets": st.just(["out_lin", "k_lin"])}),
        "link": st.fixed_dictionaries({"spread": st.floats(0, 2), "rtt_ms": st.floats(0, 60_000)}),
        "lanes": lanes,
    },
)
SPELLINGS = {
    "dict": lambda config: ExperimentConfig(**config.to_dict()),
    "json": lambda config: ExperimentConfig(**json.loads(json.dumps(config.to_json(), allow_nan=False))),
    "toml": lambda config: ExperimentConfig(**tomllib.loads(to_toml(config))),
    "query": lambda config: presets.build(from_query(to_query(config, presets.build()))),
    "words": lambda config: ExperimentConfig(**from_words(f"{n}={bare(v)}" for n, v in config.to_dict().items())),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=60, deadline=None)
@given(values=settings_of_a_run)
def test_a_config_survives_its_spelling(spelling, values):
    config = presets.build({"clients_per_round": 10} | values)
    assert SPELLINGS[spelling](config) == config


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"clients_per_round": None}, id="all clients, though the preset samples 10"),
        pytest.param({"server_optimizer": "adam", "server_lr": 1.0}, id="the preset's rate with another optimiser"),
        pytest.param({"link": {"spread": 0.5}, "lora": {"rank": 2}}, id="parts of two tables"),
        pytest.param({"lanes": [fixed(math.inf, 3), fedopt(2)]}, id="other lanes"),
        pytest.param({"preset": "where-it-loses", "alpha": 1.0}, id="another preset"),
    ],
)
def test_the_query_brings_back_what_differs_from_the_preset(changes):
    config = presets.build(changes)
    assert presets.build(from_query(to_query(config, presets.build(preset=config.preset)))) == config


def test_all_clients_survive_a_toml_file_though_the_preset_samples(tmp_path):
    config = presets.build({"clients_per_round": None})
    (tmp_path / "run.toml").write_text(to_toml(config), encoding="utf-8")
    assert presets.build(from_toml(tmp_path / "run.toml")).clients_per_round is None


def test_an_infinite_threshold_survives_every_spelling():
    config = presets.build({"lanes": [fixed(math.inf, 3)]})
    assert {name: spell(config).lanes[0].theta for name, spell in SPELLINGS.items()} == dict.fromkeys(
        SPELLINGS, math.inf
    )


def test_the_query_of_a_preset_is_its_name():
    assert to_query(presets.build(preset="where-it-loses"), presets.build(preset="where-it-loses")) == (
        "preset=where-it-loses"
    )


def test_the_query_names_only_what_differs():
    config = presets.build({"seed": 3, "link": {"rtt_ms": 5.0}})
    assert to_query(config, presets.build()) == "preset=default&seed=3&link.rtt_ms=5.0"


def test_a_query_can_name_another_preset():
    assert presets.build(from_query("preset=where-it-loses&seed=3")).alpha == 0.1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("inf", math.inf),
        ("none", None),
        ("adam", "adam"),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("{a = 1}", {"a": 1}),
        ("", ""),
        ("1\nclients = 2", "1\nclients = 2"),  # one value, never a second assignment
    ],
)
def test_a_value_is_toml_or_else_itself(text, value):
    assert parse_value(text) == value


@pytest.mark.parametrize("word", ["adam", "3", "none", "inf", "true", "a b", ""])
def test_a_word_comes_back_as_a_word(word):
    assert parse_value(bare(word)) == word


def test_tables_are_merged_and_lists_are_replaced():
    base = {"link": {"rtt_ms": 1, "spread": 0}, "lanes": [1, 2]}
    assert merge(base, {"link": {"spread": 2}, "lanes": [3]}) == {"link": {"rtt_ms": 1, "spread": 2}, "lanes": [3]}


def test_merging_changes_neither_part():
    base, changes = {"link": {"rtt_ms": 1}}, {"link": {"spread": 2}}
    merge(base, changes)
    assert (base, changes) == ({"link": {"rtt_ms": 1}}, {"link": {"spread": 2}})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "cannot be read", id="no such file"),
        pytest.param(b"clients = ", "not valid TOML", id="half a line"),
        pytest.param(b"\xff\xfe", "not valid TOML", id="not text"),
        pytest.param(b"clients = " + b"9" * 5000, "not valid TOML", id="a number of 5000 digits"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path, content, why):
    path = tmp_path / "run.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"run\.toml.*{why}"):
        from_toml(path)
