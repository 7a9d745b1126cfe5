"""Heterogeneity: who has which labels, and what that did to variance, rounds and results."""

from ui import heterogeneity
from ui.session import require_app

require_app()
heterogeneity.page()
