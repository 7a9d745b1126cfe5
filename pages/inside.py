"""Inside a round: variance climbs towards Θ, somebody decides, the model travels."""

from ui import inside
from ui.session import require_app

require_app()
inside.page()
