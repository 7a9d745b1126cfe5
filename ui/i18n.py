"""Every visible sentence, by key: `t("race.start")`. A catalogue is one TOML file a language, beside this file."""

import re
import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "catalogue"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language under dotted keys."""
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}


def t(key: str, language: str = "en", **values) -> str:
    """The sentence `key` with its values filled in. Raises KeyError for an unknown key: a defect, not a user error."""
    return catalogue(language)[key].format(**values)


def plain(text: str) -> str:
    """Text from outside for Streamlit's Markdown, which then makes no picture, link or formula of it."""
    return re.sub(r"([\\\[\]<>$*`])", r"\\\1", text)
