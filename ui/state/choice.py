"""A choice among options whose labels change with the viewer's language and depth.

A browser says what was chosen by its label, and may say so in the words it was shown last, while the page is already in
others: the value would be taken for a new one, or be lost. So every way of reading has a widget of its own, and what is
chosen is kept beside them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import streamlit as st

from ui.text.viewer import viewing

Kind = Literal["selectbox", "radio", "multiselect", "select_slider"]


def widget_key(key: str) -> str:
    """Of the widget in which this viewer makes the choice `key`."""
    return "-".join((key, *viewing()[:2]))


def choose(
    kind: Kind, label: str, options: Iterable[Any], *, key: str, place: Any = st,
    on_change: Callable | None = None, args: tuple = (), **more: Any,
) -> Any:  # fmt: skip
    """Draws Streamlit's widget `kind` and returns what is chosen, which `st.session_state[key]` holds from then on.

    Whoever sets that beforehand, or in a callback, sets the choice. more: for Streamlit.
    """
    state, mine = st.session_state, widget_key(key)

    def changed() -> None:
        """A callback: keeps the choice, so that the page may read it before it draws the widget.

        Streamlit calls it for a widget that is gone, too, when a browser that has not heard so repeats its value.
        """
        if state[mine] == state.get(key):
            return
        state[key] = state[mine]
        if on_change:
            on_change(*args)

    if key in state and (mine not in state or state[mine] != state[key]):
        state[mine] = state[key]
    with place.container(key=key):
        state[key] = getattr(st, kind)(label, options, key=mine, on_change=changed, **more)
    return state[key]
