"""The glossary: terms as data, their meanings from the catalogues, and links to them in sentences."""

import re
import tomllib
from functools import cache
from pathlib import Path

from ui.text.i18n import t
from ui.text.viewer import engineer, viewing

FILE = Path(__file__).with_name("glossary.toml")
# What a sentence may hold besides plain words, and what stays as it is: code, and links that are there already.
KEPT = r"`[^`]*`|\[[^\]]*\]\([^)]*\)"


@cache
def terms() -> dict[str, dict[str, str]]:
    """By id, in their order: formula and place."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def entries() -> list[dict[str, str]]:
    """All terms as this viewer reads them; formulas and places are for engineers."""
    return [
        {"id": id, "name": t(f"glossary.{id}"), "text": t(f"glossary.{id}_means"), **(about if engineer() else {})}
        for id, about in terms().items()
    ]


def marked(sentence: str) -> str:
    """Markdown in which the first mention of every term leads to the glossary."""
    pattern, ids = matcher(viewing().language)
    met = set()

    def link(found: re.Match) -> str:
        """The word as a link to its term; as it stands if it was linked already, or is code or a link itself."""
        word = found[0]
        id = ids.get(word.lower())
        if id is None or id in met:
            return word
        met.add(id)
        return f"[{word}](#term-{id})"

    return pattern.sub(link, sentence)


@cache
def matcher(language: str) -> tuple[re.Pattern, dict[str, str]]:
    """What finds the terms' words in a sentence, and whose they are; longer words go before the shorter in them.

    Words that touch an asterisk stay as they are: a bracket there would end Markdown's bold.
    """
    ids = {form.lower(): id for id in terms() for form in t(f"glossary.{id}_forms").split("|")}
    forms = "|".join(map(re.escape, sorted(ids, key=len, reverse=True)))
    # Japanese has no gaps between its words.
    edges = (r"(?<![*\w-])", r"(?![*\w-])") if language != "ja" else (r"(?<!\*)", r"(?!\*)")
    return re.compile(f"{KEPT}|{edges[0]}(?:{forms}){edges[1]}", re.IGNORECASE), ids
