"""Heterogeneity: who has which labels, and what that did to variance, rounds and results."""

from ui.state.session import require_app
from ui.views.heterogeneity import heterogeneity_page

require_app()
heterogeneity_page.page()
