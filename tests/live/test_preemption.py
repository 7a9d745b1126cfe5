"""Runs give their place away and come back: unwatched ones, paused ones, guarded ones, those of a killed process."""

import pytest

from fda_core.algorithm.events import LaneFinished, Round, RunResumed
from fda_core.live import preemption
from fda_core.live.jobs import LONGEST_QUEUE
from fda_core.live.runner import Runner
from fda_core.runs import trash
from fda_core.runs.audit import audit
from fda_core.runs.record import Recording, record
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import held, hold, read_events
from fda_core.support.errors import ConfigError, Preempted, StoreError
from tests.helpers.errors import saying
from tests.helpers.fake import Fake, fast_config, paused, reach, reach_rounds, rounds_in, run_started, until
from tests.helpers.stored_runs import change_line
from tests.helpers.tiny_events import a_round


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(preemption, "UNWATCHED", 0.05)
    monkeypatch.setattr(preemption, "PATROL", 0.01)


def status(runner, run_id: str) -> str:
    return runner.snapshot(run_id).status


def played(events) -> list[tuple[str, int]]:
    return [(event.lane, event.round) for event in events if isinstance(event, Round)]


def test_an_unwatched_run_gives_its_place_to_the_next_and_comes_back(runner, fake, impatient):
    first, second = runner.start(fast_config()), runner.start(fast_config(seed=1))
    fake.allow(2)
    until(lambda: status(runner, second) in ("preparing", "running"), "the second run did not begin")
    assert status(runner, first) == "queued"
    preempted = played(runner.snapshot(first).events)
    fake.let_go()
    for run_id in (first, second):
        events = reach(runner, run_id, "finished").events
        assert sorted(played(events)) == sorted((lane.id, n) for lane in fast_config().lanes for n in (1, 2, 3))
        assert tuple(read_events(runner.folder / run_id)) == events
        assert audit(runner.folder / run_id).problems == []
    again = runner.snapshot(first).events
    assert played(again)[: len(preempted)] == preempted and sum(isinstance(event, RunResumed) for event in again) >= 1


def test_a_watched_run_keeps_its_place(runner, fake, impatient):
    first, second = runner.start(fast_config()), runner.start(fast_config(seed=1))
    for _ in range(9):
        fake.allow(1)
        before = rounds_in(runner.snapshot(first))
        until(lambda before=before: rounds_in(runner.snapshot(first, watching=True)) > before)
        assert runner.snapshot(second).place in (0, 1)
    reach(runner, first, "finished")
    assert not any(isinstance(event, RunResumed) for event in runner.snapshot(first).events)


def test_an_unwatched_run_that_keeps_nobody_waiting_plays_on(runner, fake, impatient):
    run_id = runner.start(fast_config())
    fake.let_go()
    assert not any(isinstance(event, RunResumed) for event in reach(runner, run_id, "finished").events)


def test_a_paused_run_may_not_keep_others_waiting_for_ever(runner, fake, impatient):
    first = paused(runner, fake)
    second = runner.start(fast_config(seed=1))
    fake.let_go()
    assert reach(runner, first, "interrupted").message == str(Preempted("live.make_way"))
    reach(runner, second, "finished")
    runner.resume(first)
    assert rounds_in(reach(runner, first, "finished")) == 9


def test_a_watched_paused_run_gives_way_too_after_a_while(runner, fake, impatient, monkeypatch):
    monkeypatch.setattr(preemption, "PAUSED", 0.2)
    first = paused(runner, fake)
    runner.start(fast_config(seed=1))
    until(lambda: runner.snapshot(first, watching=True).status == "interrupted")
    fake.let_go()


def test_what_a_guard_preempts_says_why_and_can_be_resumed(runner, fake):
    fake.error, fake.after = saying(Preempted, "Only 5 MB are left."), 4
    fake.let_go()
    run_id = runner.start(fast_config())
    assert reach(runner, run_id, "interrupted").message == "Only 5 MB are left."
    runner.resume(run_id)
    assert rounds_in(reach(runner, run_id, "finished")) == 9


def interrupted(folder, rounds: int = 2) -> None:
    """What a killed process leaves."""
    folder.mkdir(parents=True)
    recorder = Recorder(folder, folder.name)
    recorder.add(run_started(fast_config()))
    for number in range(1, rounds + 1):
        recorder.add(a_round("fedopt-e1", number))
    recorder.close()


RUN_ID = "20261124-080000-abcdef"


def test_a_run_of_a_killed_process_is_resumed(tmp_path):
    runner = Runner(tmp_path, produce=Fake())
    interrupted(tmp_path / RUN_ID)
    assert status(runner, RUN_ID) == "interrupted"
    runner.resume(RUN_ID)
    assert rounds_in(reach(runner, RUN_ID, "finished")) == 9


def test_resuming_twice_plays_once(tmp_path):
    fake = Fake(held=True)
    runner = Runner(tmp_path, produce=fake)
    interrupted(tmp_path / RUN_ID)
    runner.resume(RUN_ID)
    until(lambda: status(runner, RUN_ID) != "queued")
    with pytest.raises(StoreError, match=r"Only an interrupted run can be resumed: this one is elsewhere\."):
        runner.resume(RUN_ID)
    fake.let_go()
    reach(runner, RUN_ID, "finished")
    assert len(fake.played) == 1


def test_a_run_killed_while_its_texts_were_prepared_is_resumed(tmp_path):
    runner = Runner(tmp_path, produce=Fake())
    Recorder(tmp_path / RUN_ID, RUN_ID, config=fast_config().to_json()).close()
    assert status(runner, RUN_ID) == "interrupted"
    runner.resume(RUN_ID)
    assert rounds_in(reach(runner, RUN_ID, "finished")) == 9


def test_a_run_preempted_before_its_first_event_begins_when_it_is_resumed(tmp_path):
    def low_on_memory(config, progress, tick, keep, resumption):
        if not preempted:
            preempted.append(1)
            raise saying(Preempted, "Only 5 MB are left.")
        yield from Fake()(config, progress, tick, keep, resumption)

    preempted: list[int] = []
    runner = Runner(tmp_path, produce=low_on_memory)
    run_id = runner.start(fast_config())
    reach(runner, run_id, "interrupted")
    runner.resume(run_id)
    assert rounds_in(reach(runner, run_id, "finished")) == 9


def test_stop_pressed_while_a_run_gives_its_place_away_ends_it(runner, fake):
    def preempted_and_stopped(config, progress, tick, keep, resumption):
        yield run_started(config)
        runner.stop(run_id)
        raise Preempted

    runner.worker.produce = preempted_and_stopped
    with runner.changed:
        run_id = runner.start(fast_config())
    reach(runner, run_id, "stopped")
    until(lambda: read_events(runner.folder / run_id)[-1].event == "run_finished")
    assert read_events(runner.folder / run_id)[-1].status == "stopped"


def test_a_record_without_lanes_is_damaged_and_the_queue_goes_on(tmp_path):
    runner = Runner(tmp_path, produce=Fake())
    interrupted(tmp_path / RUN_ID)
    change_line(tmp_path / RUN_ID, 0, config={})
    with pytest.raises(StoreError, match="its settings name no lanes"):
        runner.resume(RUN_ID)
    reach(runner, runner.start(fast_config()), "finished")


def test_a_run_that_waits_to_be_resumed_is_nobody_elses(runner, fake):
    blocking = runner.start(fast_config())
    interrupted(runner.folder / RUN_ID)
    runner.resume(RUN_ID)
    other = Runner(runner.folder, produce=Fake())
    assert status(other, RUN_ID) == "elsewhere"
    for action in (other.resume, other.delete):
        with pytest.raises(StoreError):
            action(RUN_ID)
    runner.stop(blocking)
    fake.let_go()
    assert rounds_in(reach(runner, RUN_ID, "finished")) == 9
    other.delete(RUN_ID)
    assert runner.snapshot(RUN_ID) is None


def test_a_run_that_gave_its_place_away_is_held_while_it_waits(runner, fake, impatient):
    first, second = (runner.start(fast_config(seed=seed)) for seed in (1, 2))
    fake.allow(1)
    until(lambda: status(runner, second) != "queued" and status(runner, first) == "queued")
    assert held(runner.folder / first)
    with pytest.raises(StoreError, match="being written"):
        trash.delete(first, runner.folder)


def test_what_others_made_of_an_interrupted_run_is_what_is_shown(runner, fake):
    """As when the command line resumes it."""
    fake.error, fake.after = saying(Preempted, "Only 5 MB are left."), 0
    fake.let_go()
    run_id = runner.start(fast_config())
    seen = reach(runner, run_id, "interrupted")
    folder = runner.folder / run_id
    assert record(Recording(seen.config, folder, run_id, resume=True), produce=Fake()) == ("finished", "")
    now = runner.snapshot(run_id)
    assert (now.status, rounds_in(now), now.message) == ("finished", 9, "")
    assert now.revision > seen.revision
    trash.delete(run_id, runner.folder)
    assert runner.snapshot(run_id) is None


def test_a_run_that_another_process_plays_is_not_resumed(tmp_path):
    runner = Runner(tmp_path, produce=Fake())
    interrupted(tmp_path / RUN_ID)
    lock = hold(tmp_path / RUN_ID)
    assert status(runner, RUN_ID) == "elsewhere"
    with pytest.raises(StoreError, match="elsewhere"):
        runner.resume(RUN_ID)
    lock.release()


def test_an_unknown_run_is_not_resumed(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        Runner(tmp_path, produce=Fake()).resume("../../etc")


def test_a_run_that_waits_to_be_resumed_can_be_stopped_for_good(runner, fake):
    blocking = runner.start(fast_config())
    until(lambda: status(runner, blocking) == "running")
    interrupted(runner.folder / RUN_ID)
    runner.resume(RUN_ID)
    runner.stop(RUN_ID)
    assert status(runner, RUN_ID) == "stopped"
    events = read_events(runner.folder / RUN_ID)
    assert events[-1].status == "stopped"
    assert {event.status for event in events if isinstance(event, LaneFinished)} == {"stopped"}


def test_the_wait_is_estimated_from_the_rounds_of_the_run_ahead(runner, fake):
    first, second, third = (runner.start(fast_config(seed=seed)) for seed in range(3))
    assert runner.snapshot(second).wait is None  # nobody knows yet
    fake.allow(4)
    reach_rounds(runner, first, 4)
    # 0.1 s a round in the stand-in's events; 9 rounds a run.
    assert runner.snapshot(second).wait == pytest.approx(0.5)
    assert runner.snapshot(third).wait == pytest.approx(1.4)
    assert [runner.snapshot(run_id).place for run_id in (first, second, third)] == [0, 1, 2]
    runner.pause(first)
    assert runner.snapshot(second).wait is None


def test_a_study_queues_one_run_a_seed_in_one_group(runner, fake):
    fake.let_go()
    ids = runner.start_study(fast_config(seed=3), 3)
    starts = [reach(runner, run_id, "finished").events[0] for run_id in ids]
    assert [start.config["seed"] for start in starts] == [3, 4, 5]
    assert len({start.group for start in starts}) == 1 and starts[0].group


def test_a_study_that_does_not_fit_the_queue_is_refused_whole(runner, fake):
    runner.start(fast_config())
    with pytest.raises(ConfigError, match=f"At most {LONGEST_QUEUE} runs can wait and 1 are waiting"):
        runner.start_study(fast_config(), LONGEST_QUEUE)
    assert len(runner.queue()) == 1


def test_a_wrong_limit_fails_the_run_and_not_the_runner(runner, fake, monkeypatch):
    fake.let_go()
    with monkeypatch.context() as patch:
        patch.setenv("FDA_OPT_LAB_MAX_MINUTES", "soon")
        assert "FDA_OPT_LAB_MAX_MINUTES is 'soon'" in reach(runner, runner.start(fast_config()), "failed").message
    reach(runner, runner.start(fast_config()), "finished")


def test_runs_of_one_study_do_not_take_the_place_from_each_other(runner, fake, impatient):
    first, second = runner.start_study(fast_config(), 2)
    fake.let_go()
    reach(runner, second, "finished")
    assert not any(isinstance(event, RunResumed) for event in runner.snapshot(first).events)


def test_a_study_gives_way_to_others(runner, fake, impatient):
    first, _ = runner.start_study(fast_config(), 2)
    fake.allow(2)
    reach_rounds(runner, first, 2)
    other = runner.start(fast_config(seed=9))
    fake.allow(1)
    until(lambda: status(runner, first) == "queued", "the study kept its place")
    fake.let_go()
    reach(runner, other, "finished")
    reach(runner, first, "finished")
