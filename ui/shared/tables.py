"""Tables of words and numbers that were made into words."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st


def text_table(rows: Sequence[dict[str, str]]) -> None:
    """One row a dict; a cell nobody filled stays empty.

    Arrow is what Streamlit sends: the way through pandas took most of the time in which a live page is drawn again.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    st.table(pa.table({name: [row.get(name, "") for row in rows] for name in columns}), hide_index=True)
