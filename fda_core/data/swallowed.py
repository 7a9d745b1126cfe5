"""Rows that a lost quote has swallowed: the lines of one quoted cell that may be rows by themselves."""

import csv
import re
from collections.abc import Sequence
from itertools import chain

import pandas as pd

DATE = re.compile(r"\d[\d\s:/.,T+-]{4,}")  # or a time, or both
MOSTLY = 0.5  # of a column's cells: those whose value occurs again, where the column holds labels


def labels_of(frame: pd.DataFrame) -> list[set[str]]:
    """For each column its values, names of columns left out; none for a column of texts or dates."""
    return [values(frame[i].iloc[1:].str.rstrip()) for i in frame]


def values(cells: pd.Series) -> set[str]:
    """The different ones, if most of the cells repeat one another."""
    filled = cells[cells.ne("")]
    dated = filled.str.fullmatch(DATE).sum()
    repeated = filled.duplicated(keep=False).sum()
    return set(filled) if repeated > MOSTLY * len(filled) >= dated else set()


def rows_inside(lines: Sequence[str], separator: str, spaced: bool, labels: list[set[str]]) -> bool:
    """Whether the lines of one row could be a row each, by what stands outside of the cell that goes over them.

    They could if each has the cells for it, and whatever then stands in a column of labels is one of these. A quote
    that was lost at the end of a text leaves a first line with all that follows the text; one that was lost at the
    beginning leaves a last line with all that comes before. A text with a separator is quoted, so that between the two
    there is none. spaced: separators are followed by spaces. labels: of `labels_of`.
    """
    width = len(labels)

    def parts(text: str) -> list[str]:
        return [cell.lstrip(" ") if spaced else cell for cell in text.split(separator)]

    first, *between, last = [line for line in lines if line.strip()]
    *before, begun = cells_of(first, separator, spaced)
    ended, *after = cells_of(f'"{last}', separator, spaced)
    opening, closing = len(before), width - 1 - len(after)
    head, tail = parts(begun), parts(ended)
    inner = list(map(parts, between))
    if len(head) < width - opening or len(tail) <= closing or any(len(cells) != width for cells in inner):
        return False
    spaces = spaced or any(label.startswith(" ") for label in chain(*labels))
    if not spaces and any(cell.startswith(" ") for cells in [*inner, tail[: closing + 1]] for cell in cells[1:]):
        return False  # prose: here no separator between cells has a space after it
    rows = [{opening + 1 + i: cell for i, cell in enumerate(head[len(head) - (width - 1 - opening) :])}]
    rows += [dict(enumerate(cells)) for cells in [*inner, tail[:closing]]]
    said = [(labels[i], cell.rstrip()) for row in rows for i, cell in row.items() if labels[i] and cell.strip()]
    return bool(said) and all(cell in known for known, cell in said)


def cells_of(line: str, separator: str, spaced: bool) -> list[str]:
    """Cells of one line, of which the last may be open."""
    return next(csv.reader([line], delimiter=separator, skipinitialspace=spaced))
