"""What is written into the race chart: the crossing, the budget, and never more than that."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from fda_core.analysis.curves import Point
from fda_core.runs.recorded import recorded
from fda_core.settings.config import ExperimentConfig, LaneSpec, Target
from tests.helpers.tiny_events import a_round, started
from ui.shared.charts import race_chart
from ui.shared.frames import race_frame
from ui.text.sentences import lane_labels
from ui.views.race.annotations import STRIP, annotate, make_room, mark_crossing, rivals

PALETTE = ["#0072B2", "#E69F00", "#009E73"]
MB = 1_000_000


def lanes(*specs) -> ExperimentConfig:
    return ExperimentConfig(lanes=specs)


def fedopt(epochs: int) -> LaneSpec:
    return LaneSpec(id=f"e{epochs}", rule="schedule", epochs=epochs)


OURS = LaneSpec(id="ours", rule="adaptive", max_epochs=10)
SMOOTH = LaneSpec(id="smooth", rule="smoothed", max_epochs=10)
ALL = LaneSpec(id="all", rule="centralised", epochs=1)


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ((fedopt(1), fedopt(5), OURS), ("ours", "e1")),
        ((fedopt(5), fedopt(2), SMOOTH, OURS, ALL), ("ours", "e2")),
        ((fedopt(5), SMOOTH), ("smooth", "e5")),
        ((fedopt(1), fedopt(5)), None),
        ((OURS, ALL), None),
    ],
)
def test_the_published_rule_is_compared_with_the_fedopt_that_synchronises_most_often(specs, expected):
    assert rivals(lanes(*specs)) == expected


def story(losses: list[float]) -> list:
    """E=1 stays at 0.6 from 10 MB on; ours has these losses at 10, 20, 30 … MB; a third lane goes on to 100 MB."""
    start = started(fedopt(1), fedopt(5), OURS)
    start.initial["test_loss"] = 0.7
    rounds = [a_round("ours", i, bytes_total=10 * i * MB, test_loss=loss) for i, loss in enumerate(losses, 1)]
    rounds += [
        a_round("e1", 1, bytes_total=10 * MB, test_loss=0.6),
        a_round("e1", 2, bytes_total=60 * MB, test_loss=0.6),
    ]
    return [start, *rounds, a_round("e5", 1, bytes_total=100 * MB, test_loss=0.65)]


def draw(losses: list[float], budget: float | None = None, over: bool = True) -> go.Figure:
    events, config = story(losses), lanes(fedopt(1), fedopt(5), OURS)
    frame = race_frame(events)
    target = Target(metric="test_loss", value=0.55)
    figure = race_chart(frame, lane_labels(config), PALETTE, "bytes", "test_loss", target, {"ours": 3})
    annotate(figure, frame, config, events, "test_loss", budget, over)
    return figure


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_the_crossing_is_named_with_its_bytes():
    figure = draw([0.65, 0.55, 0.5])  # from 0.65 at 10 to 0.55 at 20: 0.6 at 15 MB
    assert texts(figure) == ["target 0.55", "FDA-OPT M=10 ahead from 15 MB on"]
    [ring] = [trace for trace in figure.data if trace.uid == "crossing"]
    assert (*ring.x, *ring.y) == pytest.approx((15, 0.6)) and not ring.showlegend


def test_while_the_run_goes_on_nothing_is_for_good():
    assert texts(draw([0.65, 0.55, 0.5], over=False)) == ["target 0.55"]


def test_where_fedopt_stays_ahead_nothing_is_claimed():
    assert texts(draw([0.65, 0.65, 0.65])) == ["target 0.55"]


@pytest.mark.parametrize("losses", [[0.65, 0.55, 0.5], [0.65] * 3])
@pytest.mark.parametrize("budget", [None, 20.0])
def test_there_are_at_most_two_texts(losses, budget):
    """The target's and the crossing's: the budget stands in the legend."""
    assert len(texts(draw(losses, budget))) <= 2


def test_the_budget_does_not_change_the_curves():
    plain, marked = draw([0.65] * 3), draw([0.65] * 3, 20.0)
    assert plain.data == marked.data
    assert [shape.name for shape in marked.layout.shapes] == [None, "budget 20 MB"]


@pytest.mark.parametrize(
    ("late", "falling", "x", "y"),
    [(False, True, "left", 1), (True, True, "right", 1), (False, False, "left", 0), (True, False, "right", 0)],
)
def test_the_text_stays_within_the_picture(late, falling, x, y):
    """At the edge of the axis and inside it, so never in the legend above; on the side where there is room."""
    figure = go.Figure()
    mark_crossing(figure, "FDA-OPT", Point(15e6, 0.6), late, falling)
    [note] = figure.layout.annotations
    assert (note.xanchor, note.y, note.yref) == (x, y, "y domain")
    assert note.yanchor == ("top" if y else "bottom")


@pytest.mark.parametrize(("falling", "edge"), [(True, 0.7 + STRIP * 0.2), (False, 0.5 - STRIP * 0.2)])
def test_the_text_has_a_strip_without_curves(falling, edge):
    figure = go.Figure()
    make_room(figure, pd.Series([0.5, 0.6, 0.7]), falling)
    assert figure.layout.yaxis.autorangeoptions.include == pytest.approx((edge,))


@pytest.mark.parametrize("name", ["alpha-0.1", "alpha-1", "alpha-10"])
@pytest.mark.parametrize("y", ["test_loss", "accuracy"])
def test_real_runs_can_be_annotated(name, y):
    run = recorded(name)
    frame = race_frame(run.events)
    figure = race_chart(frame, lane_labels(run.config), PALETTE, "bytes", y, run.config.target, {})
    annotate(figure, frame, run.config, run.events, y, 150.0, True)
    assert len(texts(figure)) <= 2
    assert figure.to_json()
