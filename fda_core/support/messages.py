"""Sentences as data: an id and its values. Which words they become is looked up in a catalogue of one language.

`messages.en.toml` beside this file has the English ones, and says how each value is written (`{count:,}`): numbers look
the same in every language. A catalogue of another language has the same ids and the bare names of the values.
"""

import errno
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Catalogue = Mapping[str, str]
FORMATTER = string.Formatter()


def flat(file: Path) -> dict[str, str]:
    """The texts of a catalogue under dotted ids, `table.key`."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


@cache
def english() -> dict[str, str]:
    """The core's own catalogue."""
    return flat(Path(__file__).with_name("messages.en.toml"))


@cache
def pieces(text: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    """Literal text, then the name of a value with its format and its conversion, or None: as `string.Formatter`."""
    return tuple(FORMATTER.parse(text))


class Message:
    """A sentence, or a part of one that stands in another message's values. Without an id it says nothing."""

    def __init__(self, id: str = "", /, **values: Any):
        self.id, self.values = id, values

    def __str__(self) -> str:
        return self.text(english())

    def text(self, catalogue: Catalogue, nested: bool = False) -> str:
        """In the language of the catalogue; nested: without the full stop, which the sentence around it has.

        Raises KeyError for an unknown id or a missing value: a defect, not a user error.
        """
        if not self.id:
            return ""
        words = {
            name: self._word(name, form or "", conversion, catalogue)
            for _, name, form, conversion in pieces(english()[self.id])
            if name
        }
        said = "".join(text + (words[name] if name else "") for text, name, *_ in pieces(catalogue[self.id]))
        return said.removesuffix(".").removesuffix("。") if nested else said

    def _word(self, name: str, form: str, conversion: str | None, catalogue: Catalogue) -> str:
        value = self.values[name]
        if isinstance(value, Message):
            return value.text(catalogue, nested=True)
        return format(FORMATTER.convert_field(value, conversion), form)


class Printable(Message):
    """A message that holds words of a record, which may be anything: as one printable line of at most so much."""

    def __init__(self, message: Message, most: int = 500):
        super().__init__(message.id, **message.values)
        self.most = most

    def text(self, catalogue: Catalogue, nested: bool = False) -> str:
        """On one line, what cannot be printed as question marks; nested: without the full stop."""
        text = super().text(catalogue)
        line = "".join(char if char.isprintable() else "?" for char in text[: self.most])
        if len(text) > self.most:
            return f"{line}…"
        return line.removesuffix(".").removesuffix("。") if nested else line


def unexpected(error: Exception) -> str:
    """What a record says of a run that ended by an error nobody foresaw."""
    return str(Message("support.unexpected", error=type(error).__name__, text=error))


def because(error: OSError) -> Message | str:
    """What the operating system says: a message where the catalogue has this sentence, its own words elsewhere."""
    known = f"system.{errno.errorcode.get(error.errno or 0, '')}"
    return Message(known) if english().get(known, "") == error.strerror else str(error.strerror)
