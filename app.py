"""FDA-OPT Lab: what every page shares. Start it with `streamlit run app.py`."""

import streamlit as st

from fda_core.support import assets
from ui.frame import style, tour
from ui.frame.chart_library import publish_chart_library
from ui.frame.chrome import chrome
from ui.frame.heading import heading
from ui.frame.onward import onward
from ui.frame.pages import pages
from ui.state import address
from ui.state.session import runner
from ui.state.viewing import settle
from ui.text.i18n import t
from ui.text.problems import said

strange = settle()
st.set_page_config(page_title=t("app.title"), page_icon="📡", layout="wide")
style.dress()
# A refresh or a link brings the run's id; from then on the session knows it, whatever page it is on.
st.session_state.setdefault("run", st.query_params.get("run"))
runner()
publish_chart_library()
page = st.navigation(pages(), position="top")
name = page.url_path or "story"
address.begin(name, strange)
chrome(name)
tour.band(name)
notes = st.container()
heading(name)
if problem := assets.problem():
    st.warning(t("app.no_assets", problem=said(problem)))
page.run()
onward(name)
st.caption(t("app.credits"))
with notes:
    address.note()
