"""The terminal, and how numbers are written in its tables."""

import codecs
import sys
import unicodedata
from collections.abc import Callable

from rich.console import Console

from fda_core.cost.estimate import Span

console = Console()
PLAIN = {
    "≤": "<=",
    "≥": ">=",
    "α": "alpha",
    "Θ": "Theta",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
    "·": "-",
    "→": "->",
}


def write_anything() -> None:
    """Lets this process print every text: a terminal, pipe or file of another encoding gets the nearest it has."""
    codecs.register_error("nearest", nearest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nearest")


def nearest(error: UnicodeError) -> tuple[str, int]:
    """For `codecs`: what stands for the characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(map(spelled, missing)), error.end


def spelled(char: str) -> str:
    """A character in ASCII: its usual spelling, itself without accents, or a question mark."""
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return PLAIN.get(char) or plain or "?"


def megabytes(count: float) -> str:
    """Decimal megabytes: 1 MB = 1,000,000 bytes."""
    return f"{count / 1e6:.1f}"


def minutes(seconds: float) -> str:
    """Seconds in minutes, with one decimal."""
    return f"{seconds / 60:.1f}"


def span(value: Span, show: Callable[[float], str]) -> str:
    """Likely, and at most in brackets where that looks different."""
    likely, most = show(value.likely), show(value.most)
    return likely if likely == most else f"{likely} (≤ {most})"
