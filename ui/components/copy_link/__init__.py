"""A button that copies the page's address as it is in the moment it is pressed.

What Python knows of the address is older: a fragment changes it while the page around it is not drawn again.
"""

from pathlib import Path

import streamlit as st

from ui.components import plain

_mount = st.components.v2.component(
    "fda_copy_link", js=Path(__file__).with_name("link.js").read_text(encoding="utf-8"), isolate_styles=False
)


def copy_link(*, key: str, label: str, copied: str, hidden: str) -> None:
    """label: on the button; copied: instead of it for a moment afterwards; hidden: what `?hide=` says, may be empty."""
    _mount(key=key, data=plain({"label": label, "copied": copied, "hidden": hidden}))
