"""Charts of slides that PowerPoint itself draws, with their numbers in a sheet behind them, to be edited."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pptx.chart.axis import CategoryAxis, ValueAxis
from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.series import XySeries
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.slide import Slide
from pptx.util import Inches, Pt

from ui.takeaway.slide_paper import FAINT, INK, breadth, dress

DASHES = {
    "dash": MSO_LINE.DASH, "dot": MSO_LINE.ROUND_DOT, "solid": MSO_LINE.SOLID, "dashdot": MSO_LINE.DASH_DOT,
    "longdash": MSO_LINE.LONG_DASH, "longdashdot": MSO_LINE.LONG_DASH_DOT,
}  # fmt: skip
MARKERS = {
    "circle": XL_MARKER_STYLE.CIRCLE, "square": XL_MARKER_STYLE.SQUARE, "diamond": XL_MARKER_STYLE.DIAMOND,
    "triangle-up": XL_MARKER_STYLE.TRIANGLE, "cross": XL_MARKER_STYLE.PLUS, "x": XL_MARKER_STYLE.X,
}  # fmt: skip
AMOUNT = "[>=9.95]#,##0{unit};[>=1]0.0{unit};0.00{unit}"  # as `rounded` of ui/text/numbers.py has it
WHOLE = "#,##0"
GRID = RGBColor.from_string("D9D9D9")
HEAD, LABEL = 0.5, 0.75  # inches that a chart's title takes, and a bar's number
STEP, WIDEST = 0.05, 5.0  # of a vertical axis; where values lie further apart, PowerPoint chooses

Box = tuple[float, float, float, float]  # left, top, width, height, in inches


class Curve(NamedTuple):
    """A series of points with its look: names as in ui/shared/lane_looks.py; None for no line or no mark."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dash: str | None = "solid"
    marker: str | None = None
    size: int = 6  # of a mark, in points


class Bar(NamedTuple):
    """One lane's."""

    name: str
    value: float
    colour: str


def curves(page: Slide, box: Box, series: Sequence[Curve], x: str, y: str, alt: str, share: bool) -> Chart:
    """Lines through points. x, y: what the axes say; share: whether y is one of 1, to be read in percent."""
    data = XyChartData()
    for curve in series:
        points = data.add_series(curve.name)
        for across, up in curve.points:
            points.add_data_point(across, up)
    chart = place(page, box, XL_CHART_TYPE.XY_SCATTER_LINES, data, alt)
    for drawn, curve in zip(chart.plots[0].series, series, strict=True):
        look(drawn, curve)
    chart.has_legend = True
    many = len(series) > 5
    chart.legend.position = XL_LEGEND_POSITION.RIGHT if many else XL_LEGEND_POSITION.TOP
    chart.legend.include_in_layout = False
    dress(chart.legend.font, 14)
    axis(chart.category_axis, x, WHOLE)
    axis(chart.value_axis, y, "0%" if share else "0.00")
    chart.category_axis.minimum_scale = 0
    chart.category_axis.has_major_gridlines = False
    between(chart.value_axis, [up for curve in series for _, up in curve.points])
    return chart


def look(drawn: XySeries, curve: Curve) -> None:
    """Colour, dash and mark."""
    colour = RGBColor.from_string(curve.colour.lstrip("#"))
    drawn.smooth = False
    line, mark = drawn.format.line, drawn.marker
    if curve.dash is None:
        line.fill.background()
    else:
        line.color.rgb, line.width, line.dash_style = colour, Pt(2.25), DASHES[curve.dash]
    mark.style = MARKERS[curve.marker] if curve.marker else XL_MARKER_STYLE.NONE
    if curve.marker:
        mark.size = curve.size
        mark.format.fill.solid()
        mark.format.fill.fore_color.rgb = colour
        mark.format.line.color.rgb = colour


def axis(one: ValueAxis, title: str, numbers: str) -> None:
    """Its title and its numbers."""
    one.has_title = True
    one.axis_title.text_frame.text = title
    dress(one.axis_title.text_frame.paragraphs[0].runs[0].font, 14)
    one.tick_labels.number_format, one.tick_labels.number_format_is_linked = numbers, False
    dress(one.tick_labels.font, 14)
    one.format.line.color.rgb = FAINT
    one.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if one.has_major_gridlines:
        one.major_gridlines.format.line.color.rgb = GRID


def between(one: ValueAxis, values: Sequence[float]) -> None:
    """The axis begins and ends close to its values."""
    low, high = math.floor(min(values) / STEP) * STEP, math.ceil(max(values) / STEP) * STEP
    if STEP <= high - low <= WIDEST:
        one.minimum_scale, one.maximum_scale = round(low, 2), round(high, 2)


def bars(page: Slide, box: Box, title: str, lanes: Sequence[Bar], alt: str, numbers: str) -> Chart:
    """Level bars from top to bottom, each with its number; numbers: the format of these, as a sheet has it."""
    data = CategoryChartData(number_format=numbers)
    data.categories = [bar.name for bar in lanes]
    data.add_series(title, [bar.value for bar in lanes])
    chart = place(page, box, XL_CHART_TYPE.BAR_CLUSTERED, data, alt)
    chart.has_legend, chart.has_title = False, True
    chart.chart_title.text_frame.text = title
    dress(chart.chart_title.text_frame.paragraphs[0].runs[0].font, 16, bold=True)
    plot = chart.plots[0]
    plot.gap_width = {1: 300, 2: 120}.get(len(lanes), 60)
    plot.vary_by_categories, plot.has_data_labels = False, True
    labels = plot.data_labels
    labels.show_value, labels.position = True, XL_LABEL_POSITION.OUTSIDE_END
    labels.number_format, labels.number_format_is_linked = numbers, False
    dress(labels.font, 16)
    for point, bar in enumerate(lanes):
        fill = plot.series[0].points[point].format.fill
        fill.solid()
        fill.fore_color.rgb = RGBColor.from_string(bar.colour.lstrip("#"))
    chart.category_axis.reverse_order = True
    chart.category_axis.format.line.color.rgb = FAINT
    room = (box[3] - HEAD) * 72 / len(lanes)  # points that a bar has, with its gap
    size = max(9, min(14, int(room / 1.5)))
    dress(chart.category_axis.tick_labels.font, size)
    name_all(chart.category_axis)
    names = max(breadth(bar.name, size) for bar in lanes) + 0.45
    inside(chart, min(0.5, names / box[2]), HEAD / box[3], 1 - LABEL / box[2])
    chart.value_axis.visible, chart.value_axis.has_major_gridlines = False, False
    chart.value_axis.minimum_scale = 0
    return chart


def amount(unit: str = "") -> str:
    """The format of numbers that may be fractions, with the unit behind them."""
    return AMOUNT.format(unit=f'" {unit}"' if unit else "")


def name_all(one: CategoryAxis) -> None:
    """Every bar keeps its name, however little room there is: without it some are passed over."""
    last = one._element.find("{*}noMultiLvlLbl")
    last.addprevious(last.makeelement(last.tag.replace("noMultiLvlLbl", "tickLblSkip"), {"val": "1"}))
    one._element.find("{*}txPr/{*}bodyPr").set("rot", "0")  # what LibreOffice reads that from


def inside(chart: Chart, left: float, top: float, right: float) -> None:
    """Where the bars stand, in shares of the chart: by themselves they leave long names too little room."""
    for old in chart._chartSpace.plotArea.findall("{*}layout"):
        chart._chartSpace.plotArea.remove(old)
    shares = {"xMode": "edge", "yMode": "edge", "x": left, "y": top, "w": right - left, "h": 1 - top}
    values = "".join(f'<c:{name} val="{value}"/>' for name, value in shares.items())
    places = f'<c:manualLayout><c:layoutTarget val="inner"/>{values}</c:manualLayout>'
    chart._chartSpace.plotArea.insert(0, parse_xml(f"<c:layout {nsdecls('c')}>{places}</c:layout>"))


def place(page: Slide, box: Box, kind: XL_CHART_TYPE, data: XyChartData | CategoryChartData, alt: str) -> Chart:
    """A chart on the slide, with what is read out instead of it."""
    frame = page.shapes.add_chart(kind, *(Inches(number) for number in box), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", alt)
    dress(frame.chart.font, 14, colour=INK)
    frame.chart.has_title = False
    return frame.chart
