"""One training at a time: the queue, its places, its limit, and runs that fail in it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core.live import playing
from fda_core.live.jobs import LONGEST_QUEUE
from fda_core.live.runner import Runner
from fda_core.runs import recorder
from fda_core.runs.entries import read_entry
from fda_core.runs.store import RUN_ID, held, kept_config
from fda_core.support.errors import ConfigError, MissingAssets, StoreError
from tests.helpers.errors import saying
from tests.helpers.fake import Fake, changes_within, fast_config, paused, reach, rounds_in
from tests.helpers.server import ROOT


def test_a_run_waits_in_the_queue_until_the_one_before_it_has_ended(runner, fake):
    first, second = runner.start(fast_config()), runner.start(fast_config())
    reach(runner, first, "running")
    assert runner.snapshot(second).status == "queued"
    fake.let_go()
    reach(runner, first, "finished")
    reach(runner, second, "finished")


def test_one_training_at_a_time(runner, fake):
    runs = [runner.start(fast_config(seed=seed)) for seed in range(3)]
    reach(runner, runs[0], "running")
    assert [config.seed for config in fake.played] == [0]
    assert [runner.snapshot(run).place for run in runs] == [0, 1, 2]
    assert runner.queue() == [(runs[0], "running"), (runs[1], "queued"), (runs[2], "queued")]


def test_the_queue_moves_up_in_order(runner, fake):
    runs = [runner.start(fast_config(seed=seed)) for seed in range(3)]
    reach(runner, runs[0], "running")
    runner.stop(runs[0])
    reach(runner, runs[1], "running")
    assert [runner.snapshot(run).place for run in runs[1:]] == [0, 1]
    assert [config.seed for config in fake.played] == [0, 1]


def test_a_full_queue_refuses_with_a_sentence(runner):
    for _ in range(LONGEST_QUEUE):
        runner.start(fast_config())
    with pytest.raises(
        ConfigError, match=f"^At most {LONGEST_QUEUE} runs can wait and {LONGEST_QUEUE} are waiting already: .*\\.$"
    ):
        runner.start(fast_config())
    assert len(runner.queue()) == LONGEST_QUEUE


def test_a_paused_run_keeps_its_place(runner, fake):
    first = paused(runner, fake)
    second = runner.start(fast_config())
    assert not changes_within(runner, second)
    assert runner.queue() == [(first, "paused"), (second, "queued")]
    assert runner.snapshot(second).place == 1


def test_pause_before_the_turn_holds_the_run_at_its_first_tick(runner, fake):
    first, second = runner.start(fast_config()), runner.start(fast_config())
    runner.pause(second)
    fake.let_go()
    reach(runner, first, "finished")
    assert rounds_in(reach(runner, second, "paused")) == 0


def test_stop_in_the_queue_ends_a_run_at_once(runner, fake):
    first, second = runner.start(fast_config(seed=1)), runner.start(fast_config(seed=2))
    reach(runner, first, "running")
    runner.stop(second)
    assert runner.snapshot(second).status == "stopped"
    fake.let_go()
    reach(runner, first, "finished")
    third = runner.start(fast_config(seed=3))
    reach(runner, third, "finished")
    assert [config.seed for config in fake.played] == [1, 3]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            saying(MissingAssets, "The package scattertext is not installed."),
            "The package scattertext is not installed.",
        ),
        (RuntimeError("no room"), "Unexpected RuntimeError: no room"),
    ],
    ids=["on purpose", "unexpected"],
)
def test_a_failed_run_says_why_and_keeps_its_rounds(runner, fake, error, message):
    fake.let_go()
    fake.error, fake.after = error, 2
    ended = reach(runner, runner.start(fast_config()), "failed")
    assert ended.message == message
    assert rounds_in(ended) == 2


def test_the_run_after_a_failed_one_is_played(runner, fake):
    fake.error = RuntimeError("no room")
    first, second = runner.start(fast_config()), runner.start(fast_config())
    fake.let_go()
    reach(runner, first, "failed")
    reach(runner, second, "finished")


def test_a_run_is_not_promised_where_its_folder_cannot_be_made(tmp_path):
    (tmp_path / "runs").touch()
    runner = Runner(tmp_path / "runs", produce=Fake())
    with pytest.raises(StoreError, match=r"choose another folder\.$"):
        runner.start(fast_config())
    assert runner.queue() == []


def test_a_failing_preparation_of_the_thread_does_not_hang_the_queue(tmp_path):
    def breaks():
        raise ValueError("FDA_OPT_LAB_THREADS is not a number")

    runner = Runner(tmp_path, produce=Fake(), on_start=breaks)
    run_id = runner.start(fast_config())
    runner.worker.thread.join(1)
    assert runner.worker.thread.is_alive(), f"the worker died and the run stays {runner.snapshot(run_id).status}"


def test_whatever_one_run_fails_with_the_next_is_played(tmp_path, monkeypatch):
    real, calls = playing.record, iter([ZeroDivisionError("x")])

    def record(*arguments):
        if error := next(calls, None):
            raise error
        return real(*arguments)

    monkeypatch.setattr(playing, "record", record)
    runner = Runner(tmp_path / "runs", produce=Fake())
    first, second = runner.start(fast_config()), runner.start(fast_config())
    reach(runner, second, "finished")
    assert reach(runner, first, "failed").message == "Unexpected ZeroDivisionError: x"


KILLED = """
import os, signal, sys
from pathlib import Path
from fda_core.live.runner import Runner
from tests.helpers.fake import Fake, fast_config, reach
runner = Runner(Path(sys.argv[1]), Fake(held=True))
first, second = (runner.start(fast_config(seed=seed)) for seed in (1, 2))
reach(runner, first, "running")
print(second, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_run_that_waited_when_the_process_was_killed_is_there_and_can_begin(runner, fake):
    root = runner.folder
    dead = subprocess.run([sys.executable, "-c", KILLED, root], cwd=ROOT, capture_output=True, text=True, timeout=120)
    waiting = dead.stdout.strip()
    assert dead.returncode == -signal.SIGKILL and runner.snapshot(waiting).status == "interrupted"
    assert runner.snapshot(waiting).config.seed == 2
    runner.resume(waiting)
    fake.let_go()
    assert rounds_in(reach(runner, waiting, "finished")) > 0


def test_a_waiting_run_is_held_by_its_process_and_leaves_nothing_when_it_is_stopped(runner, fake):
    first, second = runner.start(fast_config()), runner.start(fast_config())
    folder = runner.folder / second
    assert held(folder) and kept_config(folder) == fast_config().to_json()
    runner.stop(second)
    assert not folder.exists() and runner.snapshot(second).status == "stopped"
    reach(runner, first, "running")


def runs_in(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if RUN_ID.fullmatch(name)]


ENDS = """
import os, signal, sys
from pathlib import Path
from fda_core.live.runner import Runner
from tests.helpers.fake import Fake, fast_config
runner = Runner(Path(sys.argv[1]), Fake(held=True, texts=3), on_start=lambda: __import__("time").sleep(60))
print(runner.start(fast_config(seed=7)), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_run_that_was_promised_is_there_though_the_process_dies_at_once(runner, fake):
    dead = subprocess.run([sys.executable, "-c", ENDS, runner.folder], cwd=ROOT, capture_output=True, text=True)
    run_id = dead.stdout.strip()
    assert dead.returncode == -signal.SIGKILL and runner.snapshot(run_id).status == "interrupted"
    assert read_entry(runner.folder / run_id).status == "interrupted"
    assert runner.snapshot(run_id).config.seed == 7
    runner.resume(run_id)
    fake.let_go()
    assert rounds_in(reach(runner, run_id, "finished")) == 9


@pytest.mark.parametrize("part", ["mkdir", "hold", "replace_whole", "begin"])
def test_what_cannot_be_written_is_not_promised_and_leaves_nothing(runner, fake, monkeypatch, part):
    first = runner.start(fast_config())
    reach(runner, first, "running")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(*((Path, "mkdir") if part == "mkdir" else (recorder, part)), full)
        for start in (runner.start, lambda config: runner.start_study(config, 3)):
            with pytest.raises(StoreError, match="No space left on device"):
                start(fast_config(seed=2))
    assert runs_in(runner.folder) == [first] and [run for run, _ in runner.queue()] == [first]
    fake.let_go()
    reach(runner, runner.start(fast_config()), "finished")


def test_a_study_whose_third_run_cannot_be_written_leaves_nothing(runner, monkeypatch):
    calls, real = iter([False, False, True]), recorder.replace_whole

    def full(*arguments):
        if next(calls):
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(recorder, "replace_whole", full)
    with pytest.raises(StoreError, match="No space left on device"):
        runner.start_study(fast_config(), 3)
    assert runs_in(runner.folder) == [] and runner.queue() == []
