"""What a chart of curves is drawn against, chosen on the Race and Runs pages and kept in their addresses."""

import streamlit as st

from ui.state import address
from ui.text.i18n import t

AXES = {"x": ("bytes", "rounds", "epochs", "time"), "y": ("accuracy", "test_loss", "mcc")}
USUAL = {"x": AXES["x"], "y": ("accuracy", "test_loss")}


def adopt() -> None:
    """Takes the address's axes, if it has some."""
    for axis, options in AXES.items():
        address.adopt(axis, f"{axis}_axis", address.one_of(options), options[0])


def words() -> dict[str, str]:
    """The axes as they stand in the address: those that are not the usual ones."""
    picked = {axis: st.session_state.get(f"{axis}_axis") for axis in AXES}
    return {axis: word for axis, word in picked.items() if word and word != AXES[axis][0]}


def choose(place, axis: str, options: tuple[str, ...] | None = None) -> str:
    """options: what there is to choose from here, if not the usual; the first of them, until another one is chosen."""
    state, options = st.session_state, options or USUAL[axis]
    untouched = state.get(f"{axis}_axis") == state.get(f"{axis}_first", AXES[axis][0])
    if untouched or state[f"{axis}_axis"] not in options:  # chosen where there was another measure
        state[f"{axis}_axis"] = options[0]
    state[f"{axis}_first"] = options[0]
    picked = place.segmented_control(
        t(f"race.{axis}_axis"), options, key=f"{axis}_axis", required=True, label_visibility="collapsed",
        format_func=lambda option: t(f"race.{axis}_{option}"), on_change=keep, persist_state="session",
    )  # fmt: skip
    return picked or options[0]


def keep() -> None:
    """The page around the chart, which keeps the address, is not drawn again for this."""
    found = words()
    for axis in AXES:
        address.put(axis, found.get(axis, ""))
