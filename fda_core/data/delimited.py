"""Text with a separator as a table: CSV and TSV, quoted or not, decided by looking at the whole file.

The standard's way of quoting (RFC 4180) comes first and strictly. Others are only taken where every row then has as
many cells as the header, and nothing is taken that can be read in two ways.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pandas as pd

from fda_core.data.sheet import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, TableError, named, too_many_columns, too_many_rows
from fda_core.data.swallowed import labels_of, rows_inside

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST_NAME = 60  # characters of a column's name: longer ones are texts in a file without a first line of names
MOST_SEPARATORS = 1_000_000  # in one line
FEW = 50  # different labels
PIECE = 5000  # rows
OWN_USE = range(0xE000, 0xF8FF)  # characters that stand in for others while the file is parsed
UNQUOTED: dict[str, Any] = {"quoting": csv.QUOTE_NONE}
csv.field_size_limit(MOST_BYTES)


@dataclass
class Trouble(Exception):
    """Where a way of reading fails; id: of the message."""

    line: int
    id: str
    seen: int = 0
    expected: int = 0


@dataclass(frozen=True)
class Reading:
    """A way of reading under which every row has the header's number of cells.

    spans: the rows that go over several lines, as (first line, last line). spaced, escaped: separators are followed by
    spaces, quotes within texts by backslashes escaped.
    """

    separator: str
    frame: pd.DataFrame
    spans: list[tuple[int, int]]
    spaced: bool = False
    escaped: bool = False

    @property
    def header(self) -> list[str]:
        """The first row."""
        return self.frame.iloc[0].tolist()


def of_csv(text: str, name: str) -> pd.DataFrame:
    """Cells as text, exactly as they stand. Raises `TableError`, with the line that cannot be read."""
    text, separators = declared(one_end(text))
    first = next(filter(None, map(str.strip, io.StringIO(text[:1_000_000]))), "")
    if not first:
        raise TableError("data.no_columns", name=name)
    if max(map(first.count, SEPARATORS)) >= 2 * MOST_COLUMNS:
        raise too_many_columns(name)
    readings: list[Reading] = []
    troubles: list[Trouble] = []
    for separator in separators:
        try:
            readings += filter(None, [best(text, separator, name)])
        except Trouble as trouble:
            troubles.append(trouble)
    if readings:
        frame = likeliest(readings, name).frame
    elif troubles:
        worst = max(troubles, key=lambda trouble: trouble.line)
        raise TableError(worst.id, name=name, line=worst.line, seen=worst.seen, expected=worst.expected)
    else:
        raise TableError("data.one_column", name=name)
    names = named(frame.iloc[0], name)
    if any(len(column) > LONGEST_NAME for column in names):
        raise TableError("data.long_column_name", name=name, most=LONGEST_NAME)
    return frame.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)


def declared(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with an empty first line where that said, for Excel, which the separator is; the ones to try."""
    if found := re.match(r'"?sep=([,;\t])"?(?=[\r\n])', text, re.IGNORECASE):
        return text[found.end() :], (found[1],)
    return text, tuple(SEPARATORS)


def one_end(text: str) -> str:
    """With the line end that the file uses, where all of them have been doubled by a program, or one is of another
    kind: after the names, or at the end."""
    doubled, feeds = text.count("\r\r\n"), text.count("\n")
    if doubled and doubled == feeds:
        return text.replace("\r\r\n", "\r\n")
    return text.replace("\r\n", "\n").replace("\r", "\n") if feeds == 1 < text.count("\r") else text


def best(text: str, separator: str, name: str) -> Reading | None:
    """With this separator; None where it parts nothing. Raises `Trouble` with the strict reading, `TableError`."""
    # Two quotes within a quoted cell are one of its text, and no cell's beginning.
    spaced = {"skipinitialspace": True} if re.search(f'{separator} +"(?!"(?!"))', text) else {}
    ways: list[dict[str, Any]] = [spaced, {}] if spaced else [{}]
    first: Trouble | None = None
    for way in ways:
        try:
            return unequivocal(text, read_as(text, separator, name, way), name)
        except Trouble as trouble:
            first = first or trouble
    assert first
    if '\\"' in text:
        try:
            return unequivocal(text, read_as(text, separator, name, {}, escaped=True), name)
        except Trouble:
            pass
    try:
        plain = read_as(text, separator, name, UNQUOTED)
    except Trouble:
        raise first from None
    if plain is None:
        return None
    if quoted([plain.frame[i].tolist() for i in plain.frame]) or any(map(both_ways, labels_of(plain.frame))):
        raise first
    return plain


def read_as(text: str, separator: str, name: str, way: dict[str, Any], escaped: bool = False) -> Reading | None:
    """All rows; way: settings of Python's parser; escaped: a backslash before a quote makes it part of the text.

    None where the header is one cell. Raises `Trouble` at the first row that is not as the header is.
    """
    text, back = standing_in(text, escaped)
    rows = parsed(text, separator, way)
    head = next(rows, None)
    if head is None or len(head[2]) < 2:
        return None
    if len(head[2]) > MOST_COLUMNS:
        raise too_many_columns(name)
    spans: list[tuple[int, int]] = []
    pieces, count = [], 0
    everything = chain([head], rows)
    while piece := list(islice(everything, PIECE)):
        count += len(piece)
        if count > MOST_ROWS + 1:
            raise too_many_rows(name)
        spans += [(start, end) for start, end, _ in piece if end > start]
        cells = [[value.translate(back) for value in row] if back else row for *_, row in piece]
        pieces.append(pd.DataFrame(cells, dtype=str))
    if count < 2:
        raise TableError("data.no_rows", name=name)
    frame = pd.concat(pieces, ignore_index=True)
    return Reading(separator, frame, spans, way.get("skipinitialspace", False), escaped)


def standing_in(text: str, escaped: bool) -> tuple[str, dict[int, str]]:
    """The text without the characters that the parser would misunderstand, and what each stand-in stands for.

    A carriage return by itself ends a line only in a file that has no line feeds.
    """
    free = (chr(code) for code in OWN_USE if chr(code) not in text)
    back = {}
    if "\n" in text and re.search("\r(?!\n)", text):
        mark = next(free)
        text, back[ord(mark)] = re.sub("\r(?!\n)", mark, text), "\r"
    if escaped:
        sign = next(free)
        # An odd number of backslashes: the last belongs to the quote, the others stand for half as many.
        text = re.sub(r'\\+"', lambda found: unescaped(found[0], sign), text)
        back[ord(sign)] = '"'
    return text, back


def unescaped(found: str, sign: str) -> str:
    """Backslashes and a quote, without escapes."""
    count = len(found) - 1
    return "\\" * (count // 2) + (sign if count % 2 else '"')


def parsed(text: str, separator: str, way: dict[str, Any]) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of each row that has any. Raises `Trouble`."""
    reader = csv.reader(short_lines(text, separator), delimiter=separator, strict=True, **way)
    expected = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            open_end = "unexpected end" in str(error)
            raise Trouble(line, "data.open_quote" if open_end else "data.stray_quote") from None
        if not any(map(str.strip, cells)) and (len(cells) < 2 or not expected):
            continue  # commas alone are a row, but no names
        expected = expected or len(cells)
        if len(cells) != expected:
            raise Trouble(line, "data.cells", len(cells), expected)
        yield line, reader.line_num, cells


def short_lines(text: str, separator: str) -> Iterator[str]:
    """Line by line. Raises `Trouble` for one that would become a list of millions of cells."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > MOST_SEPARATORS and (count := line.count(separator)) > MOST_SEPARATORS:
            raise Trouble(number, "data.cells", count + 1, 0)
        yield line


def unequivocal(text: str, reading: Reading | None, name: str) -> Reading | None:
    """The same. Raises `TableError` where the lines within a quoted cell may be rows themselves.

    They are if each has the header's number of cells, and either nothing in the file says that anybody quotes, or what
    stands outside of the quoted cell's beginning and end is a label that its column has elsewhere.
    """
    if reading is None or not reading.spans:
        return reading
    width = reading.frame.shape[1]
    lines = text_lines(text, reading.escaped)
    cells = [next(csv.reader([line], delimiter=reading.separator, **UNQUOTED)) for line in lines if line.strip()]
    if all(len(row) == width for row in cells) and not quoted(list(map(list, zip(*cells, strict=True)))):
        raise TableError("data.two_ways", name=name, line=reading.spans[0][0], end=reading.spans[0][1])
    labels = labels_of(reading.frame)
    for start, end in reading.spans:
        if rows_inside(lines[start - 1 : end], reading.separator, reading.spaced, labels):
            raise TableError("data.two_ways", name=name, line=start, end=end)
    return reading


def text_lines(text: str, escaped: bool) -> list[str]:
    """The lines as the parser counts them, without their ends."""
    return [line.rstrip("\r\n") for line in io.StringIO(standing_in(text, escaped)[0], newline="")]


def quoted(columns: list[list[str]]) -> bool:
    """Whether cells that were read without regard to quotes, header first, show that somebody did mean them as such."""
    for column in columns:
        cells = [cell.strip() for cell in column[1:] if cell.strip()]
        within = [cell[1:-1] for cell in cells if wrapped(cell)]
        if 2 * len(within) > len(cells) or any(not cell or '""' in cell or '\\"' in cell for cell in within):
            return True
    return False


def both_ways(labels: set[str]) -> bool:
    """Whether one of them also stands in quotes: it would be two labels."""
    return len(labels) <= FEW and any(wrapped(label) and label[1:-1] in labels for label in labels)


def wrapped(cell: str) -> bool:
    """Whether a quote stands at either end."""
    return len(cell) > 1 and cell[0] == cell[-1] == '"'


def likeliest(readings: list[Reading], name: str) -> Reading:
    """The one with tabs in a file that is called so, else the one with most columns; a name of a column never holds one
    bracket of two. Raises `TableError` for a tie."""
    if name.lower().endswith(".tsv") and (tabs := [one for one in readings if one.separator == "\t"]):
        return tabs[0]
    whole = [reading for reading in readings if all(map(balanced, reading.header))] or readings
    most = max(len(reading.header) for reading in whole)
    found = [reading for reading in whole if len(reading.header) == most]
    if len(found) > 1:
        raise TableError("data.two_separators", name=name)
    return found[0]


def balanced(cell: str) -> bool:
    """Whether every bracket and every quote has its other half."""
    return (
        all(cell.count(left) == cell.count(right) for left, right in ("()", "[]", "{}", "（）"))
        and not cell.count('"') % 2
    )
