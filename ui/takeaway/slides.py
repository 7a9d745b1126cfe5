"""Four slides of one run: the idea, the race, the price, your network. Every figure and sentence is the run's own."""

import math
from io import BytesIO

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.table import _Cell as Cell
from pptx.util import Inches

from fda_core.analysis.summary import LaneSummary, summarize
from fda_core.cost.network_bill import Bill, bills, break_even
from fda_core.runs.snapshot import Snapshot
from fda_core.support.errors import LabError
from ui.shared.bill_sentences import control, sentences
from ui.shared.frames import race_frame
from ui.shared.lane_looks import look, palette
from ui.shared.own_network import OWN, OwnNetwork, payload_name, rivals, scenario, slower
from ui.shared.story import tell
from ui.shared.story_words import others
from ui.shared.story_words import sentences as story_sentences
from ui.takeaway.origin import listed, origin, references, settings
from ui.takeaway.slide_charts import WHOLE, Bar, Box, Curve, amount, bars, curves
from ui.takeaway.slide_paper import FOOT, FULL, MARGIN, TOP, dress, fitting, paper, say, slide, tall
from ui.text.i18n import t, together
from ui.text.numbers import DASH, DAY, UNITS, count, duration, gigabytes, money, tenths, unit_price
from ui.text.sentences import goal, headline, lane_labels, spent

GREY = "#888888"
PLAIN = "{5940675A-B579-460E-94D1-54222C63F5DA}"  # a table of thin lines, as every PowerPoint has it
MANY = 1000  # of a unit, from where on a larger one is easier to read
NAMES = 0.44  # of a table's width
GAP = 0.15  # inches between text and chart
FEW = 4  # lanes whose sentences a slide has room for
LOWEST = 3.3  # inches that a chart has at least


class Talk:
    """What the slides of one run share; works on one deck."""

    def __init__(self, run: Snapshot, network: OwnNetwork):
        self.run, self.network, self.config = run, network, run.config
        self.lanes: list[LaneSummary] = summarize(list(run.events))
        self.labels = lane_labels(run.config)
        self.looks = {lane.id: look(i, palette()) for i, lane in enumerate(run.config.lanes)}
        self.silent = {lane.id for lane in run.config.lanes if lane.is_baseline}
        self.headline = self.said()
        self.others = list(filter(None, [others(run)]))  # what runs with the same settings came to
        self.foot = [origin(run), together([settings(run.config), t("take.one_run", seed=run.config.seed)])]

    def said(self) -> str:
        """The Race's sentences; of many lanes those about the FedOpt lane that synchronises most often and about the
        one that took the fewest bytes."""
        lanes = rivals(self.run)
        took = {lane.lane: lane.to_target.bytes for lane in self.reached()}
        if lanes is None or len(self.racing()) <= FEW:
            return headline(self.config, self.lanes, self.run.live)
        us, theirs = lanes
        kept = {us, theirs[0], min(theirs, key=lambda lane: took.get(lane, math.inf))}
        some = self.config.model_copy(update={"lanes": tuple(lane for lane in self.config.lanes if lane.id in kept)})
        if not lane_labels(some).items() <= self.labels.items():  # a lane is called otherwise beside these few
            some = self.config
        return together([headline(some, self.lanes, self.run.live), t("take.all_lanes")])

    def colour(self, lane: str) -> str:
        """The lane's in the Race."""
        return self.looks[lane][0]

    def racing(self) -> list[LaneSummary]:
        """The lanes that send anything."""
        return [lane for lane in self.lanes if lane.lane not in self.silent]

    def reached(self) -> list[LaneSummary]:
        """Those of them that reached the target, in the order of the config."""
        return [lane for lane in self.racing() if lane.to_target]

    def not_drawn(self) -> list[str]:
        """Sentences about the lanes that a chart of what the target took does not have."""
        late = [lane for lane in self.racing() if lane.to_target is None]
        names = [t("lane.details", label=self.labels[lane.lane], details=spent(lane.spent)) for lane in late]
        key = "take.not_reached_yet" if self.run.live else "take.not_reached"
        said = [t(key, goal=goal(self.config.target), lanes=listed(names))] if late else []
        return [*said, *filter(None, [references(self.config)])]


def deck(run: Snapshot, network: OwnNetwork) -> bytes:
    """The file, for a run that has started; in the words of whoever reads."""
    talk, made = Talk(run, network), paper(t("heading.story"))
    idea(made, talk)
    race(made, talk)
    price(made, talk)
    on_network(made, talk)
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def idea(made: Deck, talk: Talk) -> None:
    """The Story's three sentences, of a run that is no story what it says by itself; and what others like it say."""
    page = slide(made, t("heading.story"), talk.foot)
    try:
        words = story_sentences(tell(talk.run))
    except LabError:
        words = [talk.headline]
    place = (MARGIN, TOP + 0.15, FULL, FOOT - TOP - 0.35)
    say(page, [*words, *talk.others], place, sizes=(26, 24, 22, 20, 18, 16, 14, 12), gap=0.7)


def race(made: Deck, talk: Talk) -> None:
    """The measure of the target against MB sent, one series a lane, the target and where it was reached."""
    page = slide(made, t("take.race"), talk.foot)
    low = below(page, together([t("headline.reached"), *talk.others]))
    high = say(page, [talk.headline], (MARGIN, TOP, FULL, low - TOP - LOWEST), sizes=(16, 14, 12))
    series, measure = race_curves(talk), talk.config.target.metric
    if not series:
        return
    y = t(f"chart.y_{measure}")
    alt = t("chart.alt", y=y, x=t("chart.x_bytes"), headline=talk.headline.replace("**", ""))
    top = TOP + high + GAP
    curves(page, (MARGIN, top, FULL, low - top - 0.1), series, t("chart.x_bytes"), y, alt, measure == "accuracy")


def race_curves(talk: Talk) -> list[Curve]:
    """As in the Race: each lane's rounds; a lane that sends nothing as a level line at its best; target and stars."""
    frame, target = race_frame(talk.run.events), talk.config.target
    found, stars, across = [], [], float(frame.megabytes.max() or 1)
    for lane in talk.lanes:
        rows = frame[frame.lane == lane.lane]
        values = zip(rows["round"], rows.megabytes, rows[target.metric].astype(float), strict=True)
        points = [(number, mb, value) for number, mb, value in values if math.isfinite(value)]
        if not points:
            continue
        colour, dash, marker = talk.looks[lane.lane]
        if lane.lane in talk.silent:
            best = (min if target.metric == "test_loss" else max)(value for _, _, value in points)
            found.append(Curve(talk.labels[lane.lane], [(0, best), (across, best)], colour, "dot"))
            continue
        found.append(Curve(talk.labels[lane.lane], [point[1:] for point in points], colour, dash, marker))
        stars += [point[1:] for point in points if lane.to_target and point[0] == lane.to_target.rounds]
    if found:
        level = [(0, target.value), (across, target.value)]
        found.append(Curve(t("take.target", goal=goal(target)), level, GREY, "dash"))
    if stars:
        found.append(Curve(t("chart.reached"), stars, "#222222", None, "diamond", 13))
    return found


def price(made: Deck, talk: Talk) -> None:
    """What the target took: MB beside local epochs."""
    page = slide(made, t("take.price", goal=goal(talk.config.target)), talk.foot)
    reached = talk.reached()
    words = talk.not_drawn() if reached else [talk.headline, *talk.not_drawn()]
    top = TOP + (say(page, words, (MARGIN, TOP, FULL, 1.3)) + GAP if words else 0)
    if not reached:
        return
    note = [together([t("headline.reached"), t("take.price_note")])]
    room = tall(note, 14, FULL)
    high, half = FOOT - top - room - GAP - 0.1, FULL / 2 - 0.2
    for left, title, value, numbers in (
        (MARGIN, t("take.mb"), lambda cost: cost.bytes / 1e6, amount()),
        (MARGIN + half + 0.4, t("take.epochs"), lambda cost: cost.local_epochs, WHOLE),
    ):
        drawn = [Bar(talk.labels[lane.lane], value(lane.to_target), talk.colour(lane.lane)) for lane in reached]
        bars(page, (left, top, half, high), title, drawn, told(title, drawn), numbers)
    say(page, note, (MARGIN, top + high + GAP, FULL, room), sizes=(14,))


def on_network(made: Deck, talk: Talk) -> None:
    """Time as bars, time, GB and money as a table, and where the break-even lies; of what the run's events allow."""
    page = slide(made, t("take.network" if talk.network.chosen else "take.network_own"), talk.foot)
    there = scenario(talk.run, talk.network)
    found = {bill.lane: bill for bill in bills(talk.run.events, there)}
    low = below(page, assumed(talk))
    high = say(page, verdict(talk, found), (MARGIN, TOP, FULL, low - TOP - LOWEST + 0.3), gap=0.2)
    top, half = TOP + high + GAP, FULL / 2 - 0.2
    reached = [bill for bill in found.values() if bill.reached]
    if reached:
        unit, seconds = unit_of([bill.seconds for bill in reached])
        drawn = [Bar(talk.labels[bill.lane], bill.seconds / seconds, talk.colour(bill.lane)) for bill in reached]
        alt = told(t("take.time"), drawn)
        bars(page, (MARGIN, top, half, low - top - GAP), t("take.time"), drawn, alt, amount(unit))
    if found:
        rows = [head(), *(row(talk, bill) for bill in found.values())]
        table(page, (MARGIN + half + 0.4, top + 0.1, half, low - top - GAP - 0.1), rows)


def below(page: Slide, note: str) -> float:
    """A note in small letters above the foot; returns where it begins, in inches from the top."""
    low = FOOT - tall([note], 12, FULL) - 0.1
    say(page, [note], (MARGIN, low, FULL, FOOT - low), sizes=(12,))
    return low


def verdict(talk: Talk, found: dict[str, Bill]) -> list[str]:
    """As on the Network budget page; of a run without both kinds of lanes, which lanes did not get there."""
    lanes = rivals(talk.run)
    if lanes is None:
        return talk.not_drawn()
    us, (them, *_) = lanes
    line = break_even(talk.run.events, us, them, scenario(talk.run, talk.network))
    first, second = sentences(talk.run, talk.network, talk.labels, found[us], found[them], line)
    return [f"**{second}**", together([first, *control(talk.run, us, them, talk.labels, found)])]


def assumed(talk: Talk) -> str:
    """The network and what is assumed of it; of another model than the run's own, what is assumed of that."""
    link, network = talk.network.link, talk.network
    words = t(
        "take.assumed", sites=count(network.sites), up=f"{link.uplink_mbit:g}", down=f"{link.downlink_mbit:g}",
        rtt=f"{link.rtt_ms:g}", price=unit_price(link.price_per_gb), device=f"{network.device:g}",
    )  # fmt: skip
    words = together([words, t("headline.reached")])
    if network.payload != OWN:
        other = t("budget.slower", times=tenths(slower(talk.run, network.payload)))
        words = together([words, t("take.travels", what=payload_name(network.payload)), other])
    return words if network.chosen else together([words, t("take.set_yours")])


def unit_of(times: list[float]) -> tuple[str, float]:
    """One unit for seconds that stand beside each other, as it is written behind a number, and its length in seconds:
    that in which `duration` tells the shortest, unless the longest has too many of it."""
    for limit, length, name in UNITS:
        if min(times) < limit and max(times) < MANY * length:
            return t(f"budget.unit_{name}", count="").strip(), length
    return t("budget.unit_days", count="").strip(), DAY


def told(title: str, drawn: list[Bar]) -> str:
    """A chart of bars in words."""
    return f"{title}: {listed([f'{bar.name} {bar.value:,.4g}' for bar in drawn])}"


def head() -> list[str]:
    """Of the table."""
    return [t("table.lane"), t("budget.time"), t("budget.sent"), t("budget.money")]


def row(talk: Talk, bill: Bill) -> list[str]:
    """What a lane needs to the target; dashes for one that did not get there."""
    numbers = [duration(bill.seconds), gigabytes(bill.bytes), money(bill.dollars)] if bill.reached else [DASH] * 3
    return [talk.labels[bill.lane], *numbers]


def table(page: Slide, place: Box, rows: list[list[str]]) -> None:
    """A table that can be edited, no higher than its place; names to the left, numbers to the right."""
    left, top, width, height = place
    high = min(0.42, height / len(rows))
    longest = max((words[0] for words in rows), key=len)
    sizes = [size for size in (16, 14, 12, 11, 10) if size * 1.5 / 72 <= high]
    size = fitting([longest], sizes or [10], width * NAMES - 0.2, high)
    frame = page.shapes.add_table(len(rows), 4, *(Inches(n) for n in (left, top, width, high * len(rows))))
    frame._element.graphic.graphicData.tbl.tblPr.find("{*}tableStyleId").text = PLAIN
    frame.table.columns[0].width = Inches(width * NAMES)
    for column in list(frame.table.columns)[1:]:
        column.width = Inches(width * (1 - NAMES) / 3)
    for i, words in enumerate(rows):
        frame.table.rows[i].height = Inches(high)
        for j, word in enumerate(words):
            cell(frame.table.cell(i, j), word, size, i == 0, j > 0)


def cell(place: Cell, word: str, size: int, first: bool, right: bool) -> None:
    """One cell. first: of the table's head; right: numbers stand below each other."""
    place.vertical_anchor = MSO_ANCHOR.MIDDLE
    place.margin_top = place.margin_bottom = 0
    place.fill.solid()
    place.fill.fore_color.rgb = RGBColor.from_string("F0F2F6" if first else "FFFFFF")
    paragraph = place.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = word
    dress(run.font, size, first)
