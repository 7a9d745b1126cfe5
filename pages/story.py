"""Story: why bytes are the bill, moving."""

from ui.state.session import require_app
from ui.views.story import story_page

require_app()
story_page.page()
