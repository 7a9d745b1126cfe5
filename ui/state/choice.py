"""A value that the viewer chooses in a widget, and the page may change as well: a link, a preset, another language.

A browser repeats what its widgets say with every message, and on a busy machine it may not have heard yet that the page
has changed one: its old value would come back, for good where the page is drawn for another reason at that moment. Of
options it says the label, in the words it was shown last. So what is chosen is kept beside the widget, and each change
that was not the viewer's, as each way of reading, has a widget of its own; what is said of an older one is not heard.
"""

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from ui.text.viewer import viewing

Kind = Literal["selectbox", "radio", "multiselect", "select_slider", "slider", "number_input"]


# In the key of a widget, what follows the choice's own.
PART = "--"


def widget_key(key: str) -> str:
    """Of the widget in which this viewer makes the choice `key`."""
    turn = st.session_state.get("turns", {}).get(key)
    return key + PART + "-".join((*viewing()[:2], *([str(turn)] if turn else ())))


def selector(key: str) -> str:
    """In CSS, whatever has this key, or is the widget of this choice. A container around each widget would be known by
    the choice's key alone, and take a sixth of the time in which a page with thirty of them is drawn."""
    return f':is(.st-key-{key}, [class*="st-key-{key}{PART}"])'


def choose(
    kind: Kind, label: str, *given: Any, key: str, place: Any = st, on_change: Callable | None = None,
    args: tuple = (), **more: Any,
) -> Any:  # fmt: skip
    """Draws Streamlit's widget `kind` and returns what is chosen, which `st.session_state[key]` holds from then on.

    Whoever sets that beforehand, or in a callback, sets the choice. given, more: for Streamlit.
    """
    state, mine = st.session_state, widget_key(key)

    def changed() -> None:
        """A callback: keeps the choice, so that the page may read it before it draws the widget.

        Streamlit calls it for a widget that is gone, too, when a browser that has not heard so repeats its value.
        """
        if mine != widget_key(key) or state[mine] == state.get(key):
            return
        state[key] = state[mine]
        if on_change:
            on_change(*args)

    if key in state and mine in state and state[mine] != state[key]:
        turns = state.setdefault("turns", {})
        turns[key] = turns.get(key, 0) + 1
        mine = widget_key(key)
    if key in state and mine not in state:
        state[mine] = state[key]
    state[key] = getattr(place, kind)(label, *given, key=mine, on_change=changed, **more)
    return state[key]
