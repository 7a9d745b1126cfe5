"""How one viewer wants to read: decided from the address and the browser, changed with the switches on every page."""

import streamlit as st

from ui.state.address import put
from ui.text.viewer import DEFAULT_LANGUAGE, DEPTHS, LANGUAGES, Viewing, first_depth, viewing

# Rows of buttons, which go by their labels: a browser has to be told what these are now. (Other choices: choice.py.)
OF_BUTTONS = ("x_axis", "y_axis", "lesson_plan")


def settle() -> dict[str, str]:
    """Decides it for this draw of the page: the address, then what was chosen before, then the browser's language.

    Keeps the choice in the address. Returns the words of the address that are none of ours.
    """
    state, words = st.session_state, st.query_params
    before = state.get("viewing") or Viewing(of_browser(), first_depth())
    language, depth = words.get("lang", before.language), words.get("depth", before.depth)
    asked = (("lang", language, LANGUAGES), ("depth", depth, DEPTHS))
    strange = {name: word for name, word, known in asked if word not in known}
    state.viewing = before._replace(
        language=language if language in LANGUAGES else before.language,
        depth=depth if depth in DEPTHS else before.depth,
    )
    write(state.viewing)
    return strange


def of_browser() -> str:
    """The language of the browser's locale if the page speaks it, otherwise the default one."""
    language = (st.context.locale or "").split("-")[0].lower()
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def foreign() -> list[str]:
    """The languages that this browser would not get by itself."""
    return [language for language in LANGUAGES if language != of_browser()]


def write(choice: Viewing) -> None:
    """Into the address what is not what its reader would see anyway."""
    wanted = {
        "lang": choice.language if choice.language in (st.query_params.get("lang"), *foreign()) else None,
        "depth": choice.depth if choice.depth != first_depth() else None,
    }
    for name, word in wanted.items():
        put(name, word or "")


def change(**parts: str) -> None:
    """A callback: the viewer wants it otherwise."""
    state = st.session_state
    state.viewing = viewing()._replace(**parts)
    for key in (key for key in OF_BUTTONS if key in state):
        state[key] = state[key]
    for name, part in parts.items():
        put("lang" if name == "language" else name, part)
