"""What an address brings to a page: every word is read once; one that means nothing there is named and left out."""

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from fda_core.settings.fields import top_names
from ui.text.i18n import plain, t

# Words that hold on every page.
EVERYWHERE = {"run", "lang", "depth", "hide", "term"}
# Words of single pages; none of them is a setting of an experiment.
OF_PAGES = {
    "runs", "search", "tag", "lane", "round", "sites", "up", "down", "rtt", "spread", "device", "price", "gb",
    "payload", "against", "budget", "x", "y", "seeds", "plan",
}  # fmt: skip
# Pages whose addresses hold an experiment's settings; they say themselves what is wrong with those.
WITH_SETTINGS = {"race", "heterogeneity"}
LONGEST, MOST = 40, 5  # characters of a word, and words, that are repeated to the viewer


def begin(page: str, strange: Mapping[str, str]) -> None:
    """Once a draw of the app, before anything else reads the address. strange: words that were refused already."""
    state = st.session_state
    state.refused = []
    for name, word in strange.items():
        refuse(name, word)
    if state.get("page") != page:
        state.page, state.written = page, {}
    if page in WITH_SETTINGS:
        return
    settings = top_names()
    for name in st.query_params:
        if name not in EVERYWHERE | OF_PAGES and name.split(".")[0] not in settings:
            refuse(name, st.query_params[name])


def refuse(name: str, word: str) -> None:
    st.session_state.setdefault("refused", []).append(f"{name[:LONGEST]} = {word[:LONGEST]}")


def note() -> None:
    """One sentence about everything that was refused in this draw."""
    if words := st.session_state.get("refused"):
        st.warning(t("chrome.refused", words=", ".join(plain(word) for word in words[:MOST])))


def brought(name: str) -> str | None:
    """The word, if a link brought it; None if it is not there or this page wrote it itself.

    All that was written since the page was opened counts: a browser may not have heard of the last word yet.
    """
    word = st.query_params.get(name)
    return None if word in written(name) else word


def written(name: str) -> set[str]:
    return st.session_state.setdefault("written", {}).setdefault(name, set())


def put(name: str, word: str) -> None:
    """Writes one word of a fragment, around which the page is not drawn again; an empty one is left out."""
    if word:
        written(name).add(word)
        st.query_params[name] = word
    else:
        st.query_params.pop(name, None)


def adopt(name: str, key: str, read: Callable[[str], object | None], default: object) -> None:
    """Puts what a link brought into the widget `key`; without it what is chosen stays, at first the default.

    read: the widget's value for a word, None for one that means nothing.
    """
    word = brought(name)
    value = None if word is None else read(word)
    if word is not None and value is None:
        refuse(name, word)
    if value is not None:
        st.session_state[key] = value
    else:
        st.session_state.setdefault(key, default)


def one_of(options: Iterable[str] | Mapping[str, object]) -> Callable[[str], str | None]:
    """Reads a word that has to be one of these."""
    return lambda word: word if word in options else None
