"""What every page has at its upper right: glossary, language, depth, and the way to hand on what is shown."""

from typing import Literal

import streamlit as st

from fda_core.settings.fields import for_engineers
from ui.components.copy_link import copy_link
from ui.components.page_habits import page_habits
from ui.frame import style
from ui.frame.glossary_corner import corner
from ui.state import address
from ui.state.choice import choose
from ui.state.viewing import change
from ui.text.i18n import t
from ui.text.viewer import DEPTHS, LANGUAGES, engineer, viewing

# By page, what a teacher may hide: keys of the widgets, in the words of the catalogue.
AXES = {"x_axis": "race.x_axis", "y_axis": "race.y_axis"}
HIDEABLE = {
    "story": {
        "story_film": "chrome.film", "story_sentences": "chrome.sentences", "story_run": "story.run",
        "story_messages": "chrome.messages",
    },
    "race": {
        "preset": "settings.preset", "clients": "settings.clients", "alpha": "settings.alpha",
        "threshold": "settings.threshold", "more": "settings.more", **AXES, "prediction": "predict.hide",
        "budget": "budget_line.label", "replay": "replay.play", "numbers": "chrome.numbers", "fair": "fair.title",
        "ask": "ask.title", "cost": "cost.hide",
    },
    "inside": {
        "inside_lane": "table.lane", "inside_turn": "inside.round", "inside_drifts": "chrome.drifts",
        "inside_rule": "chrome.rule",
        "inside_by_hand": "inside.by_hand_label", "inside_scale": "chrome.scale", "inside_error": "chrome.error",
    },
    "heterogeneity": {
        "mix_alpha": "settings.alpha", "mix_clients": "settings.clients", "mix_seed": "settings.seed",
        "mix_effects": "chrome.effects", "mix_table": "chrome.numbers", "mix_race": "heterogeneity.race",
    },
    "schedules": {
        "schedules_live": "schedules.live", "schedules_table": "chrome.numbers", "schedules_swing": "chrome.swing",
    },
    "budget": {
        "budget_link": "budget.preset", "budget_up": "budget.up", "budget_down": "budget.down",
        "budget_rtt": "budget.rtt", "budget_price": "budget.price", "budget_sites": "budget.sites",
        "budget_device": "budget.device", "budget_lane": "budget.against", "budget_payload": "budget.payload",
        "budget_more": "settings.more", "budget_table": "chrome.numbers", "budget_copy": "budget.copy",
    },
    "evidence": {
        "evidence_summary": "chrome.summary", "evidence_others": "chrome.others", "evidence_how": "evidence.how",
    },
    "production": {
        "production_diff": "production.diff", "production_places": "production.places",
        "production_wire": "production.bytes", "production_settle": "production.settle",
        "production_try": "production.try",
    },
    "lesson": {"tour_start": "lesson.tour", "plans": "chrome.plans", "quiz": "lesson.quiz"},
    "runs": {
        "runs_search": "runs.search", "runs_tag": "runs.tag", "runs_import": "runs.import",
        "runs_trash": "chrome.trash", "runs_actions": "chrome.actions", **AXES, "each_seed": "runs.each_seed",
        "runs_costs": "chrome.numbers",
    },
}  # fmt: skip
KEYS = {key for names in HIDEABLE.values() for key in names}

# Where the focus goes when the button that has it goes: to another of its row, and from the runs to what undoes it.
REGIONS = (("steering",), ("replay",), ("runs_actions", "undo"))

# Widgets that a manager does not see; what they are set to holds all the same.
FOR_ENGINEERS = (*for_engineers(), "mix_seed")


def chrome(page: str) -> None:
    """Call it before the page."""
    style.hide(hidden())
    style.language(viewing().language)
    if not engineer():
        style.hide(FOR_ENGINEERS)
    with st.container(key="chrome", horizontal=True):
        st.fragment(habits)(page)
        corner()


def reader(page: str, says_depth: bool = True) -> None:
    """For whom and in which language the pages are written, as a button that says so, and the way to hand them on.

    says_depth: or else it says the language, because the depth stands beside it.
    """
    language, depth, _ = viewing()
    label = t("chrome.reader", depth=t(f"chrome.{depth}")) if says_depth else LANGUAGES[language]
    with st.popover(label, icon=":material/translate:", key="reader"):
        switches()
        st.fragment(link)(page)


def habits(page: str) -> None:
    """A fragment, so that what the browser has to say first does not draw the page again.

    Unless it was said of the page before, while a click on this one was under way: Streamlit then takes the answer
    for that page's, and clears this one.
    """
    heard = bool(st.session_state.get("listening"))
    of = page_habits(
        key="habits", page=page, heard=heard, on_ready=address.listen, regions=REGIONS, quick=("inside_turn",)
    )
    if of and of != page:
        st.switch_page(f"pages/{page}.py", query_params=st.query_params.to_dict())


def hidden() -> list[str]:
    """What the viewer's link hides, on every page of the visit; words that are no controls are named and left out."""
    state, words = st.session_state, st.query_params
    if "hide" in words:
        keys = [key for key in words["hide"].split(",") if key]
        state.hidden = [key for key in keys if key in KEYS]
        if strange := [key for key in keys if key not in KEYS]:
            address.refuse("hide", ",".join(strange))
    keys = state.get("hidden", [])
    if words.get("hide", "") != ",".join(keys):
        address.put("hide", ",".join(keys))
    return keys


def switches() -> None:
    """Language and depth."""
    state = st.session_state
    state.language = state.viewing.language
    st.segmented_control(
        "Language / 言語", list(LANGUAGES), key="language", required=True, format_func=LANGUAGES.get,
        label_visibility="collapsed", on_change=lambda: change(language=state.language),
    )  # fmt: skip
    choose_depth("depth")


def choose_depth(key: str, label: Literal["visible", "collapsed"] = "visible") -> None:
    """For whom the pages are written."""
    st.session_state[key] = viewing().depth
    st.segmented_control(
        t("chrome.depth"), DEPTHS, key=key, required=True, format_func=lambda depth: t(f"chrome.{depth}"),
        help=t("chrome.depth_help"), on_change=lambda: change(depth=st.session_state[key]), label_visibility=label,
    )  # fmt: skip


def link(page: str) -> None:
    """The page's address with everything chosen on it, and on request without some of its controls."""
    names = HIDEABLE.get(page, {})
    without = choose(
        "multiselect", t("chrome.hide"), names, key=f"hide-{page}", help=t("chrome.hide_help"),
        format_func=lambda key: t(names[key]), placeholder=t("chrome.hide_none"),
    ) if names else []  # fmt: skip
    copy_link(key="copy_link", label=t("chrome.copy"), copied=t("chrome.copied"), hidden=",".join(without))
    st.caption(t("chrome.link_help"))
