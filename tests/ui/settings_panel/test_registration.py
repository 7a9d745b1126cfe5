"""A row in a registry is on the page: offered in the controls, priced, named; without words by its plain name."""

import pytest

from fda_core.cost.estimate import estimate
from fda_core.models.payload import trainable
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec
from tests.cost.test_estimate import TIMINGS
from tests.helpers.fake import fast_config, reach
from tests.helpers.registered import CLIENT, MONITOR, RULE, SERVER, throw_aways
from tests.helpers.widgets import chosen_in
from tests.ui.settings_panel.test_controls import collected, drawn
from ui.state.choice import widget_key
from ui.text import sentences
from ui.text.i18n import catalogue
from ui.views.race import cost_line, held_equal

LANE = {"id": "fda-second-epoch", "rule": RULE.name, "max_epochs": 10, "monitor": MONITOR.name}
METHOD = {"server_optimizer": SERVER.name, "client_optimizer": CLIENT.name}


@pytest.fixture(autouse=True)
def registered():
    with throw_aways():
        yield


def test_the_controls_offer_it_by_its_name():
    page = drawn(presets.build())
    assert RULE.name in chosen_in(page.radio, "mode").options
    for key, row in (("server", SERVER), ("client_optimizer", CLIENT), ("monitor", MONITOR)):
        assert chosen_in(page.selectbox, key).options[-1] == row.name


def test_what_is_chosen_becomes_the_configuration():
    page = drawn(presets.build())
    chosen_in(page.radio, "mode").set_value(RULE.name)
    for key, row in (("server", SERVER), ("client_optimizer", CLIENT), ("monitor", MONITOR)):
        chosen_in(page.selectbox, key).set_value(row.name)
    page.run()
    config = collected(page)
    assert (config.server_optimizer, config.server_lr, config.client_optimizer) == (SERVER.name, SERVER.lr, CLIENT.name)
    assert config.lanes[-1] == LaneSpec(**LANE)
    assert "theta" not in [slider.key for slider in page.select_slider]  # it finds its own


def test_a_configuration_with_it_comes_out_as_it_went_in():
    config = presets.build({"lanes": [{"id": "a", "rule": "schedule", "epochs": 1}, LANE], **METHOD})
    assert collected(drawn(config)) == config


def test_the_race_page_opens_its_link_starts_it_and_prices_it(visit, runner, fake):
    page = visit(server_optimizer=SERVER.name, server_lr=str(SERVER.lr), rounds="2")
    assert not page.exception and not page.error
    assert chosen_in(page.selectbox, "server").value == SERVER.name
    config = presets.build({"server_optimizer": SERVER.name, "rounds": 2})
    assert cost_line.sentence(estimate(config, trainable(config))) in " ".join(each.value for each in page.caption)
    fake.let_go()
    run_id = runner.start(
        fast_config(lanes=[LaneSpec(id="fedopt", rule="schedule", epochs=1), LaneSpec(**LANE)], **METHOD)
    )
    reach(runner, run_id, "finished")
    for name in ("race", "inside"):
        page = visit(name, run=run_id)
        assert not page.exception


def test_lanes_are_called_by_method_and_server_or_by_the_plain_name():
    plain = ExperimentConfig(lanes=[LANE])
    assert sentences.lane_labels(plain)[LANE["id"]] == f"{RULE.name} ({MONITOR.name})"
    served = ExperimentConfig(lanes=[LANE, {"id": "fedopt", "rule": "schedule", "epochs": 1}], **METHOD)
    assert sentences.lane_labels(served)["fedopt"] == "FedRMSprop E=1"
    assert sentences.lane_labels(served)[LANE["id"]].startswith("FDA-RMSprop")
    assert held_equal.when(LaneSpec(**LANE)) == RULE.name


def test_with_words_it_is_called_by_them(monkeypatch):
    monkeypatch.setitem(catalogue("en"), f"settings.server_{SERVER.name}", "RMSprop (ours)")
    assert drawn(presets.build()).selectbox(key=widget_key("server")).options[-1] == "RMSprop (ours)"


def test_the_cost_s_rows_have_it():
    config = presets.build({"lanes": [LANE]})
    known = estimate(config, trainable(config), TIMINGS)
    assert known.lanes[0].epochs.likely == 2 * config.rounds
