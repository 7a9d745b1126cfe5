"""The Network budget page: its sentences follow from the numbers, its address brings a network."""

import re

import numpy as np
import pytest

from fda_core.analysis.summary import summarize
from fda_core.cost.network_bill import Bill, BreakEven, bills
from fda_core.runs.recorded import recorded
from tests.helpers.widgets import chosen_in
from tests.helpers.words import says, unlinked
from ui.shared.bill_sentences import verdict
from ui.shared.own_network import own_network, scenario
from ui.shared.shown_run import DEFAULT, SCHEDULES
from ui.shared.story import tell
from ui.state.address import number
from ui.text.i18n import catalogue, t
from ui.text.viewer import reading
from ui.views.budget.budget_charts import map_chart
from ui.views.budget.network_form import payloads
from ui.views.budget.shared_results import DEVICES, UPLINKS

VERDICTS = [key for key in catalogue("en") if key.startswith(("budget.here_", "budget.line_", "budget.no_verdict"))]
SLOW = BreakEven(5.0, True, False)


def bill(seconds: float, reached: bool = True) -> Bill:
    return Bill("x", reached, 3, 20, 1e9, seconds, 0.5)


@pytest.mark.parametrize(
    ("ours", "theirs", "line", "words"),
    [
        (bill(10), bill(20), SLOW, "A is 2.0 times as fast as B here. The break-even is at 5 Mbit/s up: on slower"),
        (bill(20), bill(10), SLOW, "B is 2.0 times as fast as A here. The break-even"),
        (bill(100), bill(104), SLOW, "Going by this one run, A and B are equally fast here."),
        (bill(10), bill(20), BreakEven(5.0, False, True), "at 5 Mbit/s up: on faster lines A wins, on slower ones B."),
        (bill(20), bill(10), BreakEven(None, False, False), "A is not the faster on any line."),
        (bill(10), bill(20), BreakEven(None, True, True), "A is the faster on every line."),
        (bill(10), bill(20, reached=False), None, "there is no break-even: one of them did not reach"),
        (bill(10, reached=False), bill(20), None, "there is no break-even"),
    ],
)  # fmt: skip
def test_the_verdict_is_that_of_the_numbers(ours, theirs, line, words):
    english = verdict("A", "B", ours, theirs, line)
    assert words in english
    told = [key for key in VERDICTS if says(english, key, language="en", us="A", them="B")]
    with reading("ja"):
        assert told and says(verdict("A", "B", ours, theirs, line), *told, us="A", them="B")


@pytest.mark.parametrize(("language", "words"), [("en", "this one run"), ("ja", "この 1 回の実験")])
def test_a_ratio_of_this_page_says_that_it_is_of_one_run(language, words):
    kinds = ("here_faster", "here_same", "here_slower", "year_fewer", "year_tie", "year_more")
    assert [kind for kind in kinds if words not in catalogue(language)[f"budget.{kind}"]] == []
    assert not any(f"budget.{kind}__manager" in catalogue(language) for kind in kinds)


@pytest.mark.parametrize("word", ["", "x", "nan", "inf", "-1", "1e99"])
def test_garbage_in_the_address_is_no_number(word):
    assert number(0.01, 1000.0)(word) is None
    assert number(0.01, 1000.0)("20") == 20.0


def test_the_map_s_black_line_is_where_both_are_equal():
    ratio = np.outer(1 / DEVICES, 1 / UPLINKS) * 10
    figure = map_chart(UPLINKS, DEVICES, ratio, (20.0, 1.0), "A", "B")
    heat, contour, point = figure.data
    assert (contour.contours.start, contour.contours.end) == (0, 0)
    assert np.allclose(contour.z, np.log2(ratio)) and abs(heat.z).max() <= 3
    assert (list(point.x), list(point.y)) == ([20.0], [1.0])


def cells(page, column: str) -> list[str]:
    return list(page.table[0].value[column])


def test_the_page_answers_for_the_default_network(visit):
    page = visit("budget")
    assert not page.exception and "break-even is at" in unlinked(page.markdown[0].value)
    found = summarize(list(recorded(SCHEDULES).events))
    assert cells(page, t("table.rounds")) == [str((lane.to_target or lane.spent).rounds) for lane in found]
    assert "With the same local training it takes FedOpt E=5" in unlinked(page.markdown[0].value)


def test_a_slower_line_takes_longer_and_moves_as_much(visit):
    page = visit("budget")
    before, sent = unlinked(page.markdown[0].value), cells(page, t("budget.sent"))
    page.number_input(key="budget_up").set_value(1.0).run()
    assert not page.exception and unlinked(page.markdown[0].value) != before and cells(page, t("budget.sent")) == sent
    assert page.query_params["up"] == "1"


def test_in_japanese_prices_are_yen_at_a_rate_that_can_be_changed(visit):
    """The bill stays the same: only what it is said in changes, and the price may be typed in yen."""
    dollars = [float(cell.strip("$")) for cell in cells(visit("budget", lang="en"), t("budget.money")) if "$" in cell]

    def said() -> list[float]:
        """Of the lanes that get there."""
        return [float(cell.removesuffix(" 円")) for cell in cells(page, t("budget.money")) if "円" in cell]

    with reading("ja"):  # or else AppTest looks for what was chosen among English words
        page = visit("budget", lang="ja")
        yen = said()
        assert page.number_input(key="budget_price_yen").value == 13.5 and "$" not in page.markdown[0].value
        assert yen == pytest.approx([150 * cost for cost in dollars], abs=1.3)
        page.number_input(key="budget_rate").set_value(100.0).run()
        assert page.number_input(key="budget_price_yen").value == 9.0 and page.query_params["rate"] == "100"
        page.number_input(key="budget_price_yen").set_value(18.0).run()
        assert page.query_params["price"] == "0.18" and not page.exception
        assert said() == pytest.approx([cost * 100 / 150 * 2 for cost in yen], abs=1)


def test_the_address_brings_network_payload_and_opponent(visit):
    page = visit("budget", up="2", sites="400", payload="roberta-base full", against="fedopt-e5")
    assert not page.exception
    assert (page.number_input(key="budget_up").value, page.number_input(key="budget_sites").value) == (2, 400)
    assert chosen_in(page.select_slider, "budget_lane").value == "fedopt-e5"
    assert float(cells(page, t("budget.sent"))[0].replace(",", "")) > 1000


def test_nonsense_in_the_address_leaves_the_defaults(visit):
    page = visit("budget", up="-5", payload="../x", against="nobody", rtt="nan")
    assert not page.exception and page.number_input(key="budget_up").value == 20
    [note] = page.warning
    assert all(name in note.value for name in ("up = ", "payload", "against", "rtt"))
    assert chosen_in(page.selectbox, "budget_payload").value == "run"


@pytest.mark.parametrize("word", payloads())
def test_every_payload_can_be_chosen(visit, word):
    page = visit("budget", payload=word)
    assert not page.exception and chosen_in(page.selectbox, "budget_payload").value == word


def test_the_slider_of_e_changes_the_opponent(visit):
    page = visit("budget")
    assert chosen_in(page.select_slider, "budget_lane").options == [f"FedOpt E={e}" for e in (1, 2, 3, 5, 10, 20)]
    chosen_in(page.select_slider, "budget_lane").set_value("fedopt-e10").run()
    assert not page.exception and page.query_params["against"] == "fedopt-e10"
    assert "FedOpt E=10" in unlinked(page.markdown[0].value).split("**")[1]


def test_a_preset_sets_the_line(visit):
    page = visit("budget")
    chosen_in(page.selectbox, "budget_link").set_value("satellite").run()
    assert [page.number_input(key=f"budget_{name}").value for name in ("up", "down", "rtt")] == [3, 25, 600]


def test_a_larger_model_takes_longer_steps_as_well(visit):
    """Otherwise its what-if would flatter the lane that trains more."""
    page = visit("budget", payload="roberta-base full")
    assert not page.exception and any("21 times as long" in caption.value for caption in page.caption)


def test_budget_and_story_have_one_clock():
    """Whoever has seen the Story finds its minutes on the Budget page, for every lane and to the second."""
    run = recorded(DEFAULT)
    story = tell(run)
    found = {bill.lane: bill for bill in bills(run.events, scenario(run, own_network(run)))}
    for spec in story.lanes:
        assert found[spec.id].seconds == pytest.approx(story.track(spec).reached, rel=1e-6), spec.id


def test_the_first_year_counts_the_download_of_every_site_once(visit):
    """At 40 sites it is 3.6 GB, beside which what a single run saves is small: said, not hidden."""
    page = visit("budget", year="1")
    assert not page.exception
    once = next(text for text in (unlinked(each.value) for each in page.markdown) if "In the first year" in text)
    often = visit("budget", year="1000")
    many = next(text for text in (unlinked(each.value) for each in often.markdown) if "In the first year" in text)
    factor = [float(re.search(r"([\d.]+) times fewer", text.split("In the first year")[1])[1]) for text in (once, many)]
    assert 1 < factor[0] < 1.3 and factor[1] > 2.5
    assert "In the first year" not in " ".join(each.value for each in visit("budget").markdown)
