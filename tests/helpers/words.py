"""Sentences of a page as they are read."""

import re

from ui.text.i18n import catalogue


def unlinked(markdown: str) -> str:
    """Without the links to the glossary."""
    return re.sub(r"\[([^\]]*)\]\(#term-\w+\)", r"\1", markdown)


def says(sentence: str, *keys: str, language: str = "ja", **known: str) -> bool:
    """Whether these sentences of the catalogue stand in the text in this order, with the known values or any others."""

    def value(found: re.Match) -> str:
        return re.escape(known[found[1]]) if found[1] in known else ".+?"

    patterns = [re.sub(r"\\{(\w+)\\}", value, re.escape(catalogue(language)[key])) for key in keys]
    return re.search(".*?".join(patterns), sentence, re.DOTALL) is not None
