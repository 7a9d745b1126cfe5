"""Race: both methods fine-tune the same encoder, loss against bytes, live."""

from ui import race
from ui.session import require_app

require_app()
race.page()
