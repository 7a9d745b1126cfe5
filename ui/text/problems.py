"""What the core's errors and messages say, in the viewer's language."""

from functools import cache

from fda_core.support import messages
from fda_core.support.messages import Catalogue, Message
from ui.text.i18n import FOLDER, plain
from ui.text.viewer import viewing


@cache
def catalogue(language: str) -> Catalogue:
    """The sentences of the core by their ids: `catalogue/messages.ja.toml`, and the core's own for English."""
    return messages.english() if language == "en" else messages.flat(FOLDER / f"messages.{language}.toml")


def said(problem: Message) -> str:
    """An error, or another message of the core, for Streamlit's Markdown."""
    return plain(problem.text(catalogue(viewing().language)))
