"""Runs: what was run, side by side, over seeds, and to take away."""

from ui import runs
from ui.session import require_app

require_app()
runs.page()
