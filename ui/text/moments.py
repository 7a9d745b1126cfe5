"""A moment as a reader sees it: by the clock of their own time zone, and which that is. Exports have UTC."""

from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def zone() -> tzinfo:
    """The browser's; UTC where it says none, or one that is not known here."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return UTC
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ValueError, OSError, KeyError):  # no name of a zone, or none of those on this machine
        return UTC


def zone_name() -> str:
    """As a list says it whose moments may lie in summer and in winter: Asia/Tokyo, UTC."""
    return str(zone())


def moment(when: datetime, where: tzinfo | None = None) -> str:
    """To the minute: 2026-11-27 09:00 JST. where: the reader's zone, if no other. A time that names no zone is UTC."""
    known = when if when.tzinfo else when.replace(tzinfo=UTC)
    with suppress(OverflowError):  # outside the calendar there: as it stands
        known = known.astimezone(where or zone())
    name = known.tzname() or ""
    return f"{known:%Y-%m-%d %H:%M} {f'UTC{name}' if name[:1] in ('+', '-') else name}"
