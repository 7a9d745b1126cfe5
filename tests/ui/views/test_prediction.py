"""A prediction and its answer: case by case from made-up numbers, then on the page."""

import pytest
import streamlit as st

from fda_core.analysis.summary import Cost, LaneSummary
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.presenter_pin import PIN
from tests.helpers.fake import fast_config, reach, reach_rounds
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.state import presenter
from ui.state.choice import widget_key
from ui.text.i18n import t
from ui.text.viewer import reading
from ui.views.race.prediction import NOBODY, answer

CONFIG = ExperimentConfig()
E1, E5, OURS = (lane.id for lane in CONFIG.lanes)
NAMES = {E1: "FedOpt E=1", E5: "FedOpt E=5", OURS: "FDA-OPT M=10"}


def lane(id: str, reached: float | None = None, spent: float = 900, status: str | None = "target") -> LaneSummary:
    """MB at the target, and MB in all."""
    cost = None if reached is None else Cost(5, 9, int(reached * 1e6), 1.0)
    return LaneSummary(id, status, Cost(20, 40, int(spent * 1e6), 1.0), 0, 0, 0, 0.7, 0.6, cost)


def missed(id: str, spent: float = 900, status: str = "cap") -> LaneSummary:
    return lane(id, None, spent, status)


CASES = {
    "right": (
        OURS, [lane(E1, 206), lane(E5, 90), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **right**, 52 MB; next came FedOpt E=5 with 90 MB.",
    ),
    "right, alone": (
        OURS, [missed(E1), missed(E5), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **right**, 52 MB; no other lane reached the target.",
    ),
    "right, beside one that diverged": (
        OURS, [missed(E1, 10, "diverged"), missed(E5), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **right**, 52 MB; no other lane reached the target.",
    ),
    "a tie that was won": (
        OURS, [lane(E1, 206), lane(E5, 54), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **as good as right**, 52 MB; FedOpt E=5 needed about as much, 54 MB.",
    ),
    "a tie that was lost": (
        OURS, [lane(E1, 206), lane(E5, 50), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **as good as right**, 52 MB; FedOpt E=5 needed about as much, 50 MB.",
    ),
    "wrong": (
        E1, [lane(E1, 206), lane(E5, 90), lane(OURS, 52)],
        "You predicted FedOpt E=1: **not this time**, it needed 206 MB and FDA-OPT M=10 only 52 MB.",
    ),
    "wrong, never there": (
        E1, [missed(E1), lane(E5, 90), missed(OURS)],
        "You predicted FedOpt E=1: **not this time**, it did not reach the target; FedOpt E=5 did with 90 MB.",
    ),
    "nobody got there": (
        OURS, [missed(E1), missed(E5), missed(OURS)],
        "You predicted FDA-OPT M=10: **not this time**, no lane reached the target.",
    ),
    "nobody, rightly": (
        NOBODY, [missed(E1), missed(E5), missed(OURS, 3, "diverged")],
        "You predicted that no lane would reach the target: **right**.",
    ),
    "nobody, wrongly": (
        NOBODY, [missed(E1), lane(E5, 90), lane(OURS, 52)],
        "You predicted that no lane would reach the target: **not this time**, FDA-OPT M=10 did with 52 MB.",
    ),
    "broken off before anybody was there": (
        OURS, [missed(E1, 9, "stopped"), missed(E5, 9, "stopped"), missed(OURS, 9, "stopped")],
        "You predicted FDA-OPT M=10: the run ended before that was decided.",
    ),
    "nobody, broken off": (
        NOBODY, [missed(E1, 9, "stopped"), missed(E5), missed(OURS)],
        "You predicted that no lane would reach the target: the run ended before that was decided.",
    ),
    "broken off, but another could have been cheaper": (
        OURS, [missed(E1, 9, "stopped"), missed(E5), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: the run ended before that was decided.",
    ),
    "broken off, too late to be cheaper": (
        OURS, [missed(E1, 60, "stopped"), missed(E5), lane(OURS, 52)],
        "You predicted FDA-OPT M=10: **right**, 52 MB; no other lane reached the target.",
    ),
    "broken off, but beaten already": (
        E1, [lane(E1, 206), missed(E5, 9, "stopped"), lane(OURS, 52)],
        "You predicted FedOpt E=1: **not this time**, it needed 206 MB and FDA-OPT M=10 only 52 MB.",
    ),
    "interrupted": (
        OURS, [missed(E1, 9, None), lane(E5, 52), missed(OURS, 9, None)],
        "You predicted FDA-OPT M=10: the run ended before that was decided.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("choice", "lanes", "expected"), CASES.values(), ids=CASES)
def test_the_answer(choice, lanes, expected):
    assert answer(CONFIG, lanes, choice) == expected


@pytest.mark.parametrize(("choice", "lanes", "expected"), CASES.values(), ids=CASES)
def test_the_answer_in_japanese_names_the_same_lane(choice, lanes, expected):
    with reading("ja"):
        words = answer(CONFIG, lanes, choice)
    assert "{" not in words and NAMES.get(choice, "どの方式も") in words


def test_lanes_that_send_nothing_do_not_compete():
    lanes = (*CONFIG.lanes, LaneSpec(id="all", rule="centralised", epochs=5))
    config = CONFIG.model_copy(update={"lanes": lanes})
    found = answer(config, [lane(E1, 206), lane(E5, 90), lane(OURS, 52), lane("all", 0, 0)], OURS)
    assert found == CASES["right"][2]


def words(page) -> str:
    return unlinked(page.markdown[0].value)


def predict(page, lane: str):
    chosen_in(page.selectbox, "prediction").set_value(lane).run()
    assert not page.exception
    return page


def asks(page) -> bool:
    return any(box.key == widget_key("prediction") for box in page.selectbox)


def play(page, runner, fake) -> str:
    """Starts the run of this page and lets it end."""
    chosen_in(page.number_input, "rounds").set_value(3).run()
    page.button(key="start").click().run()
    run_id = page.query_params["run"]
    assert not asks(page)
    fake.let_go()
    reach(runner, run_id, "finished")
    assert not page.run().exception
    return run_id


def test_before_the_first_run_there_is_a_question_and_nobody_has_to_answer(visit, runner, fake):
    page = visit()
    assert asks(page) and chosen_in(page.selectbox, "prediction").value is None
    assert chosen_in(page.selectbox, "prediction").options == [
        *(t("predict.lane", lane=name) for name in NAMES.values()), t("predict.nobody"),
    ]  # fmt: skip
    play(page, runner, fake)
    assert "You predicted" not in words(page)


@pytest.mark.parametrize("lane", [OURS, NOBODY])
def test_the_prediction_is_answered_after_the_run(visit, runner, fake, lane):
    page = predict(visit(), lane)
    play(page, runner, fake)
    assert "You predicted" in words(page)


def test_while_the_run_goes_on_nothing_is_given_away(visit, runner, fake):
    page = predict(visit(), OURS)
    page.button(key="start").click().run()
    fake.allow(6)
    reach_rounds(runner, page.query_params["run"], 6)
    assert "You predicted" not in words(page.run())


def test_another_run_is_not_the_one_that_was_meant(visit, runner, fake):
    page = predict(visit(), OURS)
    play(page, runner, fake)
    other = runner.start(fast_config())
    reach(runner, other, "finished")
    page.session_state["run"] = other
    assert "You predicted" not in words(page.run())


def test_every_viewer_predicts_for_themselves(visit, runner, fake):
    mine, theirs = predict(visit(), OURS), predict(visit(), NOBODY)
    run_id = play(mine, runner, fake)
    assert "You predicted FDA-OPT" in words(mine)
    theirs.session_state["run"] = run_id  # it was never under way before their eyes
    assert "You predicted" not in words(theirs.run())


def test_a_lane_that_is_not_there_any_more_is_no_choice(visit):
    page = predict(visit(), OURS)
    chosen_in(page.radio, "mode").set_value("fixed").run()
    assert not page.exception and chosen_in(page.selectbox, "prediction").value is None


@pytest.fixture
def in_class(monkeypatch):
    monkeypatch.setenv(PIN, "open-sesame")
    monkeypatch.setattr(presenter, "viewer_ip", lambda: "192.168.1.20")  # AppTest has none
    presenter.sign_in.clear()
    yield
    st.cache_resource.clear()


def test_in_a_class_everybody_predicts_the_run_that_the_presenter_starts(visit, runner, fake, in_class):
    pages = [predict(visit(), OURS), predict(visit(), NOBODY), visit()]
    run_id = runner.start(fast_config(target={"value": 0.99}))
    reach(runner, run_id, "running")
    for page in pages:
        assert page.run().query_params["run"] == run_id and not asks(page)
    fake.let_go()
    reach(runner, run_id, "finished")
    told = [words(page.run()) for page in pages]
    assert told[0].endswith(t("predict.none", lane=NAMES[OURS])) and told[1].endswith(t("predict.nobody_right"))
    assert "You predicted" not in told[2]
