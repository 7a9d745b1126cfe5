"""The settings: whatever configuration goes into the widgets comes out of them again, and nothing breaks them."""

import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.settings.fields import THETAS
from tests.helpers.tiers import tiered
from tests.helpers.widgets import chosen_in
from ui.settings_panel.controls import make_lanes, mark_words, ruler

E3 = LaneSpec(id="slow", rule="schedule", epochs=3)
EXACT = LaneSpec(id="fda-exact", rule="adaptive", max_epochs=10, monitor="exact")
FIXED = {"epochs": 1, "max_epochs": 10, "mode": "fixed"}

ODD = {
    "alpha beside the steps": {"alpha": 0.37},
    "alpha very large": {"alpha": 1e6},
    "alpha very small": {"alpha": 1e-6},
    "everybody each round": {"clients": 10, "clients_per_round": None},
    "one client": {"clients": 1, "clients_per_round": 1},
    "300 clients": {"clients": 300, "clients_per_round": 30},
    "1000 clients": {"clients": 1000, "clients_per_round": 1000},
    "few examples": {"train_examples": 200, "test_examples": 100, "clients": 10, "clients_per_round": 4},
    "largest seed": {"seed": 2**31 - 1},
    "most rounds": {"rounds": 10_000},
    "rate beside the steps": {"client_lr": 0.07},
    "absurd rate": {"client_lr": 1e6},
    "small server rate": {"server_lr": 1e-5},
    "large server rate": {"server_lr": 1000.0},
    "adam": {"server_optimizer": "adam", "server_lr": 0.002},
    "goal is a loss": {"target": {"metric": "test_loss", "value": 0.55}},
    "link of its own": {"link": {"uplink_mbit": 7, "spread": 0.5, "price_per_gb": 2}},
    "preset link, own device": {"link": {"uplink_mbit": 3, "downlink_mbit": 25, "rtt_ms": 600, "step_seconds": 1}},
    "lanes of its own": {"lanes": (E3, EXACT)},
    "FDA alone": {"lanes": (EXACT,)},
    "FedOpt alone": {"lanes": (E3,)},
    "E = M/2": {"lanes": make_lanes(5, 10, "adaptive", 0.3)},
    "largest E and M": {"lanes": make_lanes(100, 200, "adaptive", 0.3)},
    "smoothed": {"lanes": make_lanes(1, 8, "smoothed", 0.3)},
    "every step, linear": {"lanes": make_lanes(**FIXED, theta=0.3, check="step", monitor="linear")},
    "exact": {"lanes": make_lanes(1, 10, "adaptive", None, monitor="exact")},
    "lanes with references": {"lanes": (E3, LaneSpec(id="all", rule="centralised", epochs=1), EXACT)},
    "clients": {"client_optimizer": "adamw", "weighting": "examples", "client_dropout": 0.995},
    "cap of local epochs": {"local_epochs": 50},
    "smallest E and M": {"lanes": make_lanes(1, 1, "adaptive", 0.3)},
    "fixed threshold": {"lanes": make_lanes(**FIXED, theta=0.3)},
    "threshold 0": {"lanes": make_lanes(**FIXED, theta=0.0)},
    "threshold without end": {"lanes": make_lanes(**FIXED, theta=math.inf)},
    "adapters": {"lora": {"rank": 4, "targets": ("q_lin", "k_lin")}},
    "adapters with numbers beside the steps": {"lora": {"rank": 5, "alpha": 3.5, "layers": 6, "targets": ("out_lin",)}},
    "the head alone": {"model": "minilm-bert", "trained": "head"},
    "the last layers": {"trained": "last", "trained_layers": 3},
    "everything of a model of the hub": {"model": "somebody/some-model", "trained": "full"},
    "adapters deep in a model of the hub": {"model": "somebody/some-model", "lora": {"layers": 40}},
    "a folder that is not offered": {"model": "folder:mine"},
}

# What most of the widgets have to cope with, in the default tier also when it is drawn again.
VERY_ODD = ("one client", "link of its own", "threshold without end", "adapters with numbers beside the steps")


def script():
    import streamlit as st

    from fda_core.settings.config import ExperimentConfig
    from ui.settings_panel import adoption, controls

    if "base" not in st.session_state:
        adoption.adopt(ExperimentConfig(**st.session_state.given))
        if "typed" in st.session_state:
            st.session_state.client_lr = st.session_state.typed
    st.session_state.collected = controls.settings(frozen=False, measured=lambda config: ())


def drawn(config: ExperimentConfig, typed: str | None = None) -> AppTest:
    """The settings in a script of their own, with a rate that AppTest's own widget cannot type."""
    page = AppTest.from_function(script, default_timeout=60)
    page.session_state["given"] = config.to_dict()
    if typed is not None:
        page.session_state["typed"] = typed
    return page.run()


def collected(page: AppTest) -> ExperimentConfig | None:
    assert not page.exception
    return page.session_state["collected"]


def of(changes: dict) -> ExperimentConfig:
    return presets.build(changes)


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_comes_out_as_it_went_in(name):
    config = presets.build(preset=name)
    assert collected(drawn(config)) == config


@pytest.mark.parametrize("name", tiered(ODD, VERY_ODD, "slow"))
def test_an_odd_configuration_comes_out_as_it_went_in_drawn_again_too_and_a_preset_replaces_it(name):
    page = drawn(of(ODD[name]))
    assert collected(page) == of(ODD[name])
    assert collected(page.run()) == of(ODD[name])
    chosen_in(page.selectbox, "preset").set_value("quick").run()
    assert collected(page) == presets.build(preset="quick")


@pytest.mark.parametrize(
    ("kind", "key", "value", "field", "expected"),
    [
        ("slider", "clients", 12, "clients", 12),
        ("select_slider", "alpha", 0.1, "alpha", 0.1),
        ("number_input", "cohort", 3, "clients_per_round", 3),
        ("number_input", "rounds", 7, "rounds", 7),
        ("number_input", "seed", 99, "seed", 99),
        ("number_input", "client_dropout", 0.1, "client_dropout", 0.1),
        ("selectbox", "client_optimizer", "adamw", "client_optimizer", "adamw"),
        ("selectbox", "weighting", "examples", "weighting", "examples"),
        ("number_input", "server_lr", 0.5, "server_lr", 0.5),
        ("selectbox", "client_lr", 0.2, "client_lr", 0.2),
    ],
)
def test_a_widget_changes_its_own_field_and_no_other(kind, key, value, field, expected):
    base = of({"alpha": 1.0})
    page = drawn(base)
    chosen_in(getattr(page, kind), key).set_value(value).run()
    assert collected(page) == of({"alpha": 1.0, field: expected})


def test_a_rate_may_be_typed():
    assert collected(drawn(of({}), typed="0.07")).client_lr == 0.07


@pytest.mark.parametrize("typed", ["abc", "0,05", "-1", "0", "nan", "{}"])
def test_a_rate_that_is_none_gives_one_sentence(typed):
    page = drawn(of({}), typed)
    assert collected(page) is None
    assert len(page.error) == 1 and page.error[0].value.startswith("client_lr = ")


def test_another_server_brings_its_own_rate():
    page = drawn(of({}))
    chosen_in(page.selectbox, "server").set_value("adam").run()
    assert (collected(page).server_optimizer, collected(page).server_lr) == ("adam", 0.001)


def test_another_link_keeps_price_and_devices():
    page = drawn(of({"link": {"price_per_gb": 2.0, "step_seconds": 1.0}}))
    chosen_in(page.selectbox, "link").set_value("satellite").run()
    link = collected(page).link
    assert (link.uplink_mbit, link.downlink_mbit, link.rtt_ms) == (3, 25, 600)
    assert (link.price_per_gb, link.step_seconds) == (2, 1)


def test_epochs_and_cap_make_the_lanes():
    page = drawn(of({}))
    chosen_in(page.number_input, "epochs").set_value(2)
    chosen_in(page.number_input, "max_epochs").set_value(12).run()
    assert [lane.id for lane in collected(page).lanes] == ["fedopt-e2", "fedopt-e6", "fda-opt"]


def test_a_fixed_threshold_makes_its_lane():
    page = drawn(of({}))
    chosen_in(page.radio, "mode").set_value("fixed").run()
    chosen_in(page.select_slider, "theta").set_value(THETAS[4]).run()
    assert collected(page).lanes[-1].theta == THETAS[4]


def test_every_step_and_the_monitor_can_be_chosen_and_left_again():
    page = drawn(of({}))
    assert "check" not in [box.key for box in page.selectbox]
    chosen_in(page.radio, "mode").set_value("fixed").run()
    chosen_in(page.selectbox, "check").set_value("step")
    chosen_in(page.selectbox, "monitor").set_value("naive").run()
    assert (collected(page).lanes[-1].check, collected(page).lanes[-1].monitor) == ("step", "naive")
    chosen_in(page.radio, "mode").set_value("smoothed").run()
    last = collected(page).lanes[-1]
    assert (last.id, last.rule, last.check, last.monitor) == ("fda-smoothed", "smoothed", "epoch", "naive")


def test_own_lanes_cannot_be_lost_by_a_widget():
    page = drawn(of({"lanes": (E3, EXACT)}))
    assert chosen_in(page.number_input, "epochs").disabled and chosen_in(page.number_input, "max_epochs").disabled
    assert not page.radio
    chosen_in(page.slider, "clients").set_value(20).run()
    assert collected(page).lanes == (E3, EXACT)


def test_more_clients_a_round_than_clients_is_the_cores_sentence():
    page = drawn(of({}))
    chosen_in(page.slider, "clients").set_value(5).run()
    assert collected(page) is None
    assert [error.value for error in page.error] == [
        "clients_per_round = 10 is more than clients = 5: choose a whole number from 1 to 5."
    ]


@pytest.mark.parametrize(
    ("epochs", "max_epochs", "mode", "ids"),
    [
        (1, 10, "adaptive", ["fedopt-e1", "fedopt-e5", "fda-opt"]),
        (5, 10, "adaptive", ["fedopt-e5", "fda-opt"]),
        (1, 10, "smoothed", ["fedopt-e1", "fedopt-e5", "fda-smoothed"]),
        (1, 1, "adaptive", ["fedopt-e1", "fda-opt"]),
        (3, 11, "adaptive", ["fedopt-e3", "fedopt-e5", "fda-opt"]),
        (8, 4, "adaptive", ["fedopt-e8", "fedopt-e2", "fda-opt"]),
        (1, 10, "fixed", ["fedopt-e1", "fedopt-e5", "fda-fixed"]),
        (5, 10, "fixed", ["fedopt-e5", "fda-fixed"]),
    ],
    ids=["default", "E is M/2", "smoothed", "M is 1", "odd M", "E above M", "fixed", "fixed, E is M/2"],
)
def test_lanes_of_the_settings(epochs, max_epochs, mode, ids):
    lanes = make_lanes(epochs, max_epochs, mode, 0.3)
    assert [lane.id for lane in lanes] == ids
    assert [lane.epochs for lane in lanes[:-1]] == [int(lane.removeprefix("fedopt-e")) for lane in ids[:-1]]
    assert lanes[-1].max_epochs == max_epochs
    assert lanes[-1].theta == (0.3 if mode == "fixed" else None)


def ticks(html: str) -> dict[int, float]:
    return {int(epoch): float(left) for left, epoch in re.findall(r"left:([\d.]+)%[^>]*>▲(\d+)<", html)}


def test_the_ruler_puts_a_variance_where_its_threshold_lies_on_the_slider():
    options = list(THETAS)
    found = ticks(ruler({1: THETAS[0], 5: THETAS[20], 7: THETAS[-1]}, options))
    assert found == {1: 0.0, 5: 50.0, 7: 100.0}


def test_the_ruler_leaves_out_what_lies_beside_the_slider():
    assert ticks(ruler({1: THETAS[0] / 10, 5: 1.0}, list(THETAS))).keys() == {5}


@pytest.mark.parametrize("extra", [0.0, math.inf], ids=["0", "without end"])
def test_the_ruler_stands_a_threshold_at_the_edge(extra):
    assert ticks(ruler({1: 0.1}, sorted({*THETAS, extra}))).keys() <= {1}


@pytest.mark.parametrize(
    ("marks", "half", "words"),
    [
        ({}, 5, "Run this configuration once"),
        ({1: 0.123, 5: 0.456}, 5, "Var 0.123 after 1 local epoch (▲1), 0.456 after 5 (▲5)"),
        ({1: 0.123}, 5, "Var 0.123 after 1 local epoch (▲1)."),
        ({1: 0.123}, 1, "Var 0.123 after 1 local epoch (▲1)."),
    ],
    ids=["nothing measured", "both", "first only", "M/2 is 1"],
)
def test_the_measured_variances_in_words(marks, half, words):
    assert words in mark_words(marks, half)
