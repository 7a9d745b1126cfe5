"""A stored run plays back on the Race page, for one viewer at a time."""

import json

import pytest

from fda_core.runs.store import EVENTS, runs_folder
from tests.helpers.fake import fast_config, reach
from tests.helpers.words import unlinked
from ui.shared import replay_controls
from ui.text.i18n import t


@pytest.fixture
def stored_run(runner, fake):
    """Nine rounds of 0.1 s."""
    fake.let_go()
    run_id = runner.start(fast_config(seed=7))
    reach(runner, run_id, "finished")
    return run_id


@pytest.fixture
def clock(monkeypatch):
    """The replay's clock; it moves when a test says so."""

    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(replay_controls, "time", clock)
    return clock


def rounds(page) -> int:
    return sum(map(int, page.table[0].value[t("table.rounds")])) if page.table else 0


def test_a_stored_run_is_shown_whole_and_labelled_recorded(visit, stored_run):
    page = visit(run=stored_run)
    assert not page.exception
    assert rounds(page) == 9 and page.slider(key="replay_round").value == 9
    time = json.loads((runs_folder() / stored_run / EVENTS).open().readline())["time"]
    labels = [caption.value for caption in page.caption if caption.value.startswith("Recorded")]
    assert len(labels) == 1
    assert f"Recorded {time[:10]} {time[11:16]} UTC, seed 7" in labels[0]


def test_a_replay_begins_empty_and_shows_the_rounds_at_their_pace(visit, stored_run, clock):
    page = visit(run=stored_run)
    page.selectbox(key="replay_speed").set_value(1).run()
    page.button(key="replay_play").click().run()
    assert rounds(page) == 0 and "The first round is being trained" in unlinked(page.markdown[0].value)
    clock.now += 0.45
    assert rounds(page.run()) == 4 and page.slider(key="replay_round").value == 4
    page.button(key="replay_play").click().run()  # pause
    clock.now += 100
    assert rounds(page.run()) == 4
    page.button(key="replay_play").click().run()
    clock.now += 0.2
    assert rounds(page.run()) == 6
    clock.now += 100
    assert rounds(page.run()) == 9
    assert page.button(key="replay_play").label == t("replay.play")


def test_fifty_times_as_fast_is_fifty_times_as_fast(visit, stored_run, clock):
    page = visit(run=stored_run)
    page.selectbox(key="replay_speed").set_value(50).run()
    page.button(key="replay_play").click().run()
    clock.now += 0.45 / 50
    assert rounds(page.run()) == 4


@pytest.mark.parametrize("later", [0.1, 100], ids=["while it plays", "as it ends"])
def test_a_browser_that_lags_behind_stops_no_replay(visit, stored_run, clock, later):
    """On a busy machine it still says where the slider stood before, as if somebody had moved it back there."""
    page = visit(run=stored_run)
    page.selectbox(key="replay_speed").set_value(1).run()
    page.button(key="replay_play").click().run()
    clock.now += 0.35
    assert rounds(page.run()) == 3
    clock.now += 0.1
    assert rounds(page.run()) == 4
    clock.now += min(later, 1)
    page.slider(key="replay_round").set_value(3).run()
    assert rounds(page) == (5 if later < 1 else 9)
    clock.now += 100
    assert rounds(page.run()) == 9


def test_right_after_a_short_replay_one_can_go_back_to_its_beginning(visit, stored_run, clock):
    page = visit(run=stored_run)
    page.selectbox(key="replay_speed").set_value(1).run()
    page.button(key="replay_play").click().run()
    for _ in range(5):
        clock.now += 0.2
        page.run()
    assert rounds(page) == 9
    page.slider(key="replay_round").set_value(0).run()
    assert rounds(page) == 0


def test_scrubbing_shows_the_rounds_up_to_there_and_stops(visit, stored_run, clock):
    page = visit(run=stored_run)
    page.slider(key="replay_round").set_value(5).run()
    assert rounds(page) == 5
    clock.now += 100
    assert rounds(page.run()) == 5
    page.button(key="replay_all").click().run()
    assert rounds(page) == 9
    assert page.button(key="replay_all").disabled


def test_while_it_replays_nobody_is_said_to_have_missed_the_target(visit, stored_run, clock):
    page = visit(run=stored_run)
    page.slider(key="replay_round").set_value(3).run()
    words = " ".join(text.value for text in page.markdown)
    assert "yet" in words or "is still on its way" in words


def test_other_viewers_see_the_whole_run(visit, stored_run, clock):
    page, other = visit(run=stored_run), visit(run=stored_run)
    page.slider(key="replay_round").set_value(2).run()
    assert rounds(other.run()) == 9 and rounds(page.run()) == 2


def test_another_run_ends_the_replay(visit, stored_run, runner, clock):
    page = visit(run=stored_run)
    page.slider(key="replay_round").set_value(2).run()
    other = runner.start(fast_config(seed=8))
    reach(runner, other, "finished")
    page.session_state["run"] = other
    assert rounds(page.run()) == 9


def test_a_live_run_cannot_be_replayed(visit, runner):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    page = visit(run=run_id)
    assert not any(button.key.startswith("replay") for button in page.button)
