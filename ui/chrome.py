"""What every page has in its upper right corner: the way to hand on what is on the screen."""

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ui import style
from ui.i18n import t
from ui.viewing import DEPTHS, LANGUAGES, change, engineer, viewing

# By page, what a teacher may hide: keys of the widgets, in the words of the catalogue.
HIDEABLE = {
    "race": {
        "preset": "settings.preset", "clients": "settings.clients", "alpha": "settings.alpha",
        "threshold": "settings.threshold", "more": "settings.more", "x_axis": "race.x_axis", "y_axis": "race.y_axis",
        "numbers": "chrome.numbers", "prediction": "predict.hide", "budget": "budget_line.label", "fair": "fair.title",
        "ask": "ask.title", "cost": "cost.hide",
    },
    "heterogeneity": {"mix_clients": "settings.clients", "mix_seed": "settings.seed", "mix_table": "chrome.numbers"},
}  # fmt: skip

# Widgets that a manager does not see; what they are set to holds all the same.
FOR_ENGINEERS = ("threshold", "more", "mix_seed")


def chrome(page: str) -> None:
    """Call it before the page, whose address it reads when the link is asked for."""
    style.hide(st.query_params.get("hide", "").split(","))
    style.language(viewing().language)
    if not engineer():
        style.hide(FOR_ENGINEERS)
    corner = st.container(key="chrome")
    with corner.popover(t("chrome.view"), icon=":material/translate:"):
        switches()
        st.fragment(link)(page)


def switches() -> None:
    """Language and depth."""
    state = st.session_state
    state.language, state.depth = state.viewing
    st.segmented_control(
        "Language / 言語", list(LANGUAGES), key="language", required=True, format_func=LANGUAGES.get,
        label_visibility="collapsed", on_change=lambda: change(language=state.language),
    )  # fmt: skip
    st.segmented_control(
        t("chrome.depth"), DEPTHS, key="depth", required=True, format_func=lambda depth: t(f"chrome.{depth}"),
        label_visibility="collapsed", help=t("chrome.depth_help"), on_change=lambda: change(depth=state.depth),
    )  # fmt: skip


def link(page: str) -> None:
    """The page's address with everything chosen on it, and on request without some of its controls."""
    names = HIDEABLE.get(page, {})
    hidden = st.multiselect(
        t("chrome.hide"), names, key=f"hide-{page}", format_func=lambda key: t(names[key]), help=t("chrome.hide_help"),
        persist_state="session",
    ) if names else []  # fmt: skip
    words = {name: word for name, word in st.query_params.to_dict().items() if name != "hide"}
    st.code(address(st.context.url or "", words | ({"hide": ",".join(hidden)} if hidden else {})), language=None)
    st.caption(t("chrome.link_help"))


def address(url: str, words: dict[str, str]) -> str:
    return urlunsplit(urlsplit(url)._replace(query=urlencode(words), fragment=""))
