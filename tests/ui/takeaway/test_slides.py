"""The slides: four of them in every language, with charts of PowerPoint's own that hold the run's numbers."""

from io import BytesIO
from itertools import combinations

import pytest
from pptx import Presentation
from pptx.chart.plot import XyPlot
from pptx.util import Inches

from fda_core.analysis.summary import rounds_of, start_of, summarize
from fda_core.cost.network_bill import bills
from fda_core.runs.recorded import recorded
from fda_core.runs.snapshot import stored
from fda_core.settings.config import Link
from tests.helpers.stored_runs import keep_run
from tests.helpers.tiny_events import a_round
from tests.helpers.varied_records import lanes
from ui.shared.lane_looks import palette
from ui.shared.own_network import OwnNetwork, scenario
from ui.shared.shown_run import DEFAULT, SCHEDULES
from ui.shared.story import tell
from ui.shared.story_words import sentences
from ui.takeaway import offers
from ui.takeaway.slides import unit_of
from ui.text.i18n import t
from ui.text.numbers import megabytes, money
from ui.text.sentences import lane_labels
from ui.text.viewer import Viewing, reading

VIEWS = [("en", "engineer"), ("ja", "manager")]
MISSED = "alpha-0.1"  # neither FedOpt E=1 nor E=5 reached the target


def own(run, **words) -> OwnNetwork:
    return OwnNetwork(run.config.clients, run.config.link, **words)


def made(run, language="en", depth="engineer", network=None) -> Presentation:
    """The file as it is offered, opened again."""
    return Presentation(BytesIO(offers.make_slides(run, network or own(run), Viewing(language, depth))))


def charts(slide) -> list:
    return [shape.chart for shape in slide.shapes if shape.has_chart]


def words(slide) -> str:
    """All that is written outside charts and tables."""
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def numbers(series, which: str) -> list[float]:
    return [float(point.text) for point in series._element.findall(f"{{*}}{which}//{{*}}pt/{{*}}v")]


def bars(chart) -> dict[str, float]:
    [plot] = chart.plots
    return dict(zip(plot.categories, plot.series[0].values, strict=True))


@pytest.mark.parametrize(("language", "depth"), VIEWS)
@pytest.mark.parametrize("name", [DEFAULT, SCHEDULES, MISSED, "flower"])
def test_four_slides_that_say_what_their_figures_are(name, language, depth):
    run = recorded(name)
    deck = made(run, language, depth)
    assert len(deck.slides) == 4 and deck.slide_width / deck.slide_height == pytest.approx(16 / 9, rel=1e-3)
    for slide in deck.slides:
        assert slide.shapes.title.text_frame.text
        assert all(place.text_frame.text for place in slide.placeholders)
        with reading(language, depth):
            assert t("take.shipped") in words(slide) and t("take.one_run", seed=run.config.seed) in words(slide)
        assert " UTC" in words(slide) and "2026-11" in words(slide) and "**" not in words(slide)
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= deck.slide_width
            assert shape.top >= 0 and shape.top + shape.height <= deck.slide_height
            assert not shape.has_chart or shape._element.nvGraphicFramePr.cNvPr.get("descr")
        for one, other in combinations(slide.shapes, 2):
            upper, lower = sorted((one, other), key=lambda shape: (shape.top, shape.left))
            beside = upper.left + upper.width <= lower.left or lower.left + lower.width <= upper.left
            assert beside or upper.top + upper.height <= lower.top + Inches(0.06), (upper.name, lower.name)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_letter_has_a_font_that_has_it(language):
    for slide in made(recorded(DEFAULT), language).slides:
        parts = [slide._element, *(chart._chartSpace for chart in charts(slide))]
        fonts = [font for part in parts for font in part.findall(".//{*}rPr") + part.findall(".//{*}defRPr")]
        named = [font for font in fonts if font.find("{*}latin") is not None]
        assert len(named) > 5 and all(font.find("{*}ea").get("typeface") == "Yu Gothic" for font in named)
        assert {font.get("lang")[:2] for font in named} == {language}
        assert all(font in named for font in slide._element.findall(".//{*}rPr"))


@pytest.mark.parametrize(("language", "depth"), VIEWS)
def test_the_idea_is_the_story_s_sentences(language, depth):
    run = recorded(DEFAULT)
    with reading(language, depth):
        told = [sentence.replace("**", "") for sentence in sentences(tell(run))]
    assert all(sentence in words(made(run, language, depth).slides[0]) for sentence in told)


@pytest.mark.parametrize("name", [DEFAULT, MISSED])
def test_the_race_has_every_round_of_the_record(name):
    run = recorded(name)
    [chart] = charts(made(run).slides[1])
    assert isinstance(chart.plots[0], XyPlot) and chart.part.chart_workbook.xlsx_part is not None
    *lines, target, stars = chart.plots[0].series
    labels = lane_labels(run.config)
    assert [line.name for line in lines] == list(labels.values())
    for line, lane, colour in zip(lines, labels, palette(), strict=False):
        rounds = rounds_of(run.events, lane)
        assert numbers(line, "xVal") == [0, *(event.bytes_total / 1e6 for event in rounds)]
        before = start_of(run.events).initial["accuracy"]
        assert numbers(line, "yVal") == [before, *(event.accuracy for event in rounds)]
        assert f"#{line.format.line.color.rgb}" == colour
    assert set(numbers(target, "yVal")) == {run.config.target.value}
    reached = [lane.to_target.bytes / 1e6 for lane in summarize(list(run.events)) if lane.to_target]
    assert numbers(stars, "xVal") == reached


@pytest.mark.parametrize(("language", "depth"), VIEWS)
@pytest.mark.parametrize("name", [DEFAULT, SCHEDULES, MISSED])
def test_the_price_is_what_the_summary_has(name, language, depth):
    run = recorded(name)
    slide = made(run, language, depth).slides[2]
    with reading(language, depth):
        labels = lane_labels(run.config)
    found = summarize(list(run.events))
    sent, trained = charts(slide)
    reached = {labels[lane.lane]: lane.to_target for lane in found if lane.to_target}
    assert bars(sent) == {label: cost.bytes / 1e6 for label, cost in reached.items()}
    assert bars(trained) == {label: cost.local_epochs for label, cost in reached.items()}
    late = [lane for lane in found if lane.to_target is None]
    assert len(late) == (2 if name == MISSED else name == SCHEDULES)  # there E=20 did not get there
    for lane in late:
        assert labels[lane.lane] in words(slide) and megabytes(lane.spent.bytes) in words(slide)


@pytest.mark.parametrize(("network", "title"), [
    (None, "take.network_own"),
    (OwnNetwork(400, Link(uplink_mbit=2, rtt_ms=200, price_per_gb=1), 3.0, chosen=True), "take.network"),
    (OwnNetwork(4000, Link(uplink_mbit=0.1), 1.0, "roberta-base full", chosen=True), "take.network"),
])  # fmt: skip
def test_the_network_is_billed_as_on_the_budget_page(network, title):
    run = recorded(DEFAULT)
    network = network or own(run)
    slide = made(run, network=network).slides[3]
    found = bills(run.events, scenario(run, network))
    labels = lane_labels(run.config)
    _, unit = unit_of([bill.seconds for bill in found])
    [chart] = charts(slide)
    assert bars(chart) == pytest.approx({labels[bill.lane]: bill.seconds / unit for bill in found})
    [table] = [shape.table for shape in slide.shapes if shape.has_table]
    rows = [[cell.text for cell in row.cells] for row in table.rows][1:]
    assert [(row[0], row[3]) for row in rows] == [(labels[bill.lane], money(bill.dollars)) for bill in found]
    assert slide.shapes.title.text_frame.text == t(title)
    assert "break-even" in words(slide) and f"{network.link.uplink_mbit:g} Mbit/s up" in words(slide)
    assert ("What travels: roberta-base: everything" in words(slide)) == (network.payload != "run")


def test_where_fda_opt_does_not_win_the_slides_say_so():
    run = recorded("schedules-0")
    idea, race, _, network = made(run, network=own(run, device=8.0)).slides  # slow devices: training counts for more
    assert "FedOpt E=10, does better" in words(idea)
    assert "FedOpt E=10 sent 129 MB: 1.3 times more bytes" in words(race)
    assert "Going by this one run, FedOpt E=1 is 1.3 times as fast" in words(network)


def test_a_time_is_told_in_one_unit():
    assert unit_of([74, 80]) == ("s", 1) and unit_of([90, 200]) == ("s", 1)
    assert unit_of([90, 20_000]) == ("min", 60) and unit_of([9e6, 1e7]) == ("days", 86_400)


@pytest.mark.parametrize(
    ("specs", "idea"),
    [(("fedopt-e1",), "FedOpt E=1"), (("fda-opt",), "FDA-OPT"), (("centralised", "fda-opt"), "FDA-OPT")],
)
def test_a_run_that_is_no_story_has_its_slides(tmp_path, specs, idea):
    """None of its lanes reached the target, so there is nothing to draw of what the target took."""
    specs = lanes(*specs)
    story = [a_round(spec.id, number) for number in (1, 2) for spec in specs if not spec.is_baseline]
    run = stored(tmp_path / keep_run(tmp_path, story, lanes=specs))
    first, race, price, network = made(run).slides
    assert idea in words(first) and [len(charts(slide)) for slide in (race, price, network)] == [1, 0, 0]
    assert f"Not drawn, because 70 % accuracy was not reached: {idea}" in words(price)
    assert t("take.kept", status=t("runs.is_finished")) in words(first)
    if specs[0].is_baseline:
        assert "references that send nothing" in words(price)


@pytest.mark.parametrize("measure", ["test_loss", "mcc"])
def test_another_measure_is_drawn_as_it_is(tmp_path, measure):
    story = [a_round(lane, n, metrics={"mcc": 0.1 * n}) for n in (1, 2) for lane in ("fedopt", "fda-opt")]
    run = stored(tmp_path / keep_run(tmp_path, story, target={"metric": measure, "value": 0.5}))
    [chart] = charts(made(run).slides[1])
    expected = [0.7, 0.6, 0.6] if measure == "test_loss" else [0.1, 0.2]  # the untrained model has no mcc
    assert numbers(chart.plots[0].series[0], "yVal") == pytest.approx(expected)
    assert chart.value_axis.axis_title.text_frame.text == t(f"chart.y_{measure}")


def test_japanese_slides_are_in_yen_at_the_viewer_s_rate():
    run = recorded(DEFAULT)
    network = OwnNetwork(40, Link(price_per_gb=0.1), chosen=True)
    slide = Presentation(BytesIO(offers.make_slides(run, network, Viewing("ja", "manager", 120.0)))).slides[3]
    assert "1 GB あたり 12 円" in words(slide)
    [table] = [shape.table for shape in slide.shapes if shape.has_table]
    costs = [row.cells[3].text for row in list(table.rows)[1:]]
    assert any(cost.endswith(" 円") for cost in costs) and not any("$" in cost for cost in costs)


def test_the_network_set_on_the_budget_page_is_that_of_the_slides(visit, monkeypatch):
    asked = []
    monkeypatch.setattr(offers, "make_slides", lambda run, network, viewer: asked.append(network))
    monkeypatch.setattr(offers.st, "download_button", lambda label, make, *_, **__: make())
    monkeypatch.setattr(offers, "make_film", lambda *_: None)
    visit("story")
    page = visit("budget", up="2", sites="400", payload="roberta-base full")
    page.number_input(key="budget_price").set_value(0.5).run()
    page.switch_page("pages/story.py").run()
    before, after = asked
    assert before == own(recorded(DEFAULT))
    assert (after.sites, after.link.uplink_mbit, after.link.price_per_gb, after.chosen) == (400, 2, 0.5, True)
    assert after.payload == "roberta-base full"
