"""The budget: what the sentence says at a number of MB, the line in the chart, the word in the address."""

import json
import math

import pytest

from fda_core.algorithm.events import LaneFinished
from fda_core.analysis.summary import summarize
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import LaneSpec
from tests.helpers.fake import Fake, fast_config, reach
from tests.helpers.tiny_events import TWO_LANES, a_round, started
from tests.helpers.widgets import chosen_in
from ui.state import address
from ui.views.race.budget_line import LEAST, MOST, sentence
from ui.views.race.race_figure import shared_figure

MB = 1_000_000


def story(*rounds, lanes=TWO_LANES) -> list:
    """(lane, number, MB in all, test loss) of each round."""
    start = started(*lanes)
    start.initial["test_loss"] = 0.7
    return [
        start,
        *(
            a_round(lane, number, bytes_total=int(size * MB), test_loss=loss, accuracy=0.625)
            for lane, number, size, loss in rounds
        ),
    ]


def said(events, budget: float, quality: str = "test_loss", lanes=TWO_LANES) -> str:
    return sentence(fast_config(lanes=lanes), events, summarize(events), budget, quality)


BOTH = (
    ("fedopt", 1, 6, 0.66),
    ("fedopt", 2, 12, 0.612),
    ("fedopt", 3, 24, 0.6),
    ("fda-opt", 1, 8, 0.6),
    ("fda-opt", 2, 16, 0.5834),
)


def test_the_last_synchronisation_within_the_budget_counts():
    assert said(story(*BOTH), 14) == "**At 14 MB, test loss:** FedOpt E=1 0.612, FDA-OPT M=5 (exact variance) 0.600."


def test_a_synchronisation_that_ends_exactly_there_is_within():
    assert "FedOpt E=1 0.612, " in said(story(*BOTH), 12) and "FedOpt E=1 0.660, " in said(story(*BOTH), 11.99)


def test_a_lane_on_its_way_says_how_far_it_is():
    assert said(story(*BOTH), 20).endswith("FDA-OPT M=5 (exact variance) 0.583 (has sent 16 MB so far).")


def test_a_lane_that_ended_before_says_where():
    events = [*story(*BOTH), LaneFinished(lane="fda-opt", status="target", message="")]
    assert said(events, 20).endswith("0.583 (ended at 16 MB).")
    assert said(events, 16).endswith("0.583.")


def test_a_budget_below_one_round_buys_nothing():
    assert said(story(*BOTH), 7) == (
        "**At 7 MB, test loss:** FedOpt E=1 0.660, FDA-OPT M=5 (exact variance) not one synchronisation."
    )


def test_a_lane_that_has_not_begun_says_so():
    assert "M=5 (exact variance) no synchronisation yet." in said(story(*BOTH[:3]), 20)


def test_accuracies_are_shares_and_missing_numbers_are_dashes():
    assert "FedOpt E=1 62.5 %" in said(story(*BOTH), 14, "accuracy")
    assert "FedOpt E=1 –" in said(story(("fedopt", 1, 6, None), ("fedopt", 2, 30, 0.6)), 14)


def test_lanes_that_send_nothing_are_left_out():
    lanes = (*TWO_LANES, LaneSpec(id="all", rule="centralised", epochs=5))
    assert "place" not in said(story(*BOTH, lanes=lanes), 14, lanes=lanes)


@pytest.mark.parametrize(
    ("word", "value"),
    [("20", 20.0), ("0.1", 0.1), ("1e6", 1e6), ("0", None), ("-3", None), ("1e7", None), ("nan", None), ("inf", None),
     ("", None), ("<b>", None), ("1,000", None)],
)  # fmt: skip
def test_a_word_of_the_address_is_a_budget_or_nothing(word, value):
    assert address.number(LEAST, MOST)(word) == value


@pytest.fixture
def ended(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    return run_id


def sentences(page) -> list[str]:
    return [text.value for text in page.markdown if text.value.startswith("**At ")]


def test_it_is_off_until_somebody_types_one(visit, ended):
    page = visit(run=ended)
    assert page.number_input(key="budget").value is None and sentences(page) == []
    page.number_input(key="budget").set_value(7.0).run()
    assert not page.exception
    assert len(sentences(page)) == 1 and sentences(page)[0].startswith("**At 7 MB, accuracy:** FedOpt E=1 ")
    assert page.query_params["budget"] == ["7"] or page.query_params["budget"] == "7"
    page.number_input(key="budget").set_value(None).run()
    assert sentences(page) == [] and "budget" not in page.query_params


def test_a_link_brings_the_budget_and_leaves_the_settings_alone(visit, ended):
    page = visit(run=ended, budget="12.5", clients="4", clients_per_round="2")
    assert page.number_input(key="budget").value == 12.5 and "At 12.5 MB" in sentences(page)[0]
    chosen_in(page.number_input, "rounds").set_value(9).run()
    page.run()
    assert chosen_in(page.number_input, "rounds").value == 9  # the link is not taken for a new one at every draw
    assert page.query_params["budget"] in ("12.5", ["12.5"]) and not page.exception


def test_garbage_in_the_link_is_no_budget(visit, ended):
    page = visit(run=ended, budget="<script>")
    assert not page.exception and page.number_input(key="budget").value is None and sentences(page) == []


def test_before_any_run_there_is_nothing_to_say(visit):
    page = visit(budget="20")
    assert not page.exception and sentences(page) == [] and page.number_input(key="budget").value == 20.0


def figure(budget: float | None, x: str = "bytes", over: bool = True) -> dict:
    config = fast_config()
    events = tuple(Fake()(config, lambda done, total: None, lambda: None))
    run = Snapshot("20261124-000000-aaaaaa", config, "finished", len(events), events)
    view = f"{run.run_id}/{x}/test_loss"
    return json.loads(shared_figure(view, "", x, "test_loss", budget, over, run, config, summarize(list(events))))


def lines(drawn: dict) -> list[float]:
    return [shape["x0"] for shape in drawn["layout"].get("shapes", []) if shape.get("name")]


def test_two_viewers_of_one_moment_have_a_line_each():
    """The figure is made once for all who look at a moment: the budget is part of what they look at."""
    assert lines(figure(20.0)) == [20.0] and lines(figure(7.5)) == [7.5] and lines(figure(None)) == []


def test_the_line_is_in_the_picture_and_in_the_legend():
    drawn = figure(20.0)
    assert drawn["layout"]["xaxis"]["autorangeoptions"]["include"] == [20.0]
    [shape] = [shape for shape in drawn["layout"]["shapes"] if shape.get("name")]
    assert shape["showlegend"] and shape["name"] == "budget 20 MB" and math.isclose(shape["x1"], 20.0)


@pytest.mark.parametrize("x", ["rounds", "epochs", "time"])
def test_there_is_no_line_on_another_axis(x):
    assert lines(figure(20.0, x)) == []
