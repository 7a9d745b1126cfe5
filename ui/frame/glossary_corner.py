"""The glossary's button in the corner of every page, and the term that the address asks for."""

import streamlit as st

from ui.components.glossary_box import glossary_box
from ui.state import address
from ui.text.glossary import entries, terms
from ui.text.i18n import t
from ui.text.viewer import viewing


def corner() -> None:
    """Draws the button; a term that there is not is named and left out of the address."""
    asked = st.query_params.get("term", "")
    if asked and asked not in terms():
        address.refuse("term", asked)
        address.put("term", "")
        asked = ""
    glossary_box(
        entries(), key="glossary", language=viewing().language, label=t("glossary.title"), close=t("glossary.close"),
        more=t("glossary.more"), opened=asked,
    )  # fmt: skip
