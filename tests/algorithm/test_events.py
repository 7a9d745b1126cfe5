"""One line of JSON a record: what is written reads back equal, and readers are lenient where writers will change."""

import json
import math

import pytest
from pydantic import ValidationError

from fda_core.algorithm.events import LaneFinished, RunFinished, RunResumed, RunStarted, parse
from tests.helpers.tiny_events import a_round, an_epoch

RECORDS = {
    "run_started": RunStarted(config={"lanes": []}, versions={"threads": 2}, facts={"d": 3}, initial={"accuracy": 0.5}),
    "epoch": an_epoch(variance_estimate=0.25, threshold=1.5),
    "round": a_round(dropped=["1"], metrics={"f1": 0.5}),
    "lane_finished": LaneFinished(lane="fedopt", status="cap", message="all 60 rounds played"),
    "run_resumed": RunResumed(from_round={"fedopt": 3}),
    "run_finished": RunFinished(status="finished", count=4, digest="0" * 64),
}


def line(record) -> str:
    return record.model_dump_json(by_alias=True)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_reads_back_equal(name):
    assert parse(line(RECORDS[name])) == RECORDS[name]


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_names_itself(name):
    assert json.loads(line(RECORDS[name]))["event"] == name


@pytest.mark.parametrize("name", RECORDS)
def test_unknown_fields_are_ignored(name):
    known = json.loads(line(RECORDS[name]))
    assert parse(json.dumps(known | {"run_id": "x", "seq": 0, "colour": "red"})) == RECORDS[name]


def test_the_first_line_says_which_schema_it_follows():
    assert json.loads(line(RECORDS["run_started"]))["schema"] == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize(
    ("record", "name"),
    [
        pytest.param(lambda value: an_epoch(threshold=value), "threshold", id="a number"),
        pytest.param(lambda value: a_round(client_train_loss=[value, value]), "client_train_loss", id="a list"),
        pytest.param(lambda value: a_round(metrics={"f1": value}), "metrics", id="a table"),
        pytest.param(
            lambda value: RunStarted(config={}, versions={}, facts={}, initial={"test_loss": value}),
            "initial",
            id="a free table",
        ),
    ],
)
def test_numbers_that_are_none_are_null(record, name, value):
    written = json.loads(line(record(value)), parse_constant=pytest.fail)
    assert written[name] in (None, [None, None], {"f1": None}, {"test_loss": None})


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_cannot_be_changed(name):
    with pytest.raises(ValidationError, match="frozen"):
        RECORDS[name].event = "other"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"event": "party"}', id="unknown event"),
        pytest.param('{"lane": "a"}', id="no event"),
        pytest.param('{"event": "lane_finished", "lane": "a", "status": "asleep"}', id="unknown status"),
        pytest.param('{"event": "lane_finished", "la', id="half a line"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_event_is_refused(text):
    with pytest.raises(ValidationError):
        parse(text)
