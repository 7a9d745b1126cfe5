"""Evidence: claims, published runs, our runs, verdicts."""

from ui.state.session import require_app
from ui.views.evidence import evidence_page

require_app()
evidence_page.page()
