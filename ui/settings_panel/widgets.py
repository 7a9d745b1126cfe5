"""A widget for each row of the table of settings: what it shows of a configuration, and what it says."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from fda_core.settings.assignments import parse_value
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.fields import SETTINGS, Number, Setting, follower
from ui.state.choice import Kind, choose
from ui.text.i18n import named, t

KINDS: dict[str, Kind] = {
    "steps": "select_slider", "choice": "selectbox", "radio": "radio", "several": "multiselect",
}  # fmt: skip

# Asked for in one widget that stands for three fields, and in some from which lanes are made: see controls.py.
ROWS = [row for row in SETTINGS if row.widget and row.field != "link" and not row.of_lanes]


def adopt(config: ExperimentConfig) -> None:
    """Puts a configuration into the widgets; lanes and link go their own way."""
    for row in ROWS:
        value = row.value(config)
        value = list(value) if row.widget == "several" else value
        st.session_state[row.key] = float(value) if row.is_float else value


def collect() -> dict[str, Any]:
    """What the widgets say, as nested settings; whether it is allowed says the configuration."""
    settings: dict[str, Any] = {}
    for row in ROWS:
        *parents, last = row.field.split(".")
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = said(row)
    return settings


def said(row: Setting) -> Any:
    """The widget's value; a number may have been typed as text, a name with spaces around it."""
    value = st.session_state[row.key]
    if row.is_float:
        return parse_value(value) if isinstance(value, str) else value
    return (value or "").strip() if row.typed else value


def draw(
    row: Setting, frozen: bool, options: Iterable[Any] | None = None, most: Number | None = None,
    values: Mapping[str, Any] | None = None, **more: Any,
) -> None:  # fmt: skip
    """options, most: where they depend on more than the row. values: for the options' labels. more: for Streamlit."""
    given: dict[str, Any] = {"key": row.key, "disabled": frozen} | more
    if row.help and "help" not in more:
        given["help"] = t(row.help)
    if other := follower(row):
        given["on_change"] = partial(bring, row, other)
    if row.widget in ("number", "slider"):
        _number(row, given, most)
        return
    given["format_func"] = partial(option_label, row, values or {})
    if row.typed:
        given["accept_new_options"] = True
    choose(KINDS[row.widget], t(row.label), offered(row) if options is None else options, **given)


def _number(row: Setting, given: dict[str, Any], most: Number | None) -> None:
    """As wide as it has to be for what a link brought."""
    low, high = bounds(row, most)
    if row.widget == "slider":
        choose("slider", t(row.label), low, high, **given)
    else:
        form = f"%{row.number}" if row.number else None
        choose("number_input", t(row.label), low, high, format=form, step=row.step, **given)


def bounds(row: Setting, most: Number | None = None) -> tuple[Number, Number]:
    """The least and the most that the widget of a number lets in: as far as a link went, too."""
    (low, high), value = row.range, st.session_state[row.key]
    return min(low, value), max(high if most is None else most, value)


def offered(row: Setting) -> list[Any]:
    """The names to choose from; steps with the present value among them, in the row's direction."""
    if not row.steps:
        return list(row.options)
    falling = row.steps[0] > row.steps[-1]
    return sorted({*row.steps, st.session_state[row.key]}, key=str if row.typed else None, reverse=falling)


def option_label(row: Setting, values: Mapping[str, Any], option: Any) -> str:
    """In the viewer's words; the plain name of what the catalogue does not know."""
    if "{}" in row.option:
        return named(row.option.format(option), option, **values)
    if row.option:
        return t(row.option, **{row.key: option})
    return f"{option:{row.number}}" if row.number and isinstance(option, float) else str(option)


def bring(row: Setting, other: Setting) -> None:
    """A callback: with another value of `row`, `other` begins at its default."""
    state = st.session_state
    state[other.key] = other.value(ExperimentConfig(**{row.field: state[row.key]}))
