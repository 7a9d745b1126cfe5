"""JSON as tables: a list of objects, or one object a line."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from fda_core.data.sheet import MOST_COLUMNS, MOST_ROWS, TableError, named, too_many_columns, too_many_rows

HALF = re.compile("[\ud800-\udfff]")
SPACE = " \t\r\n"  # what JSON allows between values; a string may hold any other end of a line


class SameKey(ValueError):
    """An object names a value twice: one of the two would be lost."""


def is_json(text: str) -> bool:
    """Whether a text of unknown kind is JSON: no line of names begins so."""
    return bool(re.match(r'\s*(\[\s*)?\{\s*"(\\.|[^"\\])*"\s*:', text))


def of_json(text: str, name: str) -> pd.DataFrame:
    """Raises `TableError`, with the line where that is known."""
    if one_object(text):
        raise TableError("data.one_object", name=name)
    rows, keys = [], dict[str, None]()
    for line, row in listed(text, name) if text.lstrip(SPACE).startswith("[") else lines(text, name):
        if not isinstance(row, dict):
            raise TableError("data.no_objects", name=name, line=line)
        rows.append(row)
        keys |= dict.fromkeys(row)
        if len(rows) > MOST_ROWS:
            raise too_many_rows(name)
        if len(keys) > MOST_COLUMNS:
            raise too_many_columns(name)
    if len(keys) == 1:
        raise TableError("data.one_key", name=name)
    columns = {place: pd.Series([whole(row.get(key)) for row in rows], dtype=object) for place, key in enumerate(keys)}
    return pd.DataFrame(columns, dtype=object).set_axis(named(keys, name), axis=1)


def one_object(text: str) -> bool:
    """Whether all of it is a single object that holds columns by their names, or rows within something else."""
    try:
        found = json.loads(text) if text.lstrip(SPACE).startswith("{") else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and any(isinstance(value, dict | list) for value in found.values())


def whole(value: Any) -> Any:
    """The same, with a mark for every half of a character: half an emoji, of a text that was cut."""
    return HALF.sub("\ufffd", value) if isinstance(value, str) else value


def lines(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Line by line; a string within JSON never holds a line feed or a carriage return as such."""
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if line.strip(SPACE):
            yield number, value(line.strip(SPACE), name, number)


def value(line: str, name: str, number: int) -> Any:
    """One line's value. Raises `TableError`."""
    try:
        return json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise trouble(name, number, error) from None


def listed(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """The values of a list one by one: what comes after the last allowed row is never unfolded."""
    decoder = json.JSONDecoder(object_pairs_hook=unique)
    place, line, counted = after_space(text, 0) + 1, 1, 0
    while (place := after_space(text, place)) < len(text) and text[place] != "]":
        line, counted = line + text.count("\n", counted, place), place
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise trouble(name, line, error) from None
        yield line, found
        place = after_space(text, place)
        if text[place : place + 1] == ",":
            place = after_space(text, place + 1)
            if text[place : place + 1] in ("]", ""):
                raise trouble(name, line, None)
        elif text[place : place + 1] != "]":
            raise trouble(name, line, None)
    if place >= len(text) or after_space(text, place + 1) < len(text):
        raise trouble(name, line, None)


def after_space(text: str, place: int) -> int:
    """The next place that is not white space."""
    while place < len(text) and text[place] in SPACE:
        place += 1
    return place


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these pairs. Raises `SameKey`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SameKey
    return found


def trouble(name: str, line: int, error: Exception | None) -> TableError:
    """What the parser's error means."""
    return TableError("data.same_keys" if isinstance(error, SameKey) else "data.no_json", name=name, line=line)
