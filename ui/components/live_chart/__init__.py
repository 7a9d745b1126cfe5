"""A Plotly chart that keeps zoom, hover and legend choices while its data changes.

`st.plotly_chart` puts a fresh node on the page whenever the figure changes, and with it
goes what the reader had zoomed into. This component keeps one node and redraws inside it.
"""

import re
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from ui.components import plain
from ui.components.live_chart.plotly_js import file_name, publish
from ui.components.spoken import spoken

__all__ = ["figure_json", "live_chart", "publish"]

UNNAMED = re.compile(r"[^a-zA-Z0-9-]")
UNAVAILABLE = "The chart library could not be loaded. Reload the page to try again."

# Registered once, at import: registering it at every mount would only repeat the work.
_mount = st.components.v2.component(
    "fda_live_chart",
    js=Path(__file__).with_name("chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly writes its style sheet into the page, not a shadow root
)


def live_chart(
    figure: str,
    *,
    key: str,
    height: int,
    alt: str,
    unavailable: str = UNAVAILABLE,
) -> None:
    """Show a figure (from `figure_json`) and keep what the reader did to it while its `view` is the same.

    `alt` is read out instead of the picture. `unavailable` stands in for
    the chart if the browser cannot get the library. Text, grid and background colours come
    from Streamlit's theme unless the figure sets them; its width and height are ignored.

    Zoom is kept only on axes with no explicit `range`, or one that is the same each time.
    Traces are remembered by `uid`, else by position: set `uid` where traces come and go.
    """
    data = {
        "figure": figure,
        "plotly": file_name(),
        "height": height,
        "alt": spoken(alt),
        "unavailable": unavailable,
    }
    _mount(key=key, data=plain(data), height=height)


def figure_json(figure: go.Figure, view: str) -> str:
    """The figure as the browser gets it: no template, sized by its box, tied to `view`.

    `view` names what is being looked at, for example "run-42/bytes/loss"; a new name resets
    zoom and legend.
    """
    content = figure.to_dict()
    layout = content.setdefault("layout", {})
    # Streamlit's default template holds placeholder colours that only st.plotly_chart
    # replaces; chart.js puts the real theme in its place.
    for name in ("template", "width", "height"):
        layout.pop(name, None)
    layout["uirevision"] = view
    # Plotly looks for a trace's parts by a CSS class of its uid, and stops at one that is no name.
    for trace in content.get("data", []):
        if "uid" in trace:
            trace["uid"] = UNNAMED.sub(lambda found: f"_{ord(found[0]):x}_", trace["uid"])
    return to_json_plotly(content)
