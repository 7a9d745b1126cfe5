"""A file's table before anybody has said which column is what, and the limits of such tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fda_core.data.cells import stripped
from fda_core.support.errors import LabError

if TYPE_CHECKING:  # a second to import, which no page needs that only names a table
    import pandas as pd

MOST_BYTES = 200_000_000  # of a file, and of a column's cells; the browser's limit is a smaller one, the server's
MOST_ROWS, MOST_COLUMNS = 200_000, 200


class TableError(LabError):
    """A table that cannot be used; the text says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Sheet:
    """frame: one column a name, cells as they were read. encoding: how its text was stored, as people call it.
    named_by_line: whether the names are the first line, whatever stands there."""

    frame: "pd.DataFrame"
    encoding: str
    named_by_line: bool = False

    @property
    def names(self) -> list[str]:
        """Of the columns, in their order."""
        return list(self.frame.columns)

    def head(self, rows: int) -> "pd.DataFrame":
        """The first rows of every column."""
        return self.frame.head(rows)

    def column(self, name: str) -> list[object]:
        """All cells of a column."""
        return self.frame[name].tolist()


def named(names: Iterable[object], file: str) -> list[str]:
    """Names of columns as text; one without a name is called by its number. Raises `TableError` for what is no use."""
    found = [stripped(str(name).encode("utf-8", "replace").decode()) for name in names]
    if len(found) > MOST_COLUMNS:
        raise too_many_columns(file)
    found = [name or f"column {place}" for place, name in enumerate(found, 1)]
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise TableError("data.same_columns", name=file, column=twice)
    return found


def too_large(name: str) -> TableError:
    """Of a file with too many bytes."""
    return TableError("data.too_large", name=name, most=MOST_BYTES / 1e6)


def too_many_rows(name: str) -> TableError:
    """Of a file with too many rows."""
    return TableError("data.too_many_rows", name=name, most=MOST_ROWS)


def too_many_columns(name: str) -> TableError:
    """Of a file with too many columns."""
    return TableError("data.too_many_columns", name=name, most=MOST_COLUMNS)
