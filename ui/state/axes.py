"""What a chart of curves is drawn against, chosen on the Race and Runs pages and kept in their addresses."""

import streamlit as st

from ui.state import address
from ui.text.i18n import t

AXES = {"x": ("bytes", "rounds", "epochs", "time"), "y": ("test_loss", "accuracy", "mcc")}
USUAL = {"x": AXES["x"], "y": ("test_loss", "accuracy")}


def adopt() -> None:
    """Takes the address's axes, if it has some."""
    for axis, options in AXES.items():
        address.adopt(axis, f"{axis}_axis", address.one_of(options), options[0])


def words() -> dict[str, str]:
    """The axes as they stand in the address: those that are not the usual ones."""
    picked = {axis: st.session_state.get(f"{axis}_axis") for axis in AXES}
    return {axis: word for axis, word in picked.items() if word and word != AXES[axis][0]}


def choose(place, axis: str, options: tuple[str, ...] | None = None) -> str:
    """options: what there is to choose from here, if not the usual."""
    options = options or USUAL[axis]
    if st.session_state.get(f"{axis}_axis") not in options:  # chosen where there was another measure
        st.session_state[f"{axis}_axis"] = options[0]
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
