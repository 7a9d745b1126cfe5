"""Θ to be moved by hand over a round that was recorded, in the browser alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from ui.components import plain

_mount = st.components.v2.component(
    "fda_theta_slider", js=Path(__file__).with_name("slider.js").read_text(encoding="utf-8"), isolate_styles=False
)


def theta_slider(
    estimates: Sequence[float], *, key: str, view: str, chart: str, theta: float, most: int, model: int, check: int,
    label: str, words: Mapping[str, str], language: str,
) -> None:  # fmt: skip
    """estimates: v̂ after each local epoch. most: M. model, check: bytes of a synchronisation and of one check.

    view: names the round; a new name takes back what the reader moved. chart: key of the chart whose first level line
    and first note are Θ; label: the note, with {value}. words: label, and what follows, `passed`, `cap` or `beyond`.
    """
    highest = 1.15 * max(*estimates, theta)
    _mount(
        key=key,
        data=plain({
            "estimates": list(estimates), "view": view, "chart": chart, "theta": theta, "highest": highest,
            "most": most, "model": model, "check": check, "label": label, "words": dict(words), "language": language,
        }),
    )  # fmt: skip
