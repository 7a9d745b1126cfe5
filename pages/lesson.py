"""Lesson: a guided tour, three lesson plans, a quiz."""

from ui import lesson
from ui.session import require_app

require_app()
lesson.page()
