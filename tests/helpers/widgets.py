"""Widgets of a page that is tested without a browser."""

import re
from collections.abc import Iterable
from typing import Any

from ui.state.choice import PART
from ui.text.viewer import DEPTHS, LANGUAGES


def chosen_in(widgets: Iterable[Any], key: str) -> Any:
    """The widget in which the choice `key` is made, whoever reads and whichever turn of it (ui/state/choice.py) is
    drawn. Raises KeyError where there is none.
    """
    ours = rf"{re.escape(key + PART)}({'|'.join(LANGUAGES)})-({'|'.join(DEPTHS)})(-\d+)?"
    for widget in widgets:
        if re.fullmatch(ours, widget.key or ""):
            return widget
    raise KeyError(key)
