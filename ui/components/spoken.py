"""Words that are read out: Markdown is for the eye."""

import re


def spoken(markdown: str) -> str:
    """Without the signs of emphasis, code, icons and links; what they stand around stays."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r":material/\w+:\s*", "", text)
    return re.sub(r"\*\*|__|`", "", text)
