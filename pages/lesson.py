"""Lesson: a guided tour, three lesson plans, a quiz."""

from ui.state.session import require_app
from ui.views.lesson import lesson_page

require_app()
lesson_page.page()
