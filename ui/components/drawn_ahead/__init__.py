"""A chart that follows two sliders while they are moved, in the browser alone: a server answers when they stand."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ui.components import plain

_mount = st.components.v2.component(
    "fda_drawn_ahead", js=Path(__file__).with_name("ahead.js").read_text(encoding="utf-8"), isolate_styles=False
)


def drawn_ahead(
    figures: Sequence[str], places: Sequence[Sequence[int]], *, key: str, chart: str, words: str,
    sliders: tuple[tuple[str, int], tuple[str, int]],
) -> None:  # fmt: skip
    """figures: each that the chart may show, as `figure_json` makes them. places: which of them at every place of the
    first slider, and in that of the second. chart: key of the `live_chart`. words: key of the container whose words are
    about it. sliders: selectors of what they are in, and the values that the first row and column stand for.
    """
    data = {
        "figures": list(figures), "places": [list(row) for row in places], "chart": chart, "words": words,
        "sliders": [{"place": place, "first": first} for place, first in sliders],
    }  # fmt: skip
    _mount(key=key, data=plain(data))
