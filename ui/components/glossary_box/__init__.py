"""The glossary in the browser: a button, and a box that also opens from every link `#term-…` on the page.

All of it is there from the first draw on: looking a word up asks the server nothing, not even while a run trains.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ui.components import plain

_mount = st.components.v2.component(
    "fda_glossary", js=Path(__file__).with_name("box.js").read_text(encoding="utf-8"), isolate_styles=False
)


def glossary_box(
    terms: Sequence[dict[str, str]], *, key: str, language: str, label: str, close: str, more: str, opened: str
) -> None:
    """terms: with id, name, text, and for engineers formula and place, folded below `more`. opened: the id to begin
    with, may be empty.

    language: the page's, which nothing else tells the browser.
    """
    words = {"label": label, "close": close, "more": more}
    _mount(key=key, data=plain({"terms": list(terms), "language": language, "opened": opened, **words}))
