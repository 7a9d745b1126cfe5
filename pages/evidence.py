"""Evidence: claims, published runs, our runs, verdicts."""

from ui import evidence
from ui.session import require_app

require_app()
evidence.page()
