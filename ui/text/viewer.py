"""Who reads: in which language, and in how much depth. What a viewer chooses is settled in ui/state/viewing.py."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES = {"ja": "日本語", "en": "English"}
DEPTHS = ("manager", "engineer")
DEFAULT_LANGUAGE, DEFAULT_DEPTH = "en", "engineer"  # of who is no viewer: exports, tests of sentences
YEN = 150.0  # for a dollar, until a viewer says what it is today
FIRST_DEPTH = "FDA_OPT_LAB_DEPTH"  # in the environment: the depth every viewer begins with


class Viewing(NamedTuple):
    """language: a key of `LANGUAGES`; depth: one of `DEPTHS`; yen: for a dollar, where prices are said in yen."""

    language: str = DEFAULT_LANGUAGE
    depth: str = DEFAULT_DEPTH
    yen: float = YEN


def first_depth() -> str:
    """The manager's, unless who runs the server has set another one."""
    word = os.environ.get(FIRST_DEPTH, "")
    return word if word in DEPTHS else DEPTHS[0]


_fixed: ContextVar[Viewing | None] = ContextVar("viewing", default=None)


def viewing() -> Viewing:
    """This viewer's; the defaults where there is no viewer, in tests and other threads."""
    if fixed := _fixed.get():
        return fixed
    if get_script_run_ctx(suppress_warning=True) is None:
        return Viewing()
    return st.session_state.get("viewing") or Viewing()


@contextmanager
def reading(language: str = DEFAULT_LANGUAGE, depth: str = DEFAULT_DEPTH, yen: float = YEN) -> Iterator[None]:
    """As somebody who reads so: for what is made after a page was drawn, a download, and for tests of sentences."""
    token = _fixed.set(Viewing(language, depth, yen))
    try:
        yield
    finally:
        _fixed.reset(token)


def engineer() -> bool:
    """Whether this viewer is shown formulas and technical detail too."""
    return viewing().depth == "engineer"
