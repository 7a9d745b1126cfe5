"""Records damaged in every way that can be generated are taken over whole or refused in a sentence."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fda_core.analysis.summary import summarize
from fda_core.runs.entries import read_entry
from fda_core.runs.imports import import_events
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, read_events
from fda_core.support.errors import StoreError
from tests.helpers.stored_runs import keep_run
from tests.helpers.varied_records import sealed
from tests.runs.test_imports import one_sentence


@pytest.fixture(scope="module")
def place():
    """A folder of runs with one run in it."""
    with tempfile.TemporaryDirectory() as folder:
        keep_run(Path(folder))
        yield Path(folder)


@pytest.fixture(scope="module")
def rows(place) -> list[dict]:
    (run,) = place.iterdir()
    return [json.loads(line) for line in (run / EVENTS).read_bytes().splitlines()]


def taken_or_refused(data: bytes, place: Path) -> bool:
    """Whether it was taken; asserts that nothing else happened, and leaves the folder as it was."""
    neighbours = {path: (path / EVENTS).read_bytes() for path in place.iterdir()}
    try:
        run = place / import_events(data, place)
    except StoreError as error:
        assert one_sentence(str(error)), error
        run = None
    else:
        assert (run / EVENTS).read_bytes() == data
        assert stored(run).status == read_entry(run).status
        assert read_entry(run).status != "damaged"
        summarize(read_events(run))
        shutil.rmtree(run)
    assert {path: (path / EVENTS).read_bytes() for path in place.iterdir()} == neighbours
    return run is not None


NAMES = [
    "event", "lane", "round", "seq", "run_id", "time", "config", "facts", "bytes_total", "paths", "status", "count",
    "digest", "from_round", "clients", "lanes", "seed", "rule", "id", "self", "5", "",
]  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=20)
    | st.sampled_from(["fedopt", "fda-opt", "round", "epoch", "run_resumed", "run_finished", "NaN", "-inf", "1e999"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
)
WOUNDS = st.lists(
    st.tuples(
        st.sampled_from(["set", "set", "set", "drop", "remove", "double", "swap"]),
        st.integers(0, 8),
        st.integers(0, 99),
        st.integers(0, 99),
        VALUES,
    ),
    min_size=1,
    max_size=3,
)


def wounded(rows: list[dict], wounds) -> list[dict]:
    rows = json.loads(json.dumps(rows))
    for kind, line, first, second, value in wounds:
        line %= len(rows) or 1
        if not rows:
            break
        match kind:
            case "set" | "drop":
                spot = inside(rows[line], first, second)
                name = sorted(spot)[first % len(spot)] if spot and second % 4 else NAMES[first % len(NAMES)]
                spot[name] = value
                if kind == "drop":
                    del spot[name]
            case "remove":
                del rows[line]
            case "double":
                rows.insert(line, dict(rows[line]))
            case "swap":
                rows[line], rows[first % len(rows)] = rows[first % len(rows)], rows[line]
    return rows


def inside(row: dict, first: int, second: int) -> dict:
    """The row itself, its configuration, or one of its lanes."""
    config = row.get("config")
    if not isinstance(config, dict) or second % 3 == 0:
        return row
    lanes = config.get("lanes")
    if second % 3 == 1 or not (isinstance(lanes, list) and lanes and isinstance(lanes[first % len(lanes)], dict)):
        return config
    return lanes[first % len(lanes)]


def test_the_record_that_is_wounded_is_whole(rows, place):
    assert taken_or_refused(sealed(rows), place)
    assert not taken_or_refused(sealed(rows[:2] + rows[3:]), place)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(wounds=WOUNDS, seal=st.booleans())
@example(wounds=[("set", 0, 15, 4, {"5": 1})], seal=True)
def test_records_with_other_values_are_taken_or_refused(rows, place, wounds, seal):
    rows = wounded(rows, wounds)
    taken_or_refused(sealed(rows) if seal else b"".join(json.dumps(row).encode() + b"\n" for row in rows), place)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(max_size=60), place_in=st.floats(0, 1), length=st.integers(0, 300))
def test_records_with_other_bytes_are_taken_or_refused(rows, place, data, place_in, length):
    whole = sealed(rows)
    start = int(place_in * len(whole))
    taken_or_refused(whole[:start] + data + whole[start + length :], place)
