"""To production: what changes in a Flower app, what runs where, what travels, and what to settle before."""

from ui.state.session import require_app
from ui.views.production import production_page

require_app()
production_page.page()
