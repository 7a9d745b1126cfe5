"""A run folder holds whole rounds, whatever happens to the process that writes it."""

import hashlib
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fda_core.algorithm.events import Epoch, LaneFinished, RunFinished
from fda_core.runs import recorder, store
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import CONFIG, EVENTS, LOCK, SUMMARY, folder_of, new_run_id, read_events
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError
from tests.helpers.tiny import fixed
from tests.helpers.tiny_events import a_round, an_epoch, started

STORY = [
    started(),
    an_epoch("fedopt"),
    a_round("fedopt"),
    an_epoch("fda-opt", checks=1),
    an_epoch("fda-opt", epoch=2, checks=1),
    a_round("fda-opt", epochs=2, reason="threshold"),
    LaneFinished(lane="fedopt", status="cap"),
]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def written(folder: Path, events=STORY) -> Recorder:
    recorder = Recorder(folder, "the-run", config=(events or STORY)[0].config)
    for event in events:
        recorder.add(event)
    return recorder


def lines(folder: Path) -> list[bytes]:
    return (folder / EVENTS).read_bytes().splitlines(keepends=True)


def test_events_read_back_equal(folder):
    written(folder).close()
    assert read_events(folder) == STORY


def test_every_line_says_which_run_where_and_when(folder):
    written(folder).finish("finished")
    rows = [json.loads(line) for line in lines(folder)]
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert {row["run_id"] for row in rows} == {"the-run"}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_the_config_is_kept_beside_the_events(folder):
    written(folder).close()
    kept = json.loads((folder / CONFIG).read_text())
    assert ExperimentConfig(**kept) == ExperimentConfig(**STORY[0].config)


def test_an_infinite_threshold_is_still_infinite_when_the_run_is_read(folder):
    written(folder, [started(fixed(math.inf, 3))]).close()
    for config in (read_events(folder)[0].config, json.loads((folder / CONFIG).read_text())):
        assert ExperimentConfig(**config).lanes[0].theta == math.inf


def test_epochs_of_an_unfinished_round_are_not_in_the_file(folder):
    written(folder, [*STORY, an_epoch("fda-opt", 2)])  # neither closed nor finished: as if the process were gone
    assert read_events(folder) == STORY


def test_a_round_can_be_read_as_soon_as_it_is_added(folder):
    recorder = written(folder, STORY[:2])
    assert len(read_events(folder)) == 1
    recorder.add(STORY[2])
    assert read_events(folder) == STORY[:3]


def test_a_round_is_synced_to_the_disk(folder, monkeypatch):
    recorder, synced = written(folder, STORY[:2]), []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    recorder.add(STORY[2])
    assert synced == [len((folder / EVENTS).read_bytes())]


@pytest.mark.parametrize("kept", [0, 1, 40, -1], ids=["no byte", "one byte", "40 bytes", "all but the line end"])
def test_a_torn_last_line_is_dropped(folder, kept):
    written(folder).close()
    whole = lines(folder)
    (folder / EVENTS).write_bytes(b"".join(whole[:-1]) + whole[-1][:kept])
    assert read_events(folder) == STORY[:-1]


def test_a_round_torn_anywhere_is_read_as_none_of_it(folder):
    """A round of ten epochs fills more than one page of the disk, and the machine may lose power between two."""
    recorder = written(folder)
    begun = (folder / EVENTS).stat().st_size
    for event in [an_epoch("fda-opt", 2, epoch) for epoch in range(1, 11)] + [a_round("fda-opt", 2, epochs=10)]:
        recorder.add(event)
    recorder.close()
    whole = (folder / EVENTS).read_bytes()
    for end in range(begun, len(whole) - 1, 97):
        (folder / EVENTS).write_bytes(whole[:end])
        assert read_events(folder) == STORY


def test_a_file_without_a_line_has_no_events(folder):
    written(folder, []).close()
    assert read_events(folder) == []


@pytest.mark.parametrize("number", [1, 3, 7], ids=["first line", "in the middle", "whole last line"])
@pytest.mark.parametrize(
    "damage", [b"{}\n", b"\n", b"\x00\xff\n", b'{"event": "roun\n'], ids=["no event", "empty", "not text", "cut"]
)
def test_other_damage_is_named_by_its_line(folder, number, damage):
    written(folder).close()
    damaged = lines(folder)
    damaged[number - 1] = damage
    (folder / EVENTS).write_bytes(b"".join(damaged))
    with pytest.raises(StoreError, match=rf"^run is damaged: line {number} of events\.jsonl is not an event \(.*\)\.$"):
        read_events(folder)


def test_unknown_fields_in_a_line_are_ignored(folder):
    written(folder).close()
    rows = [json.loads(line) | {"later": {"version": 2}} for line in lines(folder)]
    (folder / EVENTS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_events(folder) == STORY


def test_numbers_that_are_none_become_null(folder):
    story = [started(), an_epoch(threshold=-math.inf, variance=math.nan), a_round(test_loss=math.inf)]
    written(folder, story).close()
    assert not {b"NaN", b"Infinity"} & set(
        (folder / EVENTS).read_bytes().replace(b":", b" ").replace(b",", b" ").split()
    )
    _, epoch, event = read_events(folder)
    assert (epoch.threshold, epoch.variance, event.test_loss) == (None, None, None)


def test_finishing_closes_the_record_with_count_and_digest(folder):
    written(folder).finish("finished")
    *before, last = lines(folder)
    closing = read_events(folder)[-1]
    assert isinstance(closing, RunFinished) and closing.status == "finished"
    assert closing.count == len(before) == json.loads(last)["seq"]
    assert closing.digest == hashlib.sha256(b"".join(before)).hexdigest()


def test_finishing_marks_the_lanes_still_racing_as_stopped(folder):
    closing = written(folder).finish("stopped", "by hand")
    assert read_events(folder)[-2:] == closing
    assert closing[0] == LaneFinished(lane="fda-opt", status="stopped", message="by hand")
    assert (closing[1].status, closing[1].message) == ("stopped", "by hand")


def test_finishing_drops_the_unfinished_round(folder):
    written(folder, [*STORY, an_epoch("fda-opt", 2)]).finish("stopped")
    assert not any(isinstance(event, Epoch) and event.round == 2 for event in read_events(folder))
    assert [json.loads(line)["seq"] for line in lines(folder)] == list(range(len(STORY) + 2))


def test_the_summary_is_written_whole_or_not_at_all(folder):
    recorder = written(folder)
    recorder.write_summary({"lanes": [1]})
    assert json.loads((folder / SUMMARY).read_text()) == {"lanes": [1]}
    assert sorted(path.name for path in folder.iterdir()) == sorted([CONFIG, EVENTS, LOCK, SUMMARY])


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(folder):
    written(folder).close()
    before = (folder / EVENTS).read_bytes()
    with pytest.raises(StoreError, match=r"already holds a run: choose another folder\.$"):
        Recorder(folder, "other")
    assert (folder / EVENTS).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()  # a file in the way fails for every user, root included
    with pytest.raises(StoreError, match=r"file/run cannot be written \(Not a directory\): choose another folder\.$"):
        Recorder(tmp_path / "file" / "run", "x")


def test_a_missing_run_is_refused(folder):
    with pytest.raises(StoreError, match=r"^run cannot be read \(No such file or directory\): .* is missing\.$"):
        read_events(folder)


def test_a_failed_write_is_a_sentence_and_the_record_stays_whole(folder, monkeypatch):
    recorder = written(folder, STORY[:3])

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\).*make room"):
            recorder.add(STORY[5])
    recorder.finish("failed", "no space")
    rows = lines(folder)
    closing = read_events(folder)[-1]
    assert [json.loads(row)["seq"] for row in rows] == list(range(len(rows)))
    assert closing.count == len(rows) - 1
    assert closing.digest == hashlib.sha256(b"".join(rows[:-1])).hexdigest()


@pytest.mark.parametrize(
    "run_id",
    [
        "", ".", "..", "../x", "/etc", "x/../y", "a\x00b", "20260101-000000-abcde", "20260101-000000-abcdef/",
        "20260101-000000-ABCDEF", "20260101-000000-abcdef\n", " 20260101-000000-abcdef",
        "２０２６０１０１-000000-abcdef",
    ],
)  # fmt: skip
def test_a_malformed_run_id_is_never_made_into_a_path(tmp_path, run_id):
    """Even where such a folder exists."""
    if run_id.strip("/.\n ") and "\x00" not in run_id:
        (tmp_path / run_id.strip("/")).mkdir(parents=True, exist_ok=True)
        (tmp_path / run_id.strip("/") / EVENTS).touch()
    (tmp_path / EVENTS).touch()
    assert folder_of(run_id, tmp_path) is None


def test_an_unknown_run_id_has_no_folder(tmp_path):
    assert folder_of("20260101-000000-abcdef", tmp_path) is None
    (tmp_path / "20260101-000000-abcdef").mkdir()  # a folder without events is no run
    assert folder_of("20260101-000000-abcdef", tmp_path) is None


def test_a_new_run_is_found_by_its_id(tmp_path):
    run_id = new_run_id()
    written(tmp_path / run_id, STORY[:1]).close()
    assert folder_of(run_id, tmp_path) == tmp_path / run_id


def test_runs_are_kept_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path))
    run_id = new_run_id()
    written(tmp_path / run_id, STORY[:1]).close()
    assert store.runs_folder() == tmp_path
    assert folder_of(run_id) == tmp_path / run_id


def test_run_ids_do_not_repeat():
    # Six random digits within a second: of a hundred, two are the same once in three thousand times.
    assert len({new_run_id() for _ in range(10)}) == 10


def test_those_who_ask_at_once_whether_a_run_is_held_do_not_take_each_other_for_its_writer(folder):
    folder.mkdir(exist_ok=True)
    (folder / LOCK).touch()
    with ThreadPoolExecutor(12) as viewers:
        assert not any(viewers.map(lambda _: store.held(folder), range(400)))


def test_a_first_line_that_is_nested_too_deep_has_no_time(folder):
    folder.mkdir(exist_ok=True)
    (folder / EVENTS).write_bytes(b'{"time":' + b"[" * 200_000 + b"\n")
    assert store.recorded_at(folder) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe in a folder")
def test_a_pipe_in_place_of_a_record_is_not_waited_for(folder):
    folder.mkdir()
    os.mkfifo(folder / EVENTS)
    with pytest.raises(StoreError, match="cannot be read"):
        read_events(folder)


def test_a_disk_without_room_leaves_no_folder(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder, "replace_whole", full)
    with pytest.raises(StoreError, match="No space left on device"):
        Recorder(folder, "run", config=started().config)
    assert not folder.exists()
