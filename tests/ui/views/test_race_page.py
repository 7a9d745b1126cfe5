"""The Race page during and after a run, in AppTest and with a stand-in for training."""

import threading

import pytest
import streamlit as st

from fda_core.analysis.summary import summarize
from fda_core.live.jobs import LONGEST_QUEUE
from fda_core.live.other_programs import OtherPrograms
from fda_core.live.runner import Runner
from fda_core.runs.store import hold, runs_folder
from fda_core.settings.config import LaneSpec
from fda_core.support.errors import Preempted
from tests.helpers.errors import saying
from tests.helpers.fake import Fake, fast_config, reach, reach_rounds
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.state import session
from ui.text.i18n import t
from ui.text.numbers import duration, megabytes
from ui.text.sentences import headline


def begin(page, rounds: int = 3) -> str:
    """Presses Start and returns the run's id."""
    chosen_in(page.number_input, "rounds").set_value(rounds).run()
    page.button(key="start").click().run()
    assert not page.exception
    return page.query_params["run"]


def settings_of(page) -> list:
    sidebar = page.sidebar
    return [
        widget
        for kind in (sidebar.selectbox, sidebar.slider, sidebar.select_slider, sidebar.number_input, sidebar.radio)
        for widget in kind
    ]


def labels(page) -> dict[str, bool]:
    """The buttons of the race and whether they can be pressed."""
    buttons = [button for button in page.button if not button.key.startswith(("replay", "own_"))]
    return {button.label: not button.disabled for button in buttons}


def progress(page) -> str:
    return page.get("progress")[0].proto.text


def finished(runner, fake, **changes) -> str:
    fake.let_go()
    run_id = runner.start(fast_config(**changes))
    reach(runner, run_id, "finished")
    return run_id


@pytest.fixture
def running(visit, runner, fake):
    """A page whose run has played two rounds of each lane."""
    page = visit()
    run_id = begin(page)
    fake.allow(6)
    reach_rounds(runner, run_id, 6)
    return page.run()


def test_start_freezes_the_settings_and_offers_the_other_buttons(running):
    assert len(settings_of(running)) >= 10
    assert all(widget.disabled for widget in settings_of(running))
    assert t("settings.frozen") in [caption.value for caption in running.caption]
    assert labels(running) == {t("race.pause"): True, t("race.step"): False, t("race.stop"): True}


def test_while_running_the_headline_comes_from_the_numbers(running, runner):
    snapshot = runner.snapshot(running.query_params["run"])
    expected = headline(snapshot.config, summarize(list(snapshot.events)), running=True)
    assert unlinked(running.markdown[0].value) == expected
    assert t("race.empty") != expected


def test_while_running_the_table_shows_the_rounds(running):
    table = running.table[0].value
    assert table[t("table.lane")].tolist() == ["FedOpt E=1", "FedOpt E=5", "FDA-OPT M=10"]
    assert table[t("table.rounds")].tolist() == ["2", "2", "2"]
    assert table[t("table.epochs")].tolist() == ["2", "10", "6"]


def test_the_progress_is_told_in_words(running):
    assert "6" in progress(running)


def test_how_long_it_goes_on_is_told_from_the_rounds_played(running):
    # Six of 3 x 3 rounds, 0.1 s each in the stand-in's events.
    assert progress(running) == t("status.running", played=6) + t("status.left", time=duration(0.3))


def test_beside_busy_programs_nothing_is_promised(running, monkeypatch):
    monkeypatch.setattr(OtherPrograms, "crowding", lambda _: True)
    assert progress(running.run()) == t("status.running", played=6) + t("status.crowded")


def test_a_finished_run_thaws_the_settings(running, runner, fake):
    fake.let_go()
    reach(runner, running.query_params["run"], "finished")
    running.run()
    assert not any(widget.disabled for widget in settings_of(running))
    assert labels(running) == {t("race.start_again"): True, t("race.step"): True, t("race.stop"): False}
    assert not running.exception


def test_a_finished_run_shows_its_numbers(visit, runner, fake):
    run_id = finished(runner, fake, clients=40, clients_per_round=10)
    page = visit(run=run_id)
    lanes = summarize(list(runner.snapshot(run_id).events))
    table = page.table[0].value
    for name, field in (("table.down", "bytes_down"), ("table.up", "bytes_up"), ("table.monitor", "bytes_monitor")):
        assert table[t(name)].tolist() == [megabytes(getattr(lane, field)) for lane in lanes]
    assert table[t("table.best")].tolist() == [f"{100 * lane.best_accuracy:.1f} %" for lane in lanes]


def test_after_a_run_of_ones_own_settings_nothing_is_said_to_have_changed(running, runner, fake):
    fake.let_go()
    reach(runner, running.query_params["run"], "finished")
    assert not running.run().info


def test_a_change_after_a_run_is_for_the_next_one(visit, runner, fake):
    page = visit(run=finished(runner, fake, clients_per_round=4))
    assert not page.info
    chosen_in(page.number_input, "rounds").set_value(9).run()
    assert [box.value for box in page.info] == [t("race.applies_next")]


def test_after_a_run_the_recorded_race_of_other_settings_is_one_press_away(visit, runner, fake):
    """Else the sliders would move nothing any more once somebody has played a race."""
    page = visit(run=finished(runner, fake, clients=40, clients_per_round=10))
    chosen_in(page.slider, "clients").set_value(37).run()
    page.button(key="put_away").click().run()
    assert not page.exception and "run" not in page.query_params
    assert chosen_in(page.slider, "clients").value == 37
    said = " ".join(each.value for each in page.markdown)
    assert "nearest settings there are" in said


def test_a_run_of_all_clients_a_round_is_not_said_to_have_changed(visit, runner, fake):
    assert not visit(run=finished(runner, fake, clients_per_round=None)).info


def test_a_run_in_the_address_fills_the_settings(visit, runner, fake):
    page = visit(run=finished(runner, fake, clients=12, alpha=0.3))
    assert (chosen_in(page.slider, "clients").value, chosen_in(page.select_slider, "alpha").value) == (12, 0.3)


def test_settings_that_are_not_allowed_lock_the_start(visit):
    page = visit()
    chosen_in(page.slider, "clients").set_value(5).run()
    assert [error.value for error in page.error] == [
        "clients_per_round = 10 is more than clients = 5: choose a whole number from 1 to 5."
    ]
    assert labels(page) == {t("race.start"): False, t("race.step"): False, t("race.stop"): False}
    assert not page.exception


def test_step_without_a_run_plays_one_round_and_pauses(visit, runner, fake):
    fake.let_go()
    page = visit()
    page.button(key="step").click().run()
    run_id = page.query_params["run"]
    reach(runner, run_id, "paused")
    assert labels(page.run()) == {t("race.resume"): True, t("race.step"): True, t("race.stop"): True}
    assert page.table[0].value[t("table.rounds")].tolist() == ["1", "0", "0"]


def test_one_round_is_not_counted_in_the_plural(visit, runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config(), rounds=1)
    reach(runner, run_id, "paused")
    assert "1 rounds" not in progress(visit(run=run_id))


@pytest.mark.parametrize(("key", "status"), [("pause", "paused"), ("stop", "stopped")])
def test_pause_and_stop_work_even_when_the_whole_page_is_being_redrawn(running, runner, key, status):
    """A click that meets a redraw of the page is answered in that redraw, not in the fragment's own."""
    running.button(key=key).click().run()
    assert not running.exception
    reach(runner, running.query_params["run"], status)


def test_a_paused_run_resumes(running, runner, fake):
    run_id = running.query_params["run"]
    runner.pause(run_id)
    running.run().button(key="resume").click().run()
    assert not running.exception
    fake.let_go()
    reach(runner, run_id, "finished")


def test_a_stopped_run_keeps_its_rounds_on_the_page(running, runner):
    run_id = running.query_params["run"]
    runner.stop(run_id)
    reach(runner, run_id, "stopped")
    running.run()
    assert running.table[0].value[t("table.status")].tolist() == [t("lane_status.stopped")] * 3
    assert running.table[0].value[t("table.rounds")].tolist() == ["2", "2", "2"]
    assert not any(widget.disabled for widget in settings_of(running))


def test_a_failed_run_shows_its_sentence(visit, runner, fake):
    fake.error, fake.after = RuntimeError("no room"), 2
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "failed")
    page = visit(run=run_id)
    assert not page.exception
    assert [error.value for error in page.error] == ["Unexpected RuntimeError: no room"]
    assert labels(page)[t("race.start_again")]


def test_a_run_that_failed_before_its_first_event_shows_its_sentence(visit, runner, monkeypatch):
    monkeypatch.setenv("FDA_OPT_LAB_MAX_MINUTES", "soon")
    run_id = runner.start(fast_config())
    reach(runner, run_id, "failed")
    page = visit(run=run_id)
    assert not page.exception
    assert len(page.error) == 1 and "FDA_OPT_LAB_MAX_MINUTES is 'soon'" in page.error[0].value


def test_start_says_that_the_folder_cannot_be_written(visit, runner, tmp_path):
    page = visit()
    (tmp_path / "runs").rename(tmp_path / "gone") if (tmp_path / "runs").exists() else None
    (tmp_path / "runs").touch()  # a file where the folder of all runs should be
    page.button(key="start").click().run()
    assert not page.exception and not runner.queue()
    assert any(shown.value.endswith("choose another folder.") for shown in [*page.warning, *page.error])


def test_a_diverged_lane_is_explained(visit, runner, fake):
    fake.diverging = "fedopt-e5"
    page = visit(run=finished(runner, fake))
    assert not page.exception
    assert len(page.warning) == 1
    assert page.warning[0].value.startswith("FedOpt E=5 diverged: the test loss after round 1 is 9e+09.")
    assert page.table[0].value[t("table.status")].tolist()[1] == t("lane_status.diverged")


@pytest.fixture
def interrupted(runner, fake):
    """A run of two lanes' first rounds whose process is gone."""
    fake.error, fake.after = saying(Preempted, "The lid was closed."), 4
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "interrupted")
    del runner.jobs[run_id]
    return run_id


def test_an_interrupted_run_keeps_its_rounds_on_the_page(visit, interrupted):
    page = visit(run=interrupted)
    assert not page.exception
    assert progress(page) == t("status.interrupted", played=4)
    assert page.table[0].value[t("table.rounds")].tolist() == ["2", "1", "1"]
    assert labels(page) == {t("race.resume"): True, t("race.start_again"): True, t("race.stop"): False}


def test_an_interrupted_run_is_resumed_by_its_button(visit, runner, interrupted):
    page = visit(run=interrupted)
    page.button(key="resume").click().run()
    reach(runner, interrupted, "finished")
    page.run()
    assert not page.exception
    assert page.query_params["run"] == interrupted
    assert page.table[0].value[t("table.rounds")].tolist() == ["3", "3", "3"]


def test_a_run_that_was_preempted_says_why(visit, runner, fake):
    fake.error, fake.after = saying(Preempted, "Only 5 MB are left."), 4
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "interrupted")
    assert "Only 5 MB are left." in [info.value for info in visit(run=run_id).info]


def test_a_run_that_another_process_plays_is_shown_as_such(visit, runner, interrupted):
    lock = hold(runs_folder() / interrupted)
    page = visit(run=interrupted)
    assert progress(page) == t("status.elsewhere", played=4)
    lock.release()


def test_a_run_in_the_queue_says_how_many_are_ahead_and_how_long_they_take(visit, runner, fake):
    reach(runner, runner.start(fast_config()), "running")
    page = visit()
    begin(page)
    assert progress(page) == t("status.queued", place=1)
    fake.allow(2)
    reach_rounds(runner, runner.queue()[0][0], 2)
    # 7 rounds of the run ahead are left, 0.1 s each.
    assert progress(page.run()) == t("status.queued_wait", place=1, wait=duration(60))
    assert labels(page)[t("race.stop")]


def test_a_run_that_waits_for_the_libraries_and_not_for_another_is_said_to_load(visit, tmp_path, monkeypatch):
    gate = threading.Event()
    loading = Runner(tmp_path, produce=Fake(), on_start=gate.wait)
    monkeypatch.setattr(session, "Runner", lambda **_: loading)
    st.cache_resource.clear()
    page = visit()
    run_id = begin(page)
    assert loading.snapshot(run_id).place == 0
    assert progress(page) == t("status.loading")
    gate.set()
    reach(loading, run_id, "finished")


def test_whoever_waits_can_watch_the_run_under_way(visit, runner):
    first = runner.start(fast_config(clients=12))
    reach(runner, first, "running")
    page = visit()
    page.button(key=f"watch-{first}").click().run()
    assert not page.exception
    assert page.query_params["run"] == first
    assert chosen_in(page.slider, "clients").value == 12
    assert all(widget.disabled for widget in settings_of(page))


def test_a_full_queue_refuses_in_one_sentence(visit, runner):
    for _ in range(LONGEST_QUEUE):
        runner.start(fast_config())
    page = visit()
    page.button(key="start").click().run()
    assert not page.exception
    assert [notice.value[:25] for notice in page.warning] == ["At most 20 runs can wait "]


@pytest.mark.slow
def test_twenty_viewers_see_one_run_and_leave_one_thread(visit, runner, fake):
    before = set(threading.enumerate())
    run_id = begin(visit())
    fake.allow(3)
    reach_rounds(runner, run_id, 3)
    pages = [visit(run=run_id) for _ in range(20)]
    assert {page.table[0].value[t("table.rounds")].tolist()[0] for page in pages} == {"1"}
    assert {unlinked(page.markdown[0].value) for page in pages} == {unlinked(pages[0].markdown[0].value)}
    new = [thread for thread in set(threading.enumerate()) - before if thread.name == "fda-opt-runner"]
    assert new == [] and runner.worker.thread.is_alive()
    assert runner.queue() == [(run_id, "running")]


def test_a_reference_lane_is_explained_in_grey_and_no_sentence_ranks_it(visit, runner, fake):
    lanes = (
        LaneSpec(id="fedopt-e1", rule="schedule", epochs=1), LaneSpec(id="all", rule="centralised", epochs=5),
        LaneSpec(id="alone", rule="local-only", epochs=5), LaneSpec(id="s", rule="smoothed", max_epochs=10),
    )  # fmt: skip
    page = visit(run=finished(runner, fake, lanes=lanes, target={"value": 0.6}))
    assert not page.exception
    names = page.table[0].value[t("table.lane")].tolist()
    assert names == ["FedOpt E=1", "All data in one place", "Every client alone", "FDA-OPT smoothed M=10"]
    grey = unlinked(" ".join(caption.value for caption in page.caption))
    assert t("race.reference_centralised", lane=names[1]) in grey
    assert t("race.reference_local_only", lane=names[2]) in grey
    assert names[1] not in unlinked(page.markdown[0].value) and names[2] not in unlinked(page.markdown[0].value)
