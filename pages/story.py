"""Story: why bytes are the bill, moving."""

from ui import story
from ui.session import require_app

require_app()
story.page()
