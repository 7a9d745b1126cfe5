"""The app's own style rules, all of them; everything else is Streamlit's theme. Names in them are keys of widgets."""

import re
from collections.abc import Iterable

import streamlit as st

KEY = re.compile(r"[a-z][a-z0-9_]{0,30}")
# Streamlit leaves a fifth of a 720-pixel projector picture empty above the page, and its header empty on the right.
PAGE = """
.stMainBlockContainer { padding-top: 4.2rem; padding-bottom: 2rem; }
@media (min-width: 900px) {
  .st-key-chrome { position: fixed; top: 0.6rem; right: 1rem; width: auto; z-index: 999991; }
  [data-testid="stToolbar"] { padding-right: 7.5rem; }
}
"""


def dress() -> None:
    """Once a page, before anything else."""
    st.html(f"<style>{PAGE}</style>")


def language(code: str) -> None:
    """Japanese breaks its lines between phrases, not within words."""
    if code == "ja":
        st.html("<style>.stApp { line-break: strict; word-break: auto-phrase; }</style>")


def hide(keys: Iterable[str]) -> None:
    """Elements with these keys are not shown."""
    rule(keys, "display: none")


def outline(keys: Iterable[str]) -> None:
    """Elements with these keys are framed, to be found."""
    rule(keys, "outline: 3px solid #D55E00; outline-offset: 4px; border-radius: 8px")


def rule(keys: Iterable[str], words: str) -> None:
    """Keys that are no names of ours are left out: they may come from an address."""
    if names := [f".st-key-{key}" for key in keys if KEY.fullmatch(key)]:
        st.html(f"<style>{', '.join(names)} {{ {words}; }}</style>")
