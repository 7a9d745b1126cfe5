"""The page Inside a round: its sentences and numbers are the events'."""

import math

import pytest

from fda_core.algorithm.events import Round
from fda_core.analysis.one_round import half_way, look
from fda_core.runs.recorded import names, recorded
from fda_core.settings.config import ExperimentConfig, LaneSpec
from tests.helpers.tiny_events import TWO_LANES, a_round, an_epoch
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.text.i18n import t
from ui.text.viewer import reading
from ui.views.inside import inside_page
from ui.views.inside.inside_charts import drift_chart, error_chart, scale_chart, variance_chart
from ui.views.inside.inside_page import decision, rule_words, sketches, whole

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
CONFIG = ExperimentConfig(lanes=TWO_LANES)


def seen(reason: str = "threshold", epochs: int = 2, threshold: float | None = 0.4, lane: str = "fda-opt", **changes):
    story = [
        an_epoch(lane, epoch=i, variance=0.2 * i, variance_estimate=0.25 * i, threshold=threshold)
        for i in range(1, epochs + 1)
    ]
    return look([*story, a_round(lane, epochs=epochs, reason=reason, **changes)], CONFIG, lane, 1)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (seen("first-round", 1, None), "**Round 1 of 1: one local epoch, by rule.**"),
        (seen(), "**Round 1 of 1: stopped by Θ after 2 local epochs.** The estimate 0.5 passed Θ = 0.4"),
        (
            seen("epoch-cap", 5, 9.0),
            "by the cap after 5 local epochs.** The estimate 1.25 was still within Θ = 9",
        ),
        (seen("fixed-schedule", 1, None, "fedopt"), "on schedule after 1 local epoch.** Nobody asked"),
        (seen("all-dropped"), "all 2 clients dropped out.**"),
    ],
)
def test_the_decision_is_told_with_its_numbers(look, words):
    assert words in decision(look)


@pytest.mark.parametrize("reason", ["first-round", "threshold", "epoch-cap", "fixed-schedule", "all-dropped"])
@pytest.mark.parametrize(("language", "depth"), [("ja", "engineer"), ("ja", "manager"), ("en", "manager")])
def test_every_decision_can_be_told_to_everybody(reason, language, depth):
    with reading(language, depth):
        words = decision(seen(reason))
    assert words.startswith("**") and ("Θ" in words) <= (depth == "engineer")


def test_the_published_rule_by_hand():
    event = seen(variance=0.3, threshold_next=0.375)
    assert half_way(event) == pytest.approx((5 / 2) / 2 * 0.3)
    assert "2.5 / 2 · 0.3 = **0.375**" in rule_words(event)


@pytest.mark.parametrize("name", names())
def test_the_rule_shown_is_the_one_that_was_played(name):
    run = recorded(name)
    rounds = [event for event in run.events if isinstance(event, Round) and event.lane == "fda-opt"]
    for event in rounds:
        found = look(run.events, run.config, "fda-opt", event.round)
        assert math.isclose(half_way(found), event.threshold_next, rel_tol=1e-9)


def test_other_rules_show_no_formula_that_is_not_theirs():
    fixed = CONFIG.model_copy(update={"lanes": (LaneSpec(id="fda", rule="fixed", max_epochs=5, theta=0.4),)})
    story = [an_epoch("fda", threshold=0.4), a_round("fda", reason="threshold")]
    assert "chosen by hand" in rule_words(look(story, fixed, "fda", 1))
    assert rule_words(seen("fixed-schedule", 1, None, "fedopt")) is None


def test_a_round_that_is_not_there_is_the_nearest_and_none_is_none():
    story = [a_round(number=n) for n in (1, 2, 3)]
    assert look(story, CONFIG, "fedopt", 99).round.round == 3
    assert look(story, CONFIG, "fda-opt", 1) is None


def test_the_chart_has_both_variances_and_the_threshold():
    figure = variance_chart(seen(), PALETTE)
    assert [list(trace.y) for trace in figure.data] == [[0.2, 0.4], [0.25, 0.5]]
    assert figure.layout.shapes[0].y0 == 0.4
    assert len(variance_chart(seen("fixed-schedule", 1, None, "fedopt"), PALETTE).layout.shapes) == 0


def test_drifts_begin_at_the_global_model_and_the_mean_is_theirs():
    event = seen(paths=[[[0.0, 1.0], [0.0, 2.0]], [[4.0, 0.0], [None, None]]])
    figure = drift_chart(event, PALETTE)
    assert [list(trace.x) for trace in figure.data[:2]] == [[0, 0, 0], [0, 4]]
    [mean] = [trace for trace in figure.data if trace.uid == "mean"]
    assert (list(mean.x), list(mean.y)) == ([0, 0], [0, 2])


def test_areas_are_in_proportion_to_bytes():
    figure = scale_chart(100, {"a": 10_000}, PALETTE, "100 B")
    model, state = figure.layout.shapes
    area = lambda shape: (shape.x1 - shape.x0) * (shape.y1 - shape.y0)  # noqa: E731
    assert area(state) / area(model) == pytest.approx(100 / 10_000)


def test_a_wider_sketch_errs_less_on_the_stored_drifts():
    figure = error_chart(sketches(), PALETTE, 500)
    means = list(figure.data[1].y)
    assert means == sorted(means, reverse=True) and 500 in figure.data[1].x


@pytest.mark.parametrize(
    ("word", "number"), [("3", 3), ("-1", None), ("x", None), ("", None), ("9" * 5000, None), ("²", None)]
)
def test_garbage_in_the_address_is_no_round(word, number):
    assert whole(word) == number


def test_the_page_shows_a_recorded_run_and_turns_its_rounds(visit):
    page = visit("inside", round="3")
    assert not page.exception and "Round 3 of 23" in unlinked(page.markdown[0].value)
    page.button(key="inside_forth").click().run()
    assert not page.exception and "Round 4 of 23" in unlinked(page.markdown[0].value)
    chosen_in(page.selectbox, "inside_lane").set_value("fedopt-e1").run()
    assert not page.exception and "on schedule" in unlinked(page.markdown[0].value)
    assert page.query_params["lane"] == "fedopt-e1"


@pytest.mark.parametrize(("language", "depth"), [("en", "engineer"), ("en", "manager"), ("ja", "engineer")])
def test_what_a_federation_on_flower_cannot_know_is_said(visit, monkeypatch, language, depth):
    """The exact variance within a round; of a run of the engine nothing is missing."""
    words = []
    for name in ("flower", "default"):
        monkeypatch.setattr(inside_page, "run_to_show", lambda name=name, **_: recorded(name))
        page = visit("inside", lang=language, depth=depth)
        assert not page.exception
        words.append([each.value for each in page.caption])
    with reading(language, depth):
        said = t("inside.ends_only")
    assert said in words[0] and said not in words[1]


def test_a_lane_that_is_not_there_is_the_first_and_that_is_said(visit):
    page = visit("inside", lane="<b>x", round="nan")
    assert not page.exception and chosen_in(page.selectbox, "inside_lane").value == "fda-opt"
    [note] = page.warning
    assert "lane = " in note.value and "round = nan" in note.value


def test_a_foreign_client_s_name_is_no_markup_in_the_chart():
    story = [an_epoch(), a_round(clients=["<a href='http://x'>1</a>", "%{x}" + "2" * 36])]
    figure = drift_chart(look(story, CONFIG, "fedopt", 1), PALETTE)
    shown = [trace.hovertemplate for trace in figure.data if trace.hovertemplate]
    assert len(shown) == 2 and "<a" not in "".join(shown) and "%{" not in "".join(shown)
    assert max(map(len, shown)) < 100
