"""Class mode in AppTest: viewers follow and look, the presenter acts."""

import pytest
import streamlit as st

from fda_core.support.errors import Preempted
from fda_core.support.presenter_pin import PIN
from tests.helpers.errors import saying
from tests.helpers.fake import fast_config, reach, reach_rounds
from tests.helpers.widgets import chosen_in
from ui.state import presenter
from ui.text.i18n import t

SECRET = "open-sesame"


@pytest.fixture(autouse=True)
def in_class(monkeypatch):
    monkeypatch.setenv(PIN, SECRET)
    monkeypatch.setattr(presenter, "viewer_ip", lambda: "192.168.1.20")  # AppTest has none
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def controls(page) -> list[bool]:
    """Whether start or pause, step and stop can be pressed."""
    keys = ("start", "pause", "resume", "step", "stop")
    return [not button.disabled for button in page.button if button.key in keys]


def present(page, pin: str = SECRET):
    page.text_input(key="pin").set_value(pin)
    next(button for button in page.button if button.label == t("class.enter")).click().run()
    assert not page.exception
    return page


def test_a_viewer_can_press_nothing(visit):
    page = visit()
    assert controls(page) == [False, False, False]
    assert t("class.wait") in [text.value for text in page.markdown]


def forged(page, key: str) -> None:
    """Presses a button that is drawn for a presenter in the session of somebody who is none."""
    assert controls(present(page)) != [False, False, False]
    page.session_state["presenter"] = False
    page.button(key=key).click().run()


def test_a_viewer_s_forged_click_does_nothing(visit, runner):
    page = visit()
    forged(page, "start")
    assert not page.exception
    assert runner.queue() == [] and "run" not in page.query_params


def test_the_presenter_starts_and_viewers_follow(visit, runner, fake):
    viewer, teacher = visit(), present(visit())
    assert t("class.presenting") in [text.value for text in teacher.sidebar.markdown]
    teacher.button(key="start").click().run()
    run_id = teacher.query_params["run"]
    fake.allow(4)
    reach_rounds(runner, run_id, 4)
    viewer.run()
    assert viewer.query_params["run"] == run_id
    assert sum(map(int, viewer.table[0].value[t("table.rounds")])) == 4
    assert controls(viewer) == [False, False, False] and controls(teacher.run())[0]


def test_a_viewer_s_forged_stop_does_not_stop_the_run(visit, runner, fake):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    forged(visit(), "stop")
    assert runner.snapshot(run_id).status == "running"


def test_a_viewer_keeps_their_own_settings_and_charts_while_a_run_is_under_way(visit, runner):
    reach(runner, runner.start(fast_config()), "running")
    page = visit()
    assert not chosen_in(page.slider, "clients").disabled
    chosen_in(page.slider, "clients").set_value(33).run()
    assert chosen_in(page.slider, "clients").value == 33


def test_a_viewer_may_stay_with_an_older_run(visit, runner, fake):
    fake.error, fake.after = saying(Preempted, "The lid was closed."), 2
    fake.let_go()
    old = runner.start(fast_config())
    reach(runner, old, "interrupted")
    fake.held = True
    page = visit(run=old)
    page.toggle(key="follow").set_value(False).run()
    new = runner.start(fast_config())
    reach(runner, new, "running")
    assert page.run().query_params["run"] == old
    page.toggle(key="follow").set_value(True).run()
    assert page.query_params["run"] == new


def test_a_wrong_pin_stays_outside_and_too_many_have_to_wait(visit):
    page = visit()
    for _ in range(5):
        present(page, "wrong-pin")
        assert t("class.wrong") in [warning.value for warning in page.warning]
    present(page)
    assert t("class.later") in [warning.value for warning in page.warning]
    assert controls(page) == [False, False, False]


def test_the_pin_is_nowhere_on_the_page_in_the_address_or_in_the_log(visit, caplog):
    page = present(visit())
    assert controls(page)[0]
    assert SECRET not in str(page.query_params) + caplog.text
    assert "pin" not in page.session_state


def test_one_presenter_s_pin_does_not_open_for_another_viewer(visit):
    present(visit())
    assert controls(visit()) == [False, False, False]


def test_who_stops_presenting_is_a_viewer_again(visit):
    page = present(visit())
    next(button for button in page.button if button.label == t("class.leave")).click().run()
    assert controls(page) == [False, False, False]


@pytest.mark.parametrize(("address", "alone"), [
    ("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.1.5", False), (None, False),
    ("", False), ("myhost", False),
])  # fmt: skip
def test_only_a_loopback_address_is_private(address, alone):
    assert presenter.only_here(address) == alone


def test_on_the_network_without_a_pin_nobody_acts_and_the_page_says_why(visit, monkeypatch):
    monkeypatch.delenv(PIN)
    monkeypatch.setattr(presenter, "only_here", lambda address: False)
    st.cache_resource.clear()
    page = visit()
    assert controls(page) == [False, False, False]
    assert t("class.no_pin") in [error.value for error in page.sidebar.error]


def test_alone_and_without_a_pin_there_is_no_class(visit, monkeypatch):
    monkeypatch.delenv(PIN)
    st.cache_resource.clear()
    page = visit()
    assert controls(page)[0]
    assert not page.toggle and not page.text_input


@pytest.fixture
def kept(runner, fake):
    """A run that has ended."""
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    return run_id


def test_a_viewer_sees_the_runs_and_can_change_none(visit, kept):
    page = visit("runs", runs=kept)
    assert not page.exception and len(page.dataframe[0].value) == 1
    assert page.button(key="study").disabled and page.button(key="delete").disabled
    assert not page.button(key="open").disabled


@pytest.mark.parametrize("key", ["study", "delete"])
def test_a_viewer_s_forged_click_changes_no_run(visit, runner, kept, key):
    page = present(visit("runs", runs=kept))
    page.session_state["presenter"] = False
    page.button(key=key).click().run()
    assert not page.exception
    assert runner.queue() == [] and runner.snapshot(kept) is not None


def test_viewers_cannot_bring_a_file(visit):
    page = visit()
    assert page.button(key="own_button").disabled
    page.session_state["own_open"] = True  # a browser can be made to press what is greyed out
    assert not page.run().file_uploader


def test_the_presenter_can_bring_a_file_and_loses_it_with_the_presenting(visit):
    page = present(visit())
    page.button(key="own_button").click().run()
    assert page.file_uploader
    page.session_state["presenter"] = False
    assert not page.run().file_uploader
