"""Tables of words and numbers that were made into words."""

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import streamlit as st


def text_table(rows: Sequence[dict[str, str]]) -> None:
    """One row a dict; a cell nobody filled stays empty.

    Arrow is what Streamlit sends: the way through pandas took most of the time in which a live page is drawn again.
    """
    st.table(in_arrow(tuple(tuple(row.items()) for row in rows)), hide_index=True)


@lru_cache(maxsize=128)
def in_arrow(rows: tuple[tuple[tuple[str, str], ...], ...]) -> pa.Table:
    """Made once for all who see the same words: Arrow lets other threads in, and a class then waits in turn."""
    columns = dict.fromkeys(name for row in rows for name, _ in row)
    cells = [dict(row) for row in rows]
    return pa.table({name: [row.get(name, "") for row in cells] for name in columns})
