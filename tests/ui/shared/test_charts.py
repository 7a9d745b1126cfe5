"""The race chart as a figure, without a browser: what is drawn, against what, and in whose colour."""

import json
import math

import pandas as pd
import pytest

from fda_core.algorithm.events import LaneFinished
from fda_core.settings.config import Target
from tests.helpers.fake import Fake, fast_config, run_started
from tests.helpers.tiny_events import a_round
from ui.components.live_chart import figure_json
from ui.shared.charts import race_chart
from ui.shared.frames import race_frame
from ui.text.i18n import t

LABELS = {"fedopt-e1": "FedOpt E=1", "fedopt-e5": "FedOpt E=5", "fda-opt": "FDA-OPT M=10"}
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]
SIX = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]  # as many as the theme has
TARGET = Target(metric="accuracy", value=0.7)


@pytest.fixture(scope="module")
def frame():
    return race_frame(list(Fake()(fast_config(), lambda done, total: None, lambda: None)))


def draw(frame, labels=LABELS, x="bytes", y="test_loss", target=TARGET, reached=None):
    return race_chart(frame, labels, PALETTE, x, y, target, reached or {})


def looks(figure) -> dict[str, tuple]:
    """Colour, dash and marker of every lane."""
    lanes = [trace for trace in figure.data if trace.mode == "lines+markers"]
    return {trace.uid: (trace.line.color, trace.line.dash, trace.marker.symbol) for trace in lanes}


@pytest.mark.parametrize("part", [0, 1, 2], ids=["colour", "dash", "marker"])
def test_lanes_are_told_apart_by_each_of(frame, part):
    seen = [look[part] for look in looks(draw(frame)).values()]
    assert len(seen) == 3 and len(set(seen)) == 3


def test_more_lanes_than_colours_are_still_told_apart(frame):
    labels = {f"lane-{i}": f"lane {i}" for i in range(12)}
    for palette in (PALETTE, SIX):
        figure = race_chart(frame, labels, palette, "bytes", "test_loss", TARGET, {})
        assert len({look[:2] for look in looks(figure).values()}) == 12
        assert len({look[::2] for look in looks(figure).values()}) == 12


@pytest.mark.parametrize("rows", [slice(None, None, -1), slice(4, None), slice(0, 4)], ids=["reversed", "end", "start"])
def test_a_lane_keeps_its_look_whatever_has_been_played(frame, rows):
    assert looks(draw(frame.iloc[rows])) == looks(draw(frame))


@pytest.mark.parametrize("x", ["bytes", "rounds", "epochs", "time"])
@pytest.mark.parametrize("y", ["test_loss", "accuracy"])
def test_a_lane_keeps_its_look_in_every_view(frame, x, y):
    assert looks(draw(frame, x=x, y=y)) == looks(draw(frame))


def test_a_star_does_not_change_the_look_of_the_lanes_after_it(frame):
    assert looks(draw(frame, reached={"fedopt-e1": 2})) == looks(draw(frame))


@pytest.mark.parametrize(
    ("x", "column"), [("bytes", "megabytes"), ("rounds", "round"), ("epochs", "epochs"), ("time", "seconds")]
)
def test_the_horizontal_axis_shows_what_was_chosen(frame, x, column):
    figure = draw(frame, x=x)
    for trace in figure.data:
        assert list(trace.x) == frame[frame.lane == trace.uid][column].tolist()
    assert figure.layout.xaxis.title.text == t(f"chart.x_{x}")


@pytest.mark.parametrize("y", ["test_loss", "accuracy"])
def test_the_vertical_axis_shows_what_was_chosen(frame, y):
    figure = draw(frame, y=y)
    for trace in figure.data:
        assert list(trace.y) == frame[frame.lane == trace.uid][y].tolist()
    assert figure.layout.yaxis.title.text == t(f"chart.y_{y}")


@pytest.mark.parametrize("x", ["bytes", "rounds", "epochs", "time"])
def test_every_lane_starts_at_zero_with_the_untrained_model(frame, x):
    for trace in draw(frame, x=x).data:
        assert (trace.x[0], trace.y[0]) == (0, 0.7)


def test_the_legend_names_the_lanes_in_their_order(frame):
    assert [trace.name for trace in draw(frame).data] == list(LABELS.values())


def test_hovering_tells_the_round_and_its_epochs(frame):
    figure = draw(frame)
    assert [list(point) for point in figure.data[2].customdata] == [[0, 0], [1, 1], [2, 5], [3, 5]]
    assert "customdata[0]" in figure.data[2].hovertemplate and "{{" not in figure.data[2].hovertemplate


@pytest.mark.parametrize(
    ("metric", "y", "drawn"),
    [("accuracy", "accuracy", [0.7]), ("accuracy", "test_loss", []), ("test_loss", "test_loss", [0.7]),
     ("test_loss", "accuracy", [])],
)  # fmt: skip
def test_the_target_line_stands_only_on_its_own_axis(frame, metric, y, drawn):
    figure = draw(frame, y=y, target=Target(metric=metric, value=0.7))
    assert [shape.y0 for shape in figure.layout.shapes] == drawn


@pytest.mark.parametrize("y", ["test_loss", "accuracy"])
def test_a_star_marks_the_round_in_which_the_target_was_reached(frame, y):
    figure = draw(frame, x="rounds", y=y, reached={"fedopt-e5": 2, "fda-opt": 3})
    stars = {trace.uid: (trace.x, trace.y) for trace in figure.data if trace.mode == "markers" and not trace.legendrank}
    values = {(row.lane, row["round"]): row[y] for _, row in frame.iterrows()}
    assert stars == {
        "fedopt-e5 reached": ((2,), (values["fedopt-e5", 2],)), "fda-opt reached": ((3,), (values["fda-opt", 3],)),
    }  # fmt: skip


def test_a_star_has_the_colour_of_its_lane_and_one_entry_in_the_legend(frame):
    stars = [trace for trace in draw(frame, reached={"fedopt-e5": 2, "fda-opt": 3}).data if trace.mode == "markers"]
    assert [star.marker.color for star in stars[:2]] == [PALETTE[1], PALETTE[2]]
    assert [star.showlegend for star in stars] == [False, False, None]
    assert stars[2].marker.color not in PALETTE and stars[2].x == (None,)


def test_traces_have_lasting_identities(frame):
    figure = draw(frame, reached={"fedopt-e5": 2})
    assert len({trace.uid for trace in figure.data}) == len(figure.data)


def test_values_that_are_missing_travel_as_gaps():
    events = [run_started(fast_config()), a_round("fda-opt", 1), a_round("fda-opt", 2, test_loss=None, accuracy=None)]
    events.append(LaneFinished(lane="fda-opt", status="diverged"))
    figure = draw(race_frame(events))
    assert math.isnan(figure.data[2].y[2])
    sent = json.loads(figure_json(figure, "view"))
    assert sent["data"][2]["y"] == [0.7, 0.6, None]


@pytest.mark.parametrize("y", ["test_loss", "accuracy"])
def test_an_empty_run_shows_a_hint_and_no_axes(y):
    figure = draw(race_frame([]), y=y)
    assert [note.text for note in figure.layout.annotations] == [t("chart.empty")]
    assert figure.layout.xaxis.showticklabels is False and figure.layout.yaxis.showticklabels is False
    assert not figure.layout.shapes and figure.layout.showlegend is False


def test_a_started_run_has_axes(frame):
    figure = draw(race_frame([run_started(fast_config())]))
    assert figure.layout.xaxis.title.text and figure.layout.xaxis.showticklabels is None
    assert t("chart.empty") not in [note.text for note in figure.layout.annotations]


def test_the_zoom_can_survive_because_no_range_is_set(frame):
    figure = draw(frame)
    assert figure.layout.xaxis.range is None and figure.layout.yaxis.range is None


@pytest.fixture
def with_reference(frame):
    silent = frame[frame.lane == "fedopt-e5"].assign(lane="all", megabytes=0.0)
    return pd.concat([frame, silent])


@pytest.mark.parametrize(("y", "best"), [("test_loss", min), ("accuracy", max)])
def test_a_lane_that_sends_nothing_is_a_level_line_against_bytes(with_reference, y, best):
    figure = draw(with_reference, LABELS | {"all": "all"}, y=y, reached={"all": 2})
    line = next(trace for trace in figure.data if trace.uid == "all")
    value = best(with_reference[with_reference.lane == "all"][y])
    assert (line.mode, line.line.dash, line.y) == ("lines", "dot", (value, value))
    assert line.x == (0, with_reference.megabytes.max()) and line.x[1] > 0
    assert "all reached" not in [trace.uid for trace in figure.data]


@pytest.mark.parametrize("x", ["rounds", "epochs", "time"])
def test_a_lane_that_sends_nothing_is_an_ordinary_line_otherwise(with_reference, x):
    line = next(t for t in draw(with_reference, LABELS | {"all": "all"}, x=x).data if t.uid == "all")
    assert line.mode == "lines+markers" and len(line.x) == 4 and line.x[-1] > 0
