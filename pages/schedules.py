"""Schedules: FedOpt with many E beside FDA-OPT."""

from ui import schedules
from ui.session import require_app

require_app()
schedules.page()
