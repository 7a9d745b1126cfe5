"""Schedules: FedOpt with many E beside FDA-OPT."""

from ui.state.session import require_app
from ui.views.schedules import schedules_page

require_app()
schedules_page.page()
