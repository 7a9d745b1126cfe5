"""What readers of the runner see: consistent snapshots, one thread, and runs that are only on disk any more."""

import dataclasses
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fda_core.live.jobs import KEPT_IN_MEMORY
from fda_core.live.runner import Runner
from fda_core.runs.store import EVENTS, new_run_id
from fda_core.support.errors import StoreError
from tests.helpers.fake import Fake, fast_config, reach, reach_rounds, rounds_in

ROOT = Path(__file__).parents[2]


def test_twenty_readers_see_one_truth(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config(rounds=30))
    seen, done = [], threading.Event()

    def read():
        while not done.is_set():
            seen.append(runner.snapshot(run_id))

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    reach(runner, run_id, "finished")
    done.set()
    for reader in readers:
        reader.join(60)
    by_revision = {}
    for snapshot in seen:
        shown = (snapshot.status, len(snapshot.events), snapshot.message, snapshot.prepared)
        assert by_revision.setdefault(snapshot.revision, shown) == shown
    counts = [by_revision[revision][1] for revision in sorted(by_revision)]
    assert counts == sorted(counts)


def test_twenty_calls_of_wake_leave_one_thread(tmp_path):
    before = set(threading.enumerate())
    runner = Runner(tmp_path, produce=Fake())
    callers = [threading.Thread(target=runner.wake) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    new = [thread for thread in threading.enumerate() if thread not in before]
    assert [thread.name for thread in new] == ["fda-opt-runner"]
    assert new[0].daemon  # it never keeps the program from ending


def test_the_revision_grows_with_every_change(runner, fake):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    revisions = [runner.snapshot(run_id).revision]
    for change in (runner.pause, runner.unpause, runner.stop):
        change(run_id)
        revisions.append(runner.snapshot(run_id).revision)
    revisions.append(reach(runner, run_id, "stopped").revision)
    assert revisions == sorted(set(revisions))


def test_an_old_snapshot_stays_as_it_was(runner, fake):
    run_id = runner.start(fast_config())
    old = reach(runner, run_id, "running")
    events = old.events
    fake.let_go()
    reach(runner, run_id, "finished")
    assert (old.status, old.events) == ("running", events) and isinstance(events, tuple)


def test_a_snapshot_cannot_be_changed(runner):
    snapshot = runner.snapshot(runner.start(fast_config()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.status = "finished"


def test_old_ended_runs_leave_memory_but_not_the_disk(runner, fake):
    fake.let_go()
    runs = []
    for _ in range(KEPT_IN_MEMORY + 2):
        runs.append(runner.start(fast_config(rounds=1)))
        reach(runner, runs[-1], "finished")
    assert list(runner.jobs) == runs[1:]
    assert runner.snapshot(runs[0]).status == "finished"


@pytest.fixture
def restarted(runner):
    """A second process' runner on the same folder."""
    return Runner(runner.folder, produce=Fake())


@pytest.mark.parametrize(
    ("fault", "status"), [(None, "finished"), (RuntimeError("no room"), "failed")], ids=["finished", "failed"]
)
def test_a_run_read_from_its_folder_is_the_one_that_ended(runner, fake, restarted, fault, status):
    fake.let_go()
    fake.error, fake.after = fault, 4
    ended = reach(runner, runner.start(fast_config(alpha=0.3)), status)
    read = restarted.snapshot(ended.run_id)
    same = ("run_id", "config", "status", "events", "message")
    assert [getattr(read, name) for name in same] == [getattr(ended, name) for name in same]
    assert not read.live


def test_a_run_that_another_process_plays_can_be_looked_at(runner, fake, restarted):
    run_id = runner.start(fast_config())
    fake.allow(5)
    reach_rounds(runner, run_id, 5)
    read = restarted.snapshot(run_id)
    assert (read.status, rounds_in(read), read.live) == ("elsewhere", 5, False)


@pytest.mark.parametrize(
    "run_id",
    ["20250101-120000-abcdef", "", ".", "..", "../../etc/passwd", "20250101-120000-abcdef/..", "x" * 500, "\0", "ä"],
    ids=["unknown", "empty", "dot", "dots", "path", "path behind", "long", "nul", "letter"],
)
def test_an_id_without_a_run_gives_none(runner, run_id):
    assert runner.snapshot(run_id) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ended before its first round"),
        ("garbage\n", "is damaged: line 1 of events.jsonl is not an event"),
        ('{"event": "nonsense"}\n', "is damaged: line 1"),
        ('{"event": "run_started", "config": {"clients": 0}}\n', "is damaged"),
    ],
    ids=["empty", "garbage", "unknown event", "missing fields"],
)
def test_a_damaged_folder_gives_a_sentence(runner, text, message):
    run_id = new_run_id()
    (runner.folder / run_id).mkdir(parents=True)
    (runner.folder / run_id / EVENTS).write_text(text)
    with pytest.raises(StoreError, match=message):
        runner.snapshot(run_id)


def test_a_folder_with_settings_that_are_not_allowed_any_more_is_damaged_too(runner, fake):
    fake.let_go()
    ended = reach(runner, runner.start(fast_config()), "finished")
    path = runner.folder / new_run_id() / EVENTS
    path.parent.mkdir()
    text = (runner.folder / ended.run_id / EVENTS).read_text()
    path.write_text(text.replace('"model":"minilm-distilbert"', '"model":"../gone"'))
    with pytest.raises(StoreError, match=r"model = '\.\./gone'"):
        runner.snapshot(path.parent.name)


def test_actions_on_an_unknown_run_do_nothing(runner):
    for action in (runner.pause, runner.unpause, runner.step, runner.stop):
        action("20250101-120000-abcdef")
    assert runner.queue() == []


def test_the_runner_imports_neither_the_view_nor_the_training():
    libraries = {"streamlit", "plotly", "torch", "transformers"}
    check = f"import sys, fda_core.live.runner; print(*{libraries} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


RUNS_UNTIL_KILLED = """
import sys
from pathlib import Path
from fda_core.live.runner import Runner
from tests.helpers.fake import Fake, fast_config, rounds_in, until

runner = Runner(Path(sys.argv[1]), produce=Fake())
run_id = runner.start(fast_config(rounds=5000))
print(run_id, flush=True)
for count in range(1, 15000):
    until(lambda: rounds_in(runner.snapshot(run_id)) >= count)
    print(count, flush=True)
"""


@pytest.mark.parametrize("rounds", [1, 20, 57])
def test_a_killed_process_loses_no_finished_round(tmp_path, rounds):
    """SIGKILL at an arbitrary moment after the process has shown so many rounds."""
    command = [sys.executable, "-c", RUNS_UNTIL_KILLED, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        run_id = process.stdout.readline().strip()
        while int(process.stdout.readline()) < rounds:
            pass
        process.kill()
        shown = max([rounds, *map(int, process.stdout.read().split())])
    read = Runner(tmp_path).snapshot(run_id)
    assert read.status == "interrupted"
    assert rounds_in(read) >= shown
