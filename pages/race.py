"""Race: both methods fine-tune the same encoder, loss against bytes, live."""

from ui.state.session import require_app
from ui.views.race import race_page

require_app()
race_page.page()
