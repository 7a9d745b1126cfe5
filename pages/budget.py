"""Network budget: time, money and the break-even on the user's own network."""

from ui import budget
from ui.session import require_app

require_app()
budget.page()
