"""Sentences that stand in records of runs, in English as they were written: which message was it, with which values?

Only texts out of records are read like this; an error that has just happened brings its id. What no template of the
catalogue fits (an older version's words, another program's) is shown as it is.
"""

from functools import cache
from typing import NamedTuple

from fda_core.support.messages import Message, english, pieces
from ui.text.i18n import plain
from ui.text.problems import catalogue
from ui.text.viewer import viewing

LONGEST = 2000  # characters; a longer text is somebody else's
DEEPEST = 3  # a line of a record: its settings: what is allowed
MESSAGES = ("reason", "allowed", "kind")  # values that are messages themselves
PARTS = ("allowed.", "part.", "system.")  # ids of what only stands within a sentence


class Written(str):
    """A value as it was written: no format changes it any more."""

    def __format__(self, form: str) -> str:
        return str(self)

    __repr__ = str.__str__


class Template(NamedTuple):
    """fixed: the text around the values, one more piece than there are `names`."""

    id: str
    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def values(self, text: str) -> dict[str, str] | None:
        """What stands in the placeholders, each as short as can be; None if the text is another sentence.

        Every piece is looked for from the left once: no text takes long, whoever wrote it.
        """
        first, last = self.fixed[0], self.fixed[-1]
        if not self.names:
            return {} if text == first else None
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last) and len(first) <= end):
            return None
        found, begin = [], len(first)
        for piece in self.fixed[1:-1]:
            if (place := text.find(piece, begin, end)) < 0:
                return None
            found.append(text[begin:place])
            begin = place + len(piece)
        pairs = list(zip(self.names, [*found, text[begin:end]], strict=True))
        values = dict(pairs)
        return values if all(values[name] == value for name, value in pairs) else None


def recorded(text: str) -> str:
    """The message of a run or a lane for Streamlit's Markdown, in the viewer's language."""
    language = viewing().language
    message = None if language == "en" else read_back(text)
    return plain(text if message is None else message.text(catalogue(language)))


def read_back(text: str, depth: int = 0) -> Message | None:
    """The message with this English sentence; None where there is none. depth: above 0 within another message."""
    if len(text) > LONGEST:
        return None
    whole = text.removesuffix(".")
    for template in templates(parts=depth > 0):
        if (found := template.values(whole)) is not None:
            return Message(template.id, **{name: value_of(name, text, depth) for name, text in found.items()})
    return None


def value_of(name: str, text: str, depth: int) -> Message | str:
    """A value read back, itself a message where its name says so; otherwise, or too deep, as it was written."""
    inner = read_back(text, depth + 1) if name in MESSAGES and depth < DEEPEST else None
    return Written(text) if inner is None else inner


@cache
def templates(parts: bool) -> tuple[Template, ...]:
    """Those with more text of their own first. parts: also what only stands within a sentence."""
    found = [template(id, text) for id, text in english().items() if parts or not id.startswith(PARTS)]
    return tuple(sorted(found, key=lambda one: -sum(map(len, one.fixed))))


def template(id: str, text: str) -> Template:
    """The sentence taken apart, without its full stop; one that ends in a value has an empty last piece."""
    inside = pieces(text.removesuffix("."))
    names = tuple(name for _, name, *_ in inside if name is not None)
    fixed = tuple(text for text, *_ in inside)
    return Template(id, fixed if len(fixed) > len(names) else (*fixed, ""), names)
