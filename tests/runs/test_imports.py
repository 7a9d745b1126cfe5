"""A foreign record is taken over whole or refused in a sentence; nothing of a refused one stays."""

import json
import random

import pytest

from benchmarks.bad_inputs import damaged
from fda_core.runs import imports
from fda_core.runs.imports import import_events
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, StoreError, read_events
from tests.tiny_events import a_round, an_epoch, started


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def record(tmp_path) -> bytes:
    recorder = Recorder(tmp_path / "theirs", "their-run")
    for event in (started(), an_epoch(), a_round(), an_epoch("fda-opt"), a_round("fda-opt"), a_round(number=2)):
        recorder.add(event)
    recorder.finish("finished")
    return (tmp_path / "theirs" / EVENTS).read_bytes()


def refused(data: bytes, root, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        import_events(data, root)
    assert not root.exists() or list(root.iterdir()) == []


def rewritten(record: bytes, change) -> bytes:
    """An open record with other lines: without its end, whose digest would not fit."""
    rows = [json.loads(line) for line in record.splitlines()][:-3]
    change(rows)
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_a_whole_record_is_kept_byte_for_byte_and_can_be_looked_at(record, root, tmp_path):
    run_id = import_events(record, root)
    assert (root / run_id / EVENTS).read_bytes() == record
    assert stored(root / run_id).status == "finished"
    assert list(stored(root / run_id).events) == read_events(tmp_path / "theirs")


def test_an_open_record_is_an_interrupted_run(record, root):
    run_id = import_events(rewritten(record, lambda rows: None), root)
    assert stored(root / run_id).status == "interrupted"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.pop(0), "Line 1: its number is 1 instead of 0"),
        (lambda rows: rows[2].update(bytes_total=1), "Line 3: bytes_total is 1"),
        (lambda rows: rows[2].update(accuracy="good"), "Line 3 is not an event"),
        (lambda rows: rows[0]["config"].update(clients=0), "clients"),
        (lambda rows: rows[1].update(lane="x"), "Line 2 speaks of a lane that the run does not have: 'x'"),
        (lambda rows: rows[1].update(rows[0], seq=1), "Line 2 starts another run"),
        (lambda rows: rows[0].update(event="epoch"), "Line 1 is not an event"),
        (lambda rows: rows[0].update(rows[1], seq=0), "Line 1 does not start a run"),
    ],
)  # fmt: skip
def test_the_wrong_line_is_named(record, root, change, sentence):
    refused(rewritten(record, change), root, sentence)


@pytest.mark.parametrize("data", [b"", b"\n", b"hello", b"\xff\xfe\n", b"[]\n", b"null\n"])
def test_what_is_no_record_is_refused(data, root):
    refused(data, root, r"\.$")


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_LINES", "LONGEST_LINE"])
def test_what_is_too_large_is_refused_before_it_is_read(record, root, monkeypatch, limit):
    monkeypatch.setattr(imports, limit, 5)
    refused(record, root, "too large|longer than 5 bytes")


def test_five_hundred_damaged_records_leave_no_trace_and_no_traceback(record, root):
    drawn, taken = random.Random(0), 0
    for _ in range(500):
        data = damaged(record, drawn)
        try:
            run_id = import_events(data, root)
        except StoreError:
            continue
        taken += 1
        assert (root / run_id / EVENTS).read_bytes() == data
        stored(root / run_id)
    assert taken < 100
    assert len(list(root.iterdir()) if root.exists() else []) == taken


def test_a_folder_that_cannot_be_written_is_a_sentence(record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written"):
        import_events(record, tmp_path / "file")
