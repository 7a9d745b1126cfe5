"""What a page does besides what is drawn: one history entry a page, one action a press, a focus that is not lost.

It draws nothing. Streamlit makes a history entry of every change of the address, sends every click of a double-click,
and leaves the focus nowhere when the button that had it is replaced.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from ui.components import plain

_mount = st.components.v2.component(
    "fda_page_habits", js=Path(__file__).with_name("habits.js").read_text(encoding="utf-8"), isolate_styles=False
)


def page_habits(
    *, key: str, page: str, heard: bool, on_ready: Callable[[], None], regions: Sequence[Sequence[str]],
    quick: Sequence[str],
) -> str | None:  # fmt: skip
    """The page that the browser showed when it said that it is ready, in the draw that this leads to.

    on_ready: called once in a browser, when it no longer makes entries; heard: whether that was.

    regions: groups of keys of containers or buttons; where a focused button of one goes, the focus goes to the first
    that can be pressed there, else in another of its group. quick: keys of what is meant to be pressed quickly.
    """
    data = {
        "heard": heard,
        "page": page,
        "regions": [[f".st-key-{name}" for name in group] for group in regions],
        "quick": [f".st-key-{name}" for name in quick],
    }
    return _mount(key=key, data=plain(data), on_ready_change=on_ready).ready
