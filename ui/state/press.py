"""One press is one action, however often a browser sends it."""

from collections.abc import Callable

import streamlit as st


def once(key: str, action: Callable, *arguments) -> dict:
    """What a button needs to call the action, `on_click` and `args`: of what was drawn only the first press counts.

    A second click may be on its way before the button has gone; its callback then still stands. key: the button's.
    """
    return {"on_click": press, "args": (key, drawn(key), action, *arguments)}


def drawn(key: str) -> int:
    """How often this viewer's button of this key was pressed."""
    return st.session_state.setdefault("presses", {}).get(key, 0)


def press(key: str, number: int, action: Callable, *arguments) -> None:
    """A callback. number: what `drawn` was when the button was."""
    if number == drawn(key):
        st.session_state.presses[key] = number + 1
        action(*arguments)
