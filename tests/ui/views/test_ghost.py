"""The recorded race that a run is drawn on top of, and what is shown where none is like the settings."""

import json

import pytest

from fda_core.analysis.summary import summarize
from fda_core.atlas.cells import DEFAULT, RACE
from fda_core.runs.snapshot import Snapshot
from fda_core.settings import presets
from tests.helpers.fake import Fake, fast_config
from ui.text.i18n import t
from ui.views.race import ghost, recorded_cell
from ui.views.race.race_figure import shared_figure

MARK = "recorded: 40 clients, 10 a round, α = 1, FedAvg, client rate 0.05"


def drawn(config, rounds: int | None = None, x: str = "bytes", over: bool = False, alone: bool = False) -> dict:
    """The race's chart once so many events have come; None: all of them."""
    events = tuple(Fake()(config, lambda done, total: None, lambda: None))[:rounds]
    run = Snapshot("20261128-000000-aaaaaa", config, "running", len(events), events)
    shared_figure.clear()
    lanes = summarize(list(events))
    return json.loads(shared_figure("view", "", x, "accuracy", None, over, run, config, lanes, alone))


def recorded(figure: dict) -> list[dict]:
    return [trace for trace in figure["data"] if trace["uid"].startswith("behind")]


def default(**changes):
    return presets.build({"rounds": 3} | changes)


def reach(traces: list[dict]) -> float:
    return max(max(trace["x"]) for trace in traces if trace["x"])


def test_a_run_grows_over_the_race_that_was_shown_with_marks_before_it_began():
    figure, config = drawn(default()), default()
    before = json.loads(recorded_cell.figure(DEFAULT, "bytes", "accuracy", config.target.model_dump_json(), None))
    shown = [(trace["x"], trace["y"]) for trace in before["data"] if trace["mode"] == "lines+markers"]
    assert [(trace["x"], trace["y"]) for trace in recorded(figure)] == shown
    assert figure["data"][: len(RACE)] == recorded(figure)  # what is drawn first lies behind


def test_the_recorded_lanes_have_one_entry_in_the_legend_and_say_nothing_under_the_mouse():
    traces = recorded(drawn(default()))
    assert [trace["name"] for trace in traces if trace["showlegend"]] == [MARK]
    assert {(trace["mode"], trace["hoverinfo"], trace["line"]["width"]) for trace in traces} == {("lines", "skip", 1)}


@pytest.mark.parametrize("events", [0, 1])
def test_before_its_first_round_a_run_has_no_empty_chart(events):
    figure = drawn(default(), events)
    assert len(recorded(figure)) == len(RACE) and figure["layout"]["xaxis"]["title"]["text"] == t("chart.x_bytes")
    assert t("chart.empty") not in json.dumps(figure, ensure_ascii=False)


def test_the_settings_of_the_run_decide():
    names = {trace["name"] for trace in recorded(drawn(default(alpha=0.1)))}
    assert names == {"recorded: 40 clients, 10 a round, α = 0.1, FedAvg, client rate 0.05"}


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "glue/sst2"},
        {"dataset": "table", "table": {"sha256": "0" * 64}},
        {"model": "minilm-roberta"},
        {"trained": "full"},
        {"server_optimizer": "adamw"},
        {"target": {"metric": "mcc", "value": 0.5}},
    ],
    ids=str,
)  # fmt: skip
def test_curves_of_something_else_are_not_shown_as_the_nearest(changes):
    config = fast_config(**changes)
    assert recorded_cell.cell_for(config) is None
    assert ghost.behind(config, "bytes") is None


def test_nothing_was_recorded_by_the_clock_and_nothing_stands_behind_an_example():
    assert recorded(drawn(default(), x="time")) == [] and recorded(drawn(default(), alone=True)) == []


@pytest.mark.parametrize("x", ["bytes", "rounds", "epochs"])
def test_a_short_run_that_is_over_takes_half_of_the_axis(x):
    going_on, over = drawn(default(), x=x), drawn(default(), x=x, over=True)
    own = reach([trace for trace in over["data"] if trace["mode"] == "lines+markers"])
    assert reach(recorded(going_on)) > 2 * own >= reach(recorded(over)) > own


@pytest.mark.parametrize("words", [{"model": "minilm-roberta"}, {"target.metric": "mcc", "target.value": "0.5"}])
def test_where_nothing_is_near_an_example_is_shown_that_says_so(visit, words):
    page = visit(**words)
    assert not page.exception
    assert any(each.value.startswith(t("race.example", label="")[:30]) for each in page.caption)


def test_an_example_of_another_measure_leaves_the_chosen_axis_alone(visit):
    page = visit(y="mcc", **{"target.metric": "mcc", "target.value": "0.5"})
    assert not page.exception and page.query_params["y"] in ("mcc", ["mcc"])
    assert page.session_state["y_axis"] == "mcc"
