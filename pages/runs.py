"""Runs: what was run, side by side, over seeds, and to take away."""

from ui.state.session import require_app
from ui.views.runs import runs_page

require_app()
runs_page.page()
