"""Exports, read back by the programs they are for."""

import csv
import io
import json

import pytest

from fda_core.runs.exports import cell, to_csv, to_json
from fda_core.runs.meta import Meta, write_meta
from tests.helpers.stored_runs import keep_run


@pytest.fixture
def folder(root):
    folder = root / keep_run(root, seed=7)
    write_meta(folder, Meta(name="=HYPERLINK(A1)", tags=("class 3",)))
    return folder


def rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_a_round_with_running_totals(folder):
    found = rows(to_csv(folder))
    assert [(row["lane"], row["round"], row["local_epochs_total"]) for row in found] == [
        ("fedopt", "1", "1"), ("fedopt", "2", "2"), ("fda-opt", "1", "1"),
    ]  # fmt: skip
    assert [row["bytes_total"] for row in found] == ["48", "96", "48"]
    assert {row["run_id"] for row in found} == {folder.name} and {row["seed"] for row in found} == {"7"}
    assert found[0]["threshold_next"] == ""  # nothing where there is no number


def test_a_name_that_is_a_formula_is_text_in_a_spreadsheet(folder):
    assert {row["name"] for row in rows(to_csv(folder))} == {"'=HYPERLINK(A1)"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\n=x", "＝1", "＋1", "－1", "＠x"])
def test_text_that_begins_a_formula_gets_an_apostrophe(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 3, None, "1=1", "fda-opt", ""])
def test_numbers_and_other_texts_stay(value):
    assert cell(value) == value


def test_the_json_holds_everything_a_reader_needs(folder):
    found = json.loads(to_json(folder))
    assert (found["run_id"], found["name"], found["tags"]) == (folder.name, "=HYPERLINK(A1)", ["class 3"])
    assert found["config"]["seed"] == 7 and found["facts"]["model_bytes"] == 12
    assert [lane["spent"]["bytes"] for lane in found["lanes"]] == [96, 48]
    assert len(found["rounds"]) == 3


def test_a_run_that_never_began_gives_a_head_and_no_rows(root):
    folder = root / keep_run(root)
    lines = (folder / "events.jsonl").read_text().splitlines(keepends=True)
    (folder / "events.jsonl").write_text(lines[-1])
    assert rows(to_csv(folder)) == [] and json.loads(to_json(folder))["rounds"] == []
