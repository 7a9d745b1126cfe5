"""Sentences of a page as they are read."""

import re


def unlinked(markdown: str) -> str:
    """Without the links to the glossary."""
    return re.sub(r"\[([^\]]*)\]\(#term-\w+\)", r"\1", markdown)
