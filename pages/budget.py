"""Network budget: time, money and the break-even on the user's own network."""

from ui.state.session import require_app
from ui.views.budget import budget_page

require_app()
budget_page.page()
