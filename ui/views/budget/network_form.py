"""The viewer's own network and what travels on it: widgets in the sidebar, words in the address."""

import streamlit as st

from fda_core.models.payload import ENCODERS, TRAINED
from ui.shared.links import LINKS
from ui.shared.own_network import OWN, payload_name
from ui.state import address
from ui.state.address import keep_words
from ui.state.choice import choose
from ui.text.i18n import t
from ui.text.numbers import in_yen
from ui.text.viewer import YEN, viewing

# name: lowest, highest, default; all of them may stand in the address.
NUMBERS = {
    "sites": (1, 100_000, 40), "up": (0.01, 100_000.0, 20.0), "down": (0.01, 100_000.0, 50.0),
    "rtt": (0.0, 10_000.0, 80.0), "spread": (0.0, 2.0, 0.0), "device": (0.01, 1000.0, 1.0),
    "price": (0.0, 1000.0, 0.09), "gb": (0.0, 1e6, 0.0), "year": (0, 100_000, 0), "rate": (0.01, 1e6, YEN),
}  # fmt: skip
IN_YEN = "budget_price_yen"


def adopt(theirs: list[str]) -> None:
    """What a link brought, else what the widgets say."""
    for name, (low, high, default) in NUMBERS.items():
        address.adopt(name, f"budget_{name}", address.number(low, high, type(default)), default)
    address.adopt("payload", "budget_payload", address.one_of(payloads()), OWN)
    address.adopt("against", "budget_lane", address.one_of(theirs), theirs[0])
    state = st.session_state
    if state.budget_lane not in theirs:  # another run than before
        state.budget_lane = theirs[0]
    state.viewing = viewing()._replace(yen=state.budget_rate)


def payloads() -> list[str]:
    """What may travel: the run's own model, or one part of a large encoder, written as encoder and part."""
    return [OWN, *(f"{encoder} {what}" for encoder in ENCODERS for what in TRAINED)]


def controls() -> None:
    """The sidebar: a usual link to begin with, the network's numbers, what travels; spread and bytes below."""
    choose(
        "selectbox", t("budget.preset"), LINKS, key="budget_link", on_change=take_link, index=None,
        format_func=lambda name: t(f"budget.link_{name}"), placeholder=t("budget.preset_hint"),
    )  # fmt: skip
    left, right = st.columns(2)
    for one, other in (("up", "down"), ("rtt", "price"), ("sites", "device")):
        field(left, one)
        field(right, other)
    field(st, "year")
    choose("selectbox", t("budget.payload"), payloads(), key="budget_payload", format_func=payload_name)
    with st.expander(t("settings.more"), key="budget_more"):
        field(st, "spread")
        field(st, "gb")
        if in_yen():
            field(st, "rate")


def field(place, name: str) -> None:
    """One of NUMBERS to type, within its bounds; `place` is where it stands. Whole where its default is."""
    if name == "price" and in_yen():
        price_in_yen(place)
        return
    low, high, default = NUMBERS[name]
    place.number_input(
        t(f"budget.{name}"), low, high, key=f"budget_{name}", help=t(f"budget.{name}_help"), persist_state="session",
        format="%d" if isinstance(default, int) else "%g",
    )  # fmt: skip


def price_in_yen(place) -> None:
    """The price, which the address and the bill have in dollars, in yen at the viewer's rate."""
    state, (low, high, _) = st.session_state, NUMBERS["price"]
    state[IN_YEN] = round(state.budget_price * state.budget_rate, 6)
    place.number_input(
        t("budget.price"), low * state.budget_rate, high * state.budget_rate, key=IN_YEN, format="%g",
        help=t("budget.price_help"), on_change=take_yen,
    )  # fmt: skip


def take_yen() -> None:
    """What was typed in yen, in dollars."""
    state = st.session_state
    state.budget_price = state[IN_YEN] / state.budget_rate


def take_link() -> None:
    """A usual link's rates in Mbit/s and its round trip in ms, put into the boxes, where they can be changed."""
    state = st.session_state
    if state.budget_link:
        state.budget_up, state.budget_down, state.budget_rtt = LINKS[state.budget_link]


def keep(first: str) -> None:
    """The settings in the address; first: the lane that is compared unless another is chosen."""
    state = st.session_state
    values = {name: state[f"budget_{name}"] for name in NUMBERS}
    keep_words(
        against=state.budget_lane if state.budget_lane != first else "",
        payload=state.budget_payload if state.budget_payload != OWN else "",
        **{name: f"{value:g}" for name, value in values.items() if value != NUMBERS[name][2]},
    )
