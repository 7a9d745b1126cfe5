"""The line that says what a run will cost: before a run, in both depths, and as soon as it is known."""

import pytest
import streamlit as st

from fda_core.cost.estimate import CostEstimate, LaneCost, Span, estimate
from fda_core.live import guard
from fda_core.live.other_programs import OtherPrograms
from fda_core.live.runner import Runner
from fda_core.models.payload import trainable
from fda_core.settings import presets
from tests.cost.test_estimate import TIMINGS
from tests.helpers.fake import fast_config, reach, until
from tests.helpers.widgets import chosen_in
from ui.state import session
from ui.text.i18n import t
from ui.text.numbers import duration
from ui.text.viewer import reading
from ui.views.race import cost_line
from ui.views.race.cost_line import row, sentence, warnings

CONFIG = presets.build()
KNOWN = estimate(CONFIG, trainable(CONFIG), TIMINGS)
BYTES_ONLY = estimate(CONFIG, trainable(CONFIG))


@pytest.fixture
def scale(monkeypatch, runner, fake, tmp_path):
    """A runner that measures at once, and notes what it was asked for."""
    asked = []
    measuring = Runner(produce=fake, measure=lambda config, tick, table: asked.append(config) or TIMINGS)
    monkeypatch.setattr(session, "Runner", lambda **_: measuring)
    st.cache_resource.clear()
    measuring.wake()
    yield asked
    for run_id, _ in measuring.queue():
        measuring.stop(run_id)
    until(lambda: not measuring.queue())


def line(page) -> str:
    lines = [caption.value for caption in page.caption if caption.value.startswith("All rounds:")]
    return lines[0] if lines else ""


def test_before_a_run_the_line_has_the_bytes_and_then_the_minutes(visit, scale):
    page = visit()
    assert sentence(BYTES_ONLY) in line(page) or sentence(KNOWN) in line(page)
    until(lambda: sentence(KNOWN) in line(page.run()))
    assert t("cost.measuring") not in line(page)
    assert not page.exception and scale == [CONFIG]


def test_beside_busy_programs_the_line_has_bytes_and_no_minutes(visit, scale, monkeypatch):
    page = visit()
    until(lambda: sentence(KNOWN) in line(page.run()))
    monkeypatch.setattr(OtherPrograms, "crowding", lambda _: True)
    assert line(page.run()) == f"{sentence(KNOWN, timed=False)} {t('cost.crowded')}"


def test_a_slider_changes_the_line_and_measures_nothing(visit, scale):
    page = visit()
    until(lambda: sentence(KNOWN) in line(page.run()))
    chosen_in(page.slider, "clients").set_value(80).run()
    other = presets.build({"clients": 80})
    assert sentence(estimate(other, trainable(other), TIMINGS)) in line(page)
    assert len(scale) == 1


def test_the_table_has_a_row_a_lane(visit, scale):
    page = visit()
    until(lambda: sentence(KNOWN) in line(page.run()))
    table = page.table[0].value
    assert table[t("table.lane")].tolist() == ["FedOpt E=1", "FedOpt E=5", "FDA-OPT M=10"]
    assert table[t("table.rounds")].tolist() == ["80", "80", "80"]
    assert table[t("table.epochs")].tolist() == ["80", "400", "396 (≤ 791)"]
    assert table[t("cost.time")].tolist() == [row("", lane)[t("cost.time")] for lane in KNOWN.lanes]


def test_a_manager_gets_one_line_without_a_table(visit, scale):
    page = visit(depth="manager")
    with reading(depth="manager"):
        until(lambda: sentence(KNOWN) in line(page.run()))
    assert not page.table


def test_a_run_under_way_has_no_line_and_changed_settings_after_it_have_one(visit, runner, fake):
    page = visit()
    assert line(page)
    page.button(key="start").click().run()
    reach(runner, page.query_params["run"], "running")
    assert not line(page.run())
    fake.let_go()
    done = runner.start(fast_config())
    reach(runner, done, "finished")
    page = visit(run=done)
    assert not line(page)
    chosen_in(page.number_input, "rounds").set_value(9).run()
    assert line(page)


def test_settings_that_are_not_allowed_have_no_line(visit):
    page = visit()
    chosen_in(page.slider, "clients").set_value(5).run()
    assert page.error and not line(page)


def test_in_a_class_only_whoever_may_start_runs_has_them_measured(visit, scale, monkeypatch):
    monkeypatch.setattr(cost_line, "may_act", lambda: False)
    page = visit()
    assert sentence(BYTES_ONLY) in line(page) and t("cost.unmeasured") in line(page)
    assert scale == []


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("depth", ["manager", "engineer"])
def test_the_sentence_says_minutes_and_megabytes(language, depth):
    with reading(language, depth):
        words = sentence(KNOWN)
        assert duration(KNOWN.seconds.likely) in words and duration(KNOWN.seconds.most) in words
        assert "3,113 MB" in words
        assert ("3,137" in words) == (depth == "engineer")  # the upper bound


def test_a_bound_is_shown_where_it_says_something():
    lane = LaneCost("x", Span(3, 3), Span(5, 9), Span(1e6, 1e6), Span(2e6, 2e6), None)
    shown = row("X", lane)
    assert (shown[t("table.rounds")], shown[t("table.epochs")]) == ("3", "5 (≤ 9)")
    assert t("cost.time") not in shown


@pytest.mark.parametrize(
    ("seconds", "more", "expected"),
    [(60, 1e8, []), (60, 9e12, ["more memory"]), (1e6, 1e8, ["pauses after"]), (1e6, 9e12, ["more memory"])],
)
def test_what_the_guard_would_do_is_said_before(seconds, more, expected):
    words = warnings(CostEstimate((), Span(1, 1), Span(seconds, seconds), 1.0, more + 1e8, more))
    assert len(words) == len(expected) and all(part in word for part, word in zip(expected, words, strict=True))


def test_the_limits_are_the_guards(monkeypatch):
    monkeypatch.setenv(guard.MINUTES, "1")
    known = CostEstimate((), Span(1, 1), Span(61, 61), 1.0, 1e6, 1e6)
    assert warnings(known) == [f":material/warning: {t('cost.minutes', minutes=1)}"]
