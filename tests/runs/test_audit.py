"""The audit finds every damage to a record that its counts, sums and digest can show."""

import json

import pytest

from fda_core.runs.audit import audit
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS
from fda_core.support.errors import StoreError
from tests.helpers.tiny_events import a_round, an_epoch, started


@pytest.fixture
def folder(tmp_path):
    recorder = Recorder(tmp_path / "run", "the-run")
    for event in (started(), an_epoch(), a_round(), an_epoch("fda-opt"), a_round("fda-opt"), a_round(number=2)):
        recorder.add(event)
    recorder.finish("stopped")
    return tmp_path / "run"


def rows(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]


def rewrite(folder, rows) -> None:
    (folder / EVENTS).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_an_untouched_record_is_intact_and_its_rounds_are_listed(folder):
    found = audit(folder)
    assert found.problems == [] and found.closed
    assert [(sent.lane, sent.round, sent.bytes_total) for sent in found.rounds] == [
        ("fedopt", 1, 48), ("fda-opt", 1, 48), ("fedopt", 2, 96),
    ]  # fmt: skip
    assert found.digest == rows(folder)[-1]["digest"]
    assert "does not prove who wrote" in found.report()


def test_a_record_without_its_closing_line_is_said_to_be_open(folder):
    rewrite(folder, rows(folder)[:-1])
    found = audit(folder)
    assert found.problems == [] and not found.closed
    assert "not closed" in found.report()


def changed(name, value, line=2):
    def change(rows):
        rows[line][name] = value

    return change


DAMAGES = {
    "a line is missing": (lambda rows: rows.pop(2), "number is 3 instead of 2"),
    "a line came twice": (lambda rows: rows.insert(2, rows[2]), "number is 2 instead of 3"),
    "two lines changed places": (lambda rows: rows.insert(2, rows.pop(5)), "number is 5 instead of 2"),
    "fewer bytes": (changed("bytes_up", 1), "add up to 25"),
    "a smaller total": (changed("bytes_total", 9), "add up to 48"),
    "more local epochs than there are": (changed("epochs", 2), "counts 2 local epochs, and 1 are on record"),
    "states that no local epoch has sent": (changed("bytes_monitor", 5), "its local epochs add up to 0"),
    "a better accuracy": (changed("accuracy", 0.99), "digest of the closing line"),
    "a round of another run": (changed("run_id", "other"), "of another run"),
    "a round left out": (changed("round", 3, line=5), "round 3 of lane fedopt follows its round 1"),
    "not an event": (changed("event", "party"), "Line 3 is not an event"),
    "a wrong count": (changed("count", 3, line=-1), "counts 3 lines before it"),
    "a line after the end": (lambda rows: rows.append(rows[1]), "after the closing line"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_named(folder, name):
    damage, sentence = DAMAGES[name]
    lines = rows(folder)
    damage(lines)
    rewrite(folder, lines)
    found = audit(folder)
    assert any(sentence in problem for problem in found.problems), found.problems
    assert found.report().startswith("Damaged")


def test_every_single_changed_byte_before_the_closing_line_is_found(folder):
    whole = (folder / EVENTS).read_bytes()
    closing = whole.rindex(b'{"event":"run_finished"')
    for place in range(0, closing, 7):
        other = b"0" if whole[place : place + 1] != b"0" else b"1"
        (folder / EVENTS).write_bytes(whole[:place] + other + whole[place + 1 :])
        assert audit(folder).problems, place


def test_a_torn_end_is_found(folder):
    whole = (folder / EVENTS).read_bytes()
    (folder / EVENTS).write_bytes(whole[:-5])
    assert "torn" in audit(folder).problems[-1]


def test_what_is_no_run_folder_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"cannot be read .* name a run's folder\."):
        audit(tmp_path)
