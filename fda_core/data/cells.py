"""One cell of somebody's file as text: what counts as empty, and which characters nobody sees."""

import datetime
import decimal
import re
import unicodedata

from fda_core.support.characters import visible

NOTHING = ("", "nan", "<na>", "#n/a")  # what a program writes for a cell without a value, in lower case
# Beginning and end of a cell: white space, and marks of width, direction and byte order that stand for nothing there.
EDGE = "\\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
EDGES = re.compile(f"^[{EDGE}]+|[{EDGE}]+$")


def cell(value: object) -> str | None:
    """A cell as text; "" for one without a value or with nothing to be seen; None for what is no text."""
    match value:
        case str():
            return stripped(value.replace("\0", " ").encode("utf-8", "replace").decode())
        case None:
            return ""
        case bool() | int() | datetime.date() | datetime.time() | decimal.Decimal():
            # `str` of a date that is none says so (NaT), and a whole number of thousands of digits has no `str`
            return "" if value != value else number(value) if isinstance(value, int) else str(value)
        case float():
            if value != value:
                return ""
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    return None


def number(value: int) -> str | None:
    """None for a number of so many digits that Python does not write it."""
    try:
        return str(value)
    except ValueError:
        return None


def one_spelling(text: str) -> str:
    """A label's or a site's name in one spelling: signs composed, one space between words, nothing in them unseen."""
    return " ".join(UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())


def key_of(text: str) -> str:
    """What a text has in common with those that a reader takes for the same: width, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def stripped(text: str) -> str:
    """Without what is not seen at its ends; "" where nothing is seen at all, as of zero-width spaces."""
    text = EDGES.sub("", text)
    return text if visible(text) else ""
