"""Story: why bytes are the bill, in three sentences."""

import streamlit as st

from ui.i18n import t
from ui.session import keep_address, require_app

require_app()
keep_address(None)
st.header(t("story.title"))
for sentence in ("story.one", "story.two", "story.three"):
    st.markdown(t(sentence))
st.caption(t("story.source"))
if st.button(t("story.run"), type="primary", icon=":material/sports_score:", help=t("story.run_help")):
    st.switch_page("pages/race.py")
