"""Inside a round: variance climbs towards Θ, somebody decides, the model travels."""

from ui.state.session import require_app
from ui.views.inside import inside_page

require_app()
inside_page.page()
