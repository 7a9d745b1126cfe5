"""Every visible sentence, by key: `t("race.start")`. A catalogue is one TOML file a language, beside this file.

A key with `__manager` at its end is the same sentence for somebody who wants no symbols.
"""

import os
import re
import tomllib
from collections.abc import Iterable
from functools import cache, reduce
from pathlib import Path

from fda_core.runs.store import runs_folder
from ui.text.viewer import viewing

FOLDER = Path(__file__).parent / "catalogue"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language under dotted keys."""
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}


def t(key: str, **values) -> str:
    """The sentence `key` in the viewer's language, with its values filled in; in the manager's wording if it has one.

    Raises KeyError for an unknown key: a defect, not a user error.
    """
    viewer = viewing()
    texts = catalogue(viewer.language)
    plain_words = texts.get(f"{key}__manager") if viewer.depth == "manager" else None
    return (plain_words or texts[key]).format(**values)


def named(key: str, name: str, **values) -> str:
    """The sentence `key`, or the plain name of something registered that the catalogue has no words for."""
    return t(key, **values) if key in catalogue(viewing().language) else name


def listed(parts: Iterable[str], key: str = "count.list") -> str:
    """Parts of a sentence one after the other, with between them what the language writes there."""
    return reduce(lambda some, more: t(key, some=some, more=more), parts)


def together(sentences: Iterable[str]) -> str:
    """A paragraph. Japanese leaves no gap between sentences, but after bold ones Markdown needs it."""
    if viewing().language != "ja":
        return " ".join(sentences)
    return "".join(f"{words} " if words.endswith("*") else words for words in sentences).rstrip(" ")


# Invisible, and no line breaks there: it parts what Streamlit would make a link, a smiley or an icon of.
JOINER = "\u2060"


def plain(text: str) -> str:
    """Text from outside for Streamlit's Markdown, which then makes no picture, link, list or formula of it.

    Paths into the folder of runs begin there: where that lies is nobody's business in a browser.
    """
    root = str(runs_folder())
    text = " ".join(text.replace(f"{root}{os.sep}", "").replace(root, Path(root).name).split())
    text = re.sub(r"([\\\[\]<>$*`#~|&]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    text = re.sub(r"^([-+=]|\d+(?=[.)]))", rf"{JOINER}\1", text)
    text = re.sub(r":(?=[-+\w/])", f":{JOINER}", text)
    return re.sub(r"@|\bwww(?=\.)", rf"\g<0>{JOINER}", text, flags=re.IGNORECASE)


def in_chart(text: str) -> str:
    """Text from outside for Plotly, which makes letters of entities, links of tags, and numbers of `%{…}`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", f"%{JOINER}{{")
