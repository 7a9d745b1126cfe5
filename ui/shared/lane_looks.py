"""A lane keeps its colour, dash and marker in every chart and in the moving story."""

import streamlit as st

DASHES = ("dash", "dot", "solid", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


def palette() -> list[str]:
    """The lanes' colours; they stand in the theme and nowhere else."""
    return st.get_option("theme.chartCategoricalColors")


def look(i: int, palette: list[str]) -> tuple[str, str, str]:
    """Colour, dash and marker of the lane that is number `i` (from 0) in its run."""
    # The second time round the palette every colour meets another dash and marker.
    turn = i + i // len(DASHES)
    return palette[i % len(palette)], DASHES[turn % len(DASHES)], MARKERS[turn % len(MARKERS)]
