"""The Schedules page: its verdict is recounted from recorded runs, and would be another with other runs."""

from math import inf
from statistics import median

import pytest

from fda_core.analysis.effects import swing
from fda_core.analysis.summary import Cost
from fda_core.atlas import default_cell, default_figures
from fda_core.atlas.cells import ATLAS, DEFAULT, Run
from fda_core.atlas.file import load
from fda_core.atlas.rate_map import Square
from fda_core.settings.config import LaneSpec
from tests.helpers.words import says, unlinked
from ui.shared.run_tables import study_rows
from ui.text.i18n import catalogue, t
from ui.text.viewer import reading
from ui.views.schedules.rate_map import map_chart
from ui.views.schedules.schedules_charts import costs_chart, swing_chart
from ui.views.schedules.schedules_page import Lane, lanes_of, ours, swing_words, verdict

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
FDA = LaneSpec(id="fda-opt", rule="adaptive", max_epochs=10)


def lane(epochs: int | None, *megabytes: float, runs: int = 3) -> Lane:
    spec = LaneSpec(id=f"fedopt-e{epochs}", rule="schedule", epochs=epochs) if epochs else FDA
    found = [Cost(1, 10, int(mb * 1e6), 0) for mb in megabytes]
    return Lane(spec, f"E={epochs}" if epochs else "FDA-OPT", found + [None] * (runs - len(found)))


@pytest.mark.parametrize(
    ("timed", "mine", "words"),
    [
        ([lane(1, 900, 800, 700), lane(5, 100, 110, 90)], (200, 210, 190), "**A well-chosen timetable does better"),
        (
            [lane(1, 900, 800, 700), lane(5, 200, 204, 190)],
            (200, 210, 190),
            "**A well-chosen timetable does as well",
        ),
        ([lane(1, 900, 800, 700), lane(5, 300, 310, 290)], (200, 210, 190), "**No timetable tried did as well.**"),
        ([lane(1, 900, 800, 700), lane(5, 100)], (200, 210, 190), "E=5 reached it in 1 of 3 runs."),
        ([lane(1, 900, 800, 700)], (200, 210, 190), "E=1 needed 800 MB, seed by seed 3.8 times as many as FDA-OPT"),
        ([lane(1, 900, 800, 700)], (200, 210), "FDA-OPT reached it in 2 of 3 runs."),
        ([lane(1, 900)], (200, 210, 190), "none can be called the best"),
        ([lane(1, 900, 800, 700)], (200,), "FDA-OPT missed 70 % accuracy with half of the seeds or more"),
    ],
)
def test_the_verdict_follows_from_the_runs(timed, mine, words):
    lanes = [*timed, lane(None, *mine)]
    english = verdict(lanes, "70 % accuracy")
    assert words in english
    sentences = [key for key, text in catalogue("en").items() if key.startswith("schedules.") and text[-1] == "."]
    told = [key for key in sentences if says(english, key, language="en")]
    with reading("ja"):
        japanese = verdict(lanes, "正解率 70%")
    assert told and all(says(japanese, key) for key in told)


def test_the_map_has_a_number_where_something_was_reached_and_a_dash_where_not():
    squares = [
        Square("fedopt-e1", 0.01, 800e6, 3, True), Square("fedopt-e1", 0.1, 200e6, 3, True),
        Square("fedopt-e5", 0.1, 100e6, 3, True), Square("fda-opt", 0.01, 200e6, 3, True),
        Square("fda-opt", 0.1, inf, 3, False),
    ]  # fmt: skip
    drawn = map_chart(squares, {"fedopt-e1": "E=1", "fedopt-e5": "E=5", "fda-opt": "FDA"}).data[0]
    assert (list(drawn.x), list(drawn.y)) == (["0.01", "0.1"], ["FDA", " ", "E=5", "E=1"])
    assert list(map(list, drawn.text)) == [["200 MB", "–"], ["", ""], ["", "100 MB"], ["800 MB", "200 MB"]]
    assert drawn.z[0][1] == drawn.z[3][0] == max(z for row in drawn.z for z in row if z is not None)
    assert drawn.z[2][0] is None


@pytest.fixture(scope="module")
def known():
    return load(ATLAS)


def test_every_seed_has_the_same_lanes(known):
    assert len(default_figures.seeds(known)) >= 3
    assert [lane.spec.epochs for lane in lanes_of(known) if lane.spec.is_fedopt] == [1, 2, 3, 5, 10, 20]


def test_the_table_recounts_the_atlas(known):
    """The second of two rounds in a row that meet the target, counted here once more from the curves."""
    spent = []
    for seed in default_figures.seeds(known):
        curve = known.curves[Run(DEFAULT, "fda-opt", seed)]
        met = [accuracy >= default_cell.target() for accuracy in curve.accuracy.tolist()]
        reached = [i for i in range(2, len(met)) if met[i - 1] and met[i]]
        spent += [int(curve.bytes_total[i]) for i in reached[:1]]
    [row] = [row for row in study_rows({lane.label: lane.found for lane in lanes_of(known)})
             if row[t("table.lane")] == "FDA-OPT M=10"]  # fmt: skip
    assert row[t("runs.reached")] == t("runs.of", count=len(spent), all=len(default_figures.seeds(known)))
    missed = [float("inf")] * (len(default_figures.seeds(known)) - len(spent))
    assert row[t("runs.megabytes")].startswith(f"{median(spent + missed) / 1e6:,.0f} ")


def test_the_swing_by_hand():
    assert swing([1, 5, 8, 2]) == pytest.approx((3 + 6) / 2)  # the first round is one epoch by rule
    assert swing([1]) == swing([1, 5]) == 0.0


def test_marks_are_seeds_the_line_their_median_and_fda_opt_is_level():
    lanes = [lane(1, 900, 800, 700), lane(5, 100, runs=3), lane(None, 200, 210, 190)]
    figure = costs_chart(lanes[:2], ours(lanes), PALETTE)
    seeds, middle = figure.data[:2]
    assert list(seeds.y) == [900, 800, 700, 100] and list(seeds.x) == [1, 1, 1, 5]
    assert (list(middle.x), list(middle.y)) == ([1], [800])  # only one seed reached it with E=5
    assert [(shape.y0, shape.y1) for shape in figure.layout.shapes][:2] == [(190, 210), (200, 200)]


def test_the_lengths_of_rounds_are_drawn_as_they_were():
    figure = swing_chart({"a": [1, 5, 6], "b": [1, 4]}, PALETTE)
    assert [list(trace.y) for trace in figure.data] == [[1, 5, 6], [1, 4]]


def test_the_page_starts_the_same_lanes_live(visit, runner):
    page = visit("schedules")
    assert not page.exception and "timetable" in unlinked(page.markdown[0].value)
    page.button(key="schedules_live").click().run()
    [(run_id, _)] = runner.queue()
    assert runner.snapshot(run_id).config == default_cell.experiment()
    assert not page.exception and page.session_state["run"] == run_id  # the Race shows it, on its first visit too


def test_the_swing_is_told_in_one_sentence(known):
    lanes = [lane for lane in lanes_of(known) if lane.spec.rule in ("adaptive", "smoothed")]
    words = swing_words(known, lanes)
    assert words.count(".") == words.count(".", 0, -1) + 1 and " and by " in words and ") ." not in words
