"""Browser components, each a folder with its JavaScript."""

from collections.abc import Mapping
from typing import Any


def plain(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a script gets as its only entry. In a mapping Streamlit looks for data frames, and imports pandas for it:
    a third of the time of the first page."""
    return [data]
