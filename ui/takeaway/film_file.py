"""The moving Story as one HTML file that plays without a server and without a network."""

import json
from pathlib import Path

from jinja2 import Environment

from ui.components.timeline_player import SCRIPT, STYLE
from ui.shared.moving_timeline import drawn
from ui.shared.story import Story
from ui.shared.story_words import beyond, sentences
from ui.takeaway.origin import bold_parts, origin, settings
from ui.text.i18n import t
from ui.text.viewer import viewing

TEMPLATE = Path(__file__).with_name("film.html")
# The player is a module that exports what is to be called. A script within a page can only call by name.
EXPORTED, NAMED = "export default function (", "function play("


def film(story: Story) -> str:
    """The page: title, player with the run's data, the story's sentences, and what run it is."""
    page = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    run = story.run
    return page.render(
        language=viewing().language, title=t("heading.story"), no_script=t("take.no_script"), style=STYLE,
        script=player(), data=in_page(drawn(story)),
        sentences=[bold_parts(sentence) for sentence in sentences(story)],
        notes=[origin(run), settings(run.config), beyond(run)],
    )  # fmt: skip


def player() -> str:
    """The player's script without its comments, which are for who changes it."""
    lines = [line for line in SCRIPT.splitlines() if not line.lstrip().startswith("//")]
    return "\n".join(lines).replace(EXPORTED, NAMED)


def in_page(data: dict) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
