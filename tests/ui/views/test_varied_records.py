"""Whatever a record says: it is refused in a sentence, or every page shows it without an exception."""

import json
import random
from contextlib import suppress

import pytest

from fda_core.runs.imports import import_events
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, runs_folder
from fda_core.support.errors import StoreError
from tests.helpers.varied_records import KINDS, VALUES, a_record, changed, lanes, places, sealed
from ui.shared.own_network import OwnNetwork
from ui.shared.story import tell
from ui.takeaway.offers import make_film, make_slides
from ui.text.viewer import Viewing

PAGES = {
    "race": {"budget": "5"}, "inside": {}, "budget": {}, "heterogeneity": {}, "schedules": {}, "lesson": {},
    "story": {}, "evidence": {}, "production": {}, "runs": {},
}  # fmt: skip
LANES = {
    "references": ("centralised", "local-only"), "one reference": ("local-only",), "FDA": ("fda-opt", "fda-fixed"),
    "FedOpt": ("fedopt-e1",), "one of FDA": ("fda-opt",), "all": tuple(KINDS),
    "FDA and a reference": ("centralised", "fda-opt"), "peers": ("adacomm", "decaying"), "ours": ("fda-opt", "tapered"),
    "FDA and a peer": ("fda-opt", "adacomm"),
}  # fmt: skip
# The others say the same whatever the run is.
OF_RUNS = {name: PAGES[name] for name in ("race", "inside", "budget", "heterogeneity", "runs")}
FIRST = ("references", 4)  # what the quick tier looks at
MANY = 400
NIGHT = (pytest.mark.slow, pytest.mark.night)


def tier(name: str, rounds: int) -> tuple:
    """Of lanes and rounds: before the first round and after some everywhere, after one where all lanes are."""
    if (name, rounds) == FIRST:
        return ()
    return NIGHT if rounds == 1 and name != "all" else (pytest.mark.slow,)


def shown(visit, run_id: str, pages=PAGES, **words: str) -> None:
    for name, own in pages.items():
        chosen = {"runs": run_id} if name == "runs" else {"run": run_id}
        page = visit(name, **chosen, **own, **words)
        assert not page.exception, f"{name}: {page.exception[0].message} {page.exception[0].stack_trace}"
    run = stored(runs_folder() / run_id)
    assert make_slides(run, OwnNetwork(run.config.clients, run.config.link), Viewing("ja"))
    with suppress(StoreError):  # no story
        assert tell(run) and make_film(run, Viewing("ja"))


@pytest.fixture
def rows(tmp_path) -> list[dict]:
    return a_record(tmp_path / "theirs", lanes("fedopt-e1", "fedopt-e5", "fda-opt", "fda-fixed"))


def variants(rows: list[dict]) -> list[tuple]:
    """Line, place and value of all changes; one line of each kind of event."""
    kinds = {(row["event"], row.get("lane")): line for line, row in enumerate(rows)}
    return [(line, place, value) for line in sorted(kinds.values()) for place in places(rows[line]) for value in VALUES]


def taken(rows: list[dict]) -> str | None:
    """The id of the imported run; None where it was refused in a sentence."""
    try:
        return import_events(sealed(rows), runs_folder())
    except StoreError as error:
        assert str(error).isprintable() and len(str(error)) < 900 and str(error).endswith((".", "…"))
        return None


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=NIGHT) for seed in range(1, 5))])
def test_a_record_with_other_values_is_refused_or_shown(visit, rows, seed):
    """Changes that are taken one by one are shown together: as many pages again would take hours."""
    drawn = random.Random(seed)
    known = 0
    for line, place, value in drawn.sample(variants(rows), MANY):
        if place not in places(rows[line]):  # gone with an earlier change
            continue
        changes = changed(rows, line, place, value)
        if run := taken(changes):
            known += 1
            rows, last = changes, run
    assert known > 10
    shown(visit, last, OF_RUNS if seed else {"race": {"budget": "5"}, "budget": {}})


@pytest.mark.parametrize(
    ("names", "rounds"),
    [
        pytest.param(names, rounds, id=f"{name}, {rounds}", marks=tier(name, rounds))
        for name, names in LANES.items()
        for rounds in (0, 1, 4)
    ],
)
def test_every_page_shows_every_set_of_lanes(visit, tmp_path, names, rounds):
    pages = PAGES if (names, rounds) == (LANES["all"], 4) else OF_RUNS
    shown(visit, taken(a_record(tmp_path / "theirs", lanes(*names), rounds=rounds)), pages)


def test_a_run_of_many_lanes_is_shown(visit, tmp_path):
    specs = tuple(spec.model_copy(update={"id": f"{spec.id}-{n}"}) for n in range(2) for spec in lanes(*KINDS))
    shown(
        visit, taken(a_record(tmp_path / "theirs", specs[:12])), {"race": {"budget": "5"}, "inside": {}, "budget": {}}
    )


NONSENSE = {
    "checks without end": (("epoch", "fda-fixed"), ("checks",), 10**9),
    "checks beyond the steps": (("epoch", "fda-fixed"), ("checks",), 3),
    "no bytes": (("round", "fedopt-e1"), ("bytes_down",), 0),
    "no epochs": (("round", "fda-opt"), ("epochs",), 0),
    "a negative variance": (("round", "fda-opt"), ("variance",), -1.0),
    "a client that is none": (("round", "fda-opt"), ("clients",), ["0", "40"]),
    "a client by name": (("round", "fda-opt"), ("clients",), ["0", "x"]),
    "a client twice": (("round", "fda-opt"), ("clients",), ["0", "0"]),
    "points of three numbers": (("round", "fda-opt"), ("paths",), [[[0.0, 1.0, 2.0]], [[0.0, 1.0]]]),
    "a list of metrics": (("run_started", None), ("initial", "metrics"), []),
    "a text of seconds": (("run_started", None), ("facts", "seconds_per_step"), "1"),
    "another schema": (("run_started", None), ("schema",), 2),
    "a number as a text": (("round", "fda-opt"), ("round",), "1"),
    "an accuracy of two": (("round", "fda-opt"), ("accuracy",), 2.0),
    "nobody dropped out": (("round", "fda-opt"), ("dropped",), ["7"]),
    "a lane by another name": (("round", "fda-opt"), ("lane",), "x"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_no_run_writes_is_refused_wherever_it_comes_in(runner, rows, name):
    kind, place, value = NONSENSE[name]
    line = next(n for n, row in enumerate(rows) if (row["event"], row.get("lane")) == kind)
    data = changed(rows, line, place, value)
    assert taken(data) is None
    folder = runs_folder() / "20260101-000000-abcdef"
    folder.mkdir(parents=True)
    (folder / EVENTS).write_bytes(sealed(data))
    with pytest.raises(StoreError, match=rf"is damaged: line {line + 1} "):
        runner.snapshot(folder.name)


def test_a_preset_of_another_version_is_shown(visit, rows):
    run = taken(changed(rows, 0, ("config", "preset"), "of-tomorrow"))
    shown(visit, run, {"race": {}, "runs": {}})
    assert json.loads((runs_folder() / run / EVENTS).read_bytes().splitlines()[0])["config"]["preset"] == "of-tomorrow"
