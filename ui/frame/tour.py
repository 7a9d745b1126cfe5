"""The guided tour: a band at the top of every page, led by the steps in `lesson.toml`."""

from collections.abc import Callable

import streamlit as st

from fda_core.analysis.summary import summarize
from ui.frame import style
from ui.frame.lesson_steps import data
from ui.state.session import shown_run
from ui.text.i18n import t

LOOK = 2.0  # seconds between two looks at whether a step is done
DIFFERENT = 0.3  # α from which clients count as different


def steps() -> list[dict]:
    """In their order: each one's id, its page, what completes it, and what of the page it outlines."""
    return data()["tour"]


def band(page: str) -> None:
    """Nothing while no tour is under way. page: the name of the page that follows."""
    if (number := st.session_state.get("tour")) is None:
        return
    step = steps()[number]
    waiting = not done(step) and step["page"] == page
    st.fragment(run_every=LOOK if waiting else None)(draw)(number, waiting, page)
    talked_about = waiting or (step["page"] == page and step["done"] == "seen")
    style.outline(step.get("highlight", ()) if talked_about else ())


def draw(number: int, waiting: bool, page: str) -> None:
    """The band itself, a fragment; it has the whole page drawn again when its step is done or another one's turn."""
    step = steps()[number]
    if st.session_state.get("tour") != number or (waiting and done(step)):
        st.rerun()
    with st.container(border=True):
        words, back, forth, end = st.columns([8, 1.2, 1.2, 1.2], vertical_alignment="center")
        mark = ":material/hourglass_empty:" if waiting else ":material/check_circle:"
        text = t(f"tour.{step['id']}")
        words.markdown(f"{mark} **{number + 1}/{len(steps())}** {text}")
        if back.button(t("tour.back"), key="tour_back", disabled=number == 0, width="stretch"):
            go(number - 1)
        last = number == len(steps()) - 1
        here = step["page"] == page
        label = t("tour.finish") if last and here else t("tour.next") if here else t("tour.return")
        if forth.button(label, key="tour_next", type="secondary" if waiting else "primary", width="stretch"):
            go(number + 1 if here else number)
        end.button(t("tour.end"), key="tour_end", on_click=leave, width="stretch")


def begin() -> None:
    """To the first step; the run that is looked at now comes back at the end."""
    st.session_state.before_tour = st.session_state.get("run")
    go(0)


def go(number: int) -> None:
    """To the page of a step; past the last one, back to the lesson."""
    if number >= len(steps()):
        leave()
        st.switch_page("pages/lesson.py")
    st.session_state.tour = number
    st.switch_page(f"pages/{steps()[number]['page']}.py", query_params=steps()[number].get("query"))


def leave() -> None:
    """Ends the tour; the viewer stays where they are, with the run they had before it."""
    st.session_state.tour = None
    if before := st.session_state.pop("before_tour", None):
        st.session_state.run = before


def done(step: dict) -> bool:
    """Whether the step is complete now. Raises KeyError for a condition that is not in `DONE`."""
    return DONE[step["done"]]()


def ended() -> bool:
    """Whether the run that is shown is over and has lanes to look at."""
    run, _ = shown_run()
    return run is not None and not run.live and bool(summarize(list(run.events)))


def different() -> bool:
    """Whether the viewer has set α so low that clients differ visibly; not before the slider was drawn."""
    return st.session_state.get("mix_alpha", 1.0) <= DIFFERENT


# What completes a step.
DONE: dict[str, Callable[[], bool]] = {
    "seen": lambda: True,
    "started": lambda: shown_run()[0] is not None,
    "ended": ended,
    "different": different,
}
