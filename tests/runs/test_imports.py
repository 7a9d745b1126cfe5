"""A foreign record is taken over whole or refused in a sentence; nothing of a refused one stays."""

import json
import os
import random

import pytest

from benchmarks.bad_inputs import damaged
from fda_core.analysis.summary import rounds_played
from fda_core.runs import imports
from fda_core.runs.audit import audit
from fda_core.runs.entries import read_entry
from fda_core.runs.imports import import_events
from fda_core.runs.meta import META, Meta, read_meta
from fda_core.runs.record import Recording
from fda_core.runs.record import record as play
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import stored
from fda_core.runs.store import CONFIG, EVENTS, RUN_ID, config_of, read_events
from fda_core.support.errors import StoreError
from tests.helpers.fake import Fake
from tests.helpers.stored_runs import begun, keep_run
from tests.helpers.tiny_events import a_round, an_epoch


@pytest.fixture
def record(tmp_path) -> bytes:
    recorder = Recorder(tmp_path / "theirs", "their-run")
    for event in (begun(), an_epoch(), a_round(), an_epoch("fda-opt"), a_round("fda-opt"), a_round(number=2)):
        recorder.add(event)
    recorder.finish("finished")
    return (tmp_path / "theirs" / EVENTS).read_bytes()


def one_sentence(text: str) -> bool:
    """Printable, of a length one reads, and with what to do behind a colon."""
    return text.isprintable() and len(text) < 700 and text.endswith((".", "…")) and ": " in text


def refused(data: bytes, root, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as error:
        import_events(data, root)
    assert one_sentence(str(error.value))
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


def test_an_imported_run_is_named_as_such_and_has_its_configuration(record, root):
    run_id = import_events(record, root)
    assert RUN_ID.fullmatch(run_id)
    assert sorted(path.name for path in (root / run_id).iterdir()) == sorted([EVENTS, CONFIG, META])
    assert read_meta(root / run_id) == Meta(tags=("imported",))
    assert json.loads((root / run_id / CONFIG).read_text()) == begun().config


def test_a_run_without_a_round_is_taken(record, root):
    run_id = import_events(record.splitlines(keepends=True)[0], root)
    assert (stored(root / run_id).status, read_entry(root / run_id).rounds) == ("interrupted", 0)


def test_a_first_loss_that_was_not_finite_is_null_and_taken(record, root):
    assert import_events(rewritten(record, lambda rows: rows[0]["initial"].update(test_loss=None)), root)


def test_two_imports_are_two_runs_and_leave_the_others_alone(record, root):
    other = keep_run(root)
    before = (root / other / EVENTS).read_bytes()
    runs = {import_events(record, root), import_events(record, root), other}
    assert {path.name for path in root.iterdir()} == runs and len(runs) == 3
    assert (root / other / EVENTS).read_bytes() == before


def test_an_imported_run_that_was_interrupted_begins_its_lanes_again(record, root):
    run_id = import_events(rewritten(record, lambda rows: rows[0]["config"].update(rounds=3)), root)
    config = config_of(read_events(root / run_id), root / run_id)
    assert play(Recording(config, root / run_id, run_id, resume=True), produce=Fake()) == ("finished", "")
    # The three rounds on record are not written twice; their bytes are not those of the stand-in.
    assert rounds_played(read_events(root / run_id)) == 6
    assert [problem for problem in audit(root / run_id).problems if "bytes_total" not in problem] == []


def lane(name):
    return lambda rows: rows[1].update(lane=name)


def config(**values):
    return lambda rows: rows[0]["config"].update(values)


WRONG = "Line 3 is not an event: {} is not what a run writes there"
CHANGES = {
    "no first line": (lambda rows: rows.pop(0), "Line 1: its number is 1 instead of 0"),
    "a number that is a text": (lambda rows: rows[1].update(seq="1\n" * 99), r"Line 2: its number is '1\\n1"),
    "a wrong sum": (lambda rows: rows[2].update(bytes_total=1), "Line 3: bytes_total is 1"),
    "a round left out": (lambda rows: rows[5].update(round=3), "Line 6: round 3 of lane fedopt follows its round 1"),
    "a nasty round": (lambda rows: rows[2].update(lane="\n\u202e" * 5000, round=3), r"Line 3: it speaks of the lane '"),
    "a text for a number": (lambda rows: rows[2].update(accuracy="good"), "Line 3 is not an event"),
    "nan": (lambda rows: rows[2].update(accuracy=float("nan")), WRONG.format("accuracy")),
    "infinity": (lambda rows: rows[2].update(seconds=float("inf")), WRONG.format("seconds")),
    "nan as a text": (lambda rows: rows[2].update(test_loss="NaN"), WRONG.format("test_loss.*")),
    "nan far inside": (lambda rows: rows[2].update(paths=[[[0.0, float("nan")]]]), WRONG.format("paths.0.0.1")),
    "nan in a metric": (lambda rows: rows[2].update(metrics={"f1": float("nan")}), WRONG.format("metrics.f1")),
    "nan in the facts": (lambda rows: rows[0].update(facts={"a": {"b": [float("nan")]}}), "Line 1: it holds a number"),
    "a huge number": (lambda rows: rows[2].update(bytes_up=10**4000), WRONG.format("bytes_up")),
    "below zero": (lambda rows: rows[1].update(steps=-1), "Line 2 is not an event: steps is not"),
    "a setting": (config(clients=0), r"Line 1: it holds a setting .*: clients = 0 is not allowed: choose"),
    "an unknown setting": (config(x="y" * 10_000), r"Line 1: it holds a setting .*: x is not a setting"),
    "a long value": (config(model="y" * 10_000), r"Line 1: it holds a setting .*: model = 'yyy"),
    "a setting that is no name": (config(**{"5": 1}), r"Line 1: it holds a setting .*: 5 is not a setting"),
    "a setting that Python knows": (config(self=1), r"Line 1: it holds a setting .*: self is not a setting"),
    "no lanes": (lambda rows: rows[0]["config"].pop("lanes"), "Line 1: its settings name no lanes"),
    "no first loss": (lambda rows: rows[0]["initial"].pop("test_loss"), "Line 1: initial.test_loss is missing"),
    "a first text": (lambda rows: rows[0]["initial"].update(accuracy="1"), "Line 1: initial.accuracy is not what"),
    "no size": (lambda rows: rows[0]["facts"].update(model_bytes=None), "Line 1: facts.model_bytes is not what"),
    "a truth value": (lambda rows: rows[0]["facts"].update(model_bytes=True), "Line 1: facts.model_bytes is not what"),
    "no model": (lambda rows: rows[0]["facts"].pop("model"), "Line 1: facts.model is missing"),
    "a foreign lane": (lane("x"), "Line 2: it speaks of the lane 'x', which it does not have"),
    "a nasty lane": (lane("\n\u202e" * 5000), r"Line 2: it speaks of the lane '\\n\\u202e"),
    "a foreign lane's end": (
        lambda rows: rows[1].update(event="lane_finished", status="cap", lane="x"), "Line 2: it speaks of the lane 'x'"
    ),
    "a foreign lane resumed": (
        lambda rows: rows[1].update(event="run_resumed", from_round={"fedopt": 1, "x": 1}), "Line 2: it speaks of"
    ),
    "another run": (lambda rows: rows[1].update(rows[0], seq=1), "Line 2: it starts another run"),
    "another run's line": (lambda rows: rows[3].update(run_id="b"), "Line 4: it is of another run"),
    "no start": (lambda rows: rows[0].update(event="epoch"), "Line 1 is not an event"),
    "another first event": (lambda rows: rows[0].update(rows[1], seq=0), "Line 1: it comes before the start"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_wrong_line_is_named_in_one_sentence(record, root, name):
    change, sentence = CHANGES[name]
    refused(rewritten(record, change), root, "^" + sentence)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: lines[:3] + lines[4:], "Line 4: its number is 4 instead of 3"),
        (lambda lines: [*lines[:3], lines[3].replace(b"0.5", b"0.6"), *lines[4:]], "The digest of the closing line"),
        (lambda lines: [*lines, lines[1]], "Line 10: it comes after the closing line"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "Line 9 has no end: copy the whole file"),
        (lambda lines: [*lines[:2], b"\n", *lines[3:]], "Line 3 is not an event"),
        (
            lambda lines: [*lines[:2], lines[2].replace(b'"lane"', b'"l\xff"'), *lines[3:]],
            "Line 3 is not text in UTF-8",
        ),
        (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], "Line 1 is not an event"),
        (lambda lines: [lines[0].decode().encode("utf-16"), *lines[1:]], "Line 1 is not text in UTF-8"),
    ],
)
def test_a_changed_record_is_refused_by_its_line(record, root, change, sentence):
    refused(b"".join(change(record.splitlines(keepends=True))), root, "^" + sentence)


@pytest.mark.parametrize("data", [b"", b"\n", b"hello", b"\xff\xfe\n", b"[]\n", b"null\n"])
def test_what_is_no_record_is_refused(data, root):
    refused(data, root, r"\.$")


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_LINES", "LONGEST_LINE"])
def test_what_is_too_large_is_refused_before_it_is_read(record, root, monkeypatch, limit):
    monkeypatch.setattr(imports, limit, 5)
    refused(record, root, "too large|longer than 5 bytes")


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_LINES", "LONGEST_LINE"])
def test_the_limits_themselves_are_allowed(record, root, monkeypatch, limit):
    lines = record.splitlines(keepends=True)
    sizes = {"MOST_BYTES": len(record), "MOST_LINES": len(lines), "LONGEST_LINE": max(map(len, lines))}
    monkeypatch.setattr(imports, limit, sizes[limit])
    assert import_events(record, root)


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


def test_a_disk_that_fills_up_leaves_no_half_run(record, root, monkeypatch):
    other = keep_run(root)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    for call in ("fda_core.runs.imports.os.replace", "pathlib.Path.write_text"):
        with monkeypatch.context() as patch:
            patch.setattr(call, full)
            with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\): make room"):
                import_events(record, root)
        assert os.listdir(root) == [other]
