"""The life of one run in the background: every status, pause, resume, step and stop."""

import threading

import pytest

from fda_core.algorithm.events import Epoch, LaneFinished, Round, RunFinished
from fda_core.live.runner import Runner
from fda_core.runs.store import CONFIG, EVENTS, LOCK, SUMMARY, read_events
from tests.helpers.fake import Fake, changes_within, fast_config, paused, reach, reach_rounds, rounds_in, until


def lane_ends(snapshot) -> dict[str, str]:
    return {event.lane: event.status for event in snapshot.events if isinstance(event, LaneFinished)}


def test_a_run_passes_through_every_status_in_order(tmp_path):
    gate, fake, seen = threading.Event(), Fake(held=True, texts=2), []
    runner = Runner(tmp_path, produce=fake, on_start=gate.wait)
    run_id = runner.start(fast_config())

    def has(status):
        seen.append(runner.snapshot(run_id).status)
        return seen[-1] == status

    until(lambda: has("queued"))
    gate.set()
    until(lambda: has("preparing"))
    fake.allow(2)
    until(lambda: has("running"))
    fake.allow(9)
    until(lambda: has("finished"))
    assert list(dict.fromkeys(seen)) == ["queued", "preparing", "running", "finished"]


def test_pause_stops_at_the_next_tick(runner, fake):
    run_id = paused(runner, fake)
    fake.let_go()
    assert runner.snapshot(run_id).status == "paused"
    # The thread sleeps inside `tick`: were it still playing, the run would end within a few milliseconds.
    assert not changes_within(runner, run_id)


def test_resume_plays_on_to_the_end(runner, fake):
    run_id = paused(runner, fake)
    fake.let_go()
    runner.unpause(run_id)
    assert rounds_in(reach(runner, run_id, "finished")) == 9


def test_a_paused_run_repeats_and_loses_nothing(runner, fake):
    run_id = paused(runner, fake)
    fake.let_go()
    runner.unpause(run_id)
    played = [(e.lane, e.round) for e in reach(runner, run_id, "finished").events if isinstance(e, Round)]
    assert sorted(played) == sorted((lane.id, n) for lane in fast_config().lanes for n in (1, 2, 3))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_each_step_plays_exactly_one_round(runner, fake, steps):
    run_id = paused(runner, fake)
    fake.let_go()
    for step in range(1, steps + 1):
        runner.step(run_id)
        reach_rounds(runner, run_id, 2 + step)
        assert reach(runner, run_id, "paused") and not changes_within(runner, run_id, 0.1)
        assert rounds_in(runner.snapshot(run_id)) == 2 + step


def test_a_run_started_with_one_round_pauses_after_it(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config(), rounds=1)
    assert rounds_in(reach(runner, run_id, "paused")) == 1
    assert not changes_within(runner, run_id)
    assert rounds_in(runner.snapshot(run_id)) == 1


def test_pause_resume_and_step_of_an_ended_run_change_nothing(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    before = reach(runner, run_id, "finished")
    for action in (runner.pause, runner.unpause, runner.step, runner.stop):
        action(run_id)
    assert runner.snapshot(run_id) == before


def test_stop_while_preparing_ends_it(tmp_path):
    runner = Runner(tmp_path, produce=Fake(held=True, texts=5))
    run_id = runner.start(fast_config())
    until(lambda: runner.snapshot(run_id).prepared[1] == 5)
    runner.stop(run_id)
    ended = reach(runner, run_id, "stopped")
    assert [event.event for event in ended.events] == ["run_finished"]


def test_stop_while_running_keeps_the_finished_rounds(runner, fake):
    run_id = runner.start(fast_config())
    fake.allow(7)
    reach_rounds(runner, run_id, 7)
    runner.stop(run_id)
    ended = reach(runner, run_id, "stopped")
    assert rounds_in(ended) == 7
    assert lane_ends(ended) == {"fedopt-e1": "cap", "fedopt-e5": "stopped", "fda-opt": "stopped"}


def test_stop_while_paused_keeps_the_finished_rounds(runner, fake):
    run_id = paused(runner, fake)
    runner.stop(run_id)
    ended = reach(runner, run_id, "stopped")
    assert rounds_in(ended) == 2
    assert set(lane_ends(ended).values()) == {"stopped"}


def test_stop_is_seen_before_the_thread_has_ended_the_run(runner, fake):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    with runner.changed:  # the thread cannot leave its tick while this lock is held
        runner.stop(run_id)
        assert runner.snapshot(run_id).status == "stopping"
        assert runner.snapshot(run_id).live


def test_a_stopping_run_cannot_be_revived(runner, fake):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    with runner.changed:
        runner.stop(run_id)
        runner.unpause(run_id)
        assert runner.snapshot(run_id).status == "stopping"
    reach(runner, run_id, "stopped")


def test_progress_of_the_texts_is_published(tmp_path):
    fake = Fake(held=True, texts=3)
    runner = Runner(tmp_path, produce=fake)
    run_id = runner.start(fast_config())
    fake.allow(1)
    until(lambda: runner.snapshot(run_id).prepared == (1, 3))
    runner.stop(run_id)


def test_the_folder_of_an_ended_run_is_complete(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    folder = runner.folder / run_id
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, EVENTS, LOCK, SUMMARY]
    assert tuple(read_events(folder)) == runner.snapshot(run_id).events


def test_the_events_of_a_running_lane_include_its_epochs(runner, fake):
    run_id = runner.start(fast_config())
    fake.allow(3)
    snapshot = reach_rounds(runner, run_id, 3)
    epochs = [event.epoch for event in snapshot.events if isinstance(event, Epoch) and event.lane == "fedopt-e5"]
    assert epochs == [1, 2, 3, 4, 5]


def test_the_last_event_is_the_end_of_the_run(runner, fake):
    fake.let_go()
    ended = reach(runner, runner.start(fast_config()), "finished")
    assert isinstance(ended.events[-1], RunFinished) and ended.events[-1].status == "finished"
