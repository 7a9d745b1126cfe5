"""Reads a table that somebody brings: CSV, TSV, JSON, JSON lines or Parquet, from bytes that may be anything.

pandas and pyarrow parse; what is here are the limits, the encodings, and one sentence for whatever is wrong. No
sentence quotes a cell: texts stay out of logs and screens. Names of columns are what the first line says.
"""

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fda_core.support.errors import LabError

MOST_BYTES = 200_000_000  # the browser's limit is a smaller one, the server's
MOST_ROWS, MOST_COLUMNS = 200_000, 200
LONGEST_NAME = 60  # characters of a column's name: longer ones are texts in a file without a first line of names
SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# What a file of another kind begins with.
OTHERS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive", b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive", b"BZh": "a bzip2 archive", b"%PDF": "a PDF", b"\x89PNG": "a picture",
}  # fmt: skip
PARQUET = b"PAR1"
BATCH = 256  # rows of a Parquet file decoded at a time: small on disk, they may be large in memory
KANA, OWN_USE = re.compile("[\u3041-\u30fe]"), re.compile("[\ue000-\uf8ff]")


class TableError(LabError):
    """A table that cannot be used; the text says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Sheet:
    """frame: one column a name, cells as they were read. encoding: how its text was stored, as people call it."""

    frame: pd.DataFrame
    encoding: str


def read_file(path: Path) -> Sheet:
    """A file of this machine. Raises `TableError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TableError(f"{path.name} {too_large()}")
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror}): give the path of a CSV file.") from None
    return read(data, path.name)


def read(data: bytes, name: str) -> Sheet:
    """The bytes of a file called `name`. Raises `TableError`."""
    if len(data) > MOST_BYTES:
        raise TableError(f"{name} {too_large()}")
    if not data.strip():
        raise TableError(f"{name} is empty: choose a file with a line of column names and a line for each example.")
    suffix = Path(name).suffix.lower()
    if data.startswith(PARQUET) or suffix == ".parquet":
        sheet = Sheet(parquet(data, name), "Parquet")
    else:
        if suffix not in SUFFIXES:
            raise TableError(f"{name} is of no kind that is read here: choose one of {', '.join(SUFFIXES)}.")
        text, encoding = decoded(data, name)
        sheet = Sheet(of_json(text, name) if suffix in (".json", ".jsonl") else of_csv(text, name), encoding)
    return Sheet(checked(sheet.frame, name), sheet.encoding)


def too_large() -> str:
    """The end of a sentence about a file with too many bytes."""
    return f"has more than {MOST_BYTES / 1e6:,.0f} MB: choose a smaller file, or a part of it."


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text, and the name of its encoding. CP932 is taken for one only where Japanese comes out of it."""
    if kind := next((kind for magic, kind in OTHERS.items() if data.startswith(magic)), None):
        raise TableError(f"{name} is {kind}, not a table in text: open it and save it as CSV (UTF-8).")
    for mark, encoding, shown in (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"), (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"),
        (b"", "utf-8", "UTF-8"), (b"", "cp932", "Shift-JIS (CP932)"),
    ):  # fmt: skip
        if not data.startswith(mark):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise TableError(f"{name} contains NUL bytes, so it is not a table in text: save it as CSV (UTF-8).")
        if encoding != "cp932" or (KANA.search(text) and not OWN_USE.search(text)):
            return text, shown
    raise TableError(f"{name} is neither in UTF-8 nor in UTF-16 or Shift-JIS: save it as CSV (UTF-8).")


def of_csv(text: str, name: str) -> pd.DataFrame:
    """Cells as text, exactly as they stand; the separator is the one that parts the first line into most columns."""
    first = next(filter(None, map(str.strip, io.StringIO(text[:1_000_000]))), "")
    if max(map(first.count, SEPARATORS)) >= 2 * MOST_COLUMNS:
        raise TableError(f"{name} {too_many_columns()}")
    try:
        heads = {sep: csv(text, sep, nrows=1) for sep in SEPARATORS}
        separator = max(heads, key=lambda sep: heads[sep].shape[1])
        if heads[separator].shape[1] < 2:
            raise TableError(f"{name} has one column only: part columns by comma, semicolon or tab.")
        frame = csv(text, separator, nrows=MOST_ROWS + 2)
    except pd.errors.EmptyDataError:
        raise TableError(f"{name} is empty: choose a file with a line of column names.") from None
    except pd.errors.ParserError as error:
        raise TableError(f"{name} {csv_trouble(str(error))}") from None
    names = frame.iloc[0].tolist()
    return frame.iloc[1:].set_axis(named(names), axis=1).reset_index(drop=True)


def csv(text: str, separator: str, nrows: int) -> pd.DataFrame:
    """Without a header, so that the first line decides how many columns there are; a longer line is an error."""
    return pd.read_csv(
        io.StringIO(text), sep=separator, header=None, nrows=nrows, dtype=str, keep_default_na=False, na_filter=False
    )


def csv_trouble(message: str) -> str:
    """What the CSV parser's words mean, as the end of a sentence with the line and what to do."""
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        expected, line, seen = found.groups()
        return f"has {seen} cells in line {line} and {expected} columns: put texts with a separator into quotes."
    if found := re.search(r"EOF inside string starting at row (\d+)", message):
        return f"has a quote in line {int(found[1]) + 1} that is never closed: close it, or double quotes within texts."
    return "is not a table in text that can be read: save it as CSV (UTF-8)."


def named(names: list) -> list[str]:
    """A column without a name is called by its number."""
    return [str(name).strip() or f"column {place}" for place, name in enumerate(names, 1)]


def of_json(text: str, name: str) -> pd.DataFrame:
    """A list of objects, or one object a line."""
    if text.count("{") > 5 * MOST_ROWS:
        raise TableError(f"{name} {too_many_rows()}")
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise TableError(f"{name} is not valid JSON: write a list of objects, or one object a line.") from None
    if not all(isinstance(row, dict) for row in rows):
        raise TableError(f"{name} holds something else than objects: write a list of objects, or one object a line.")
    if len({key for row in rows for key in row}) > MOST_COLUMNS:
        raise TableError(f"{name} {too_many_columns()}")
    return pd.DataFrame(rows, dtype=object)


def parquet(data: bytes, name: str) -> pd.DataFrame:
    """Cells as Python's values, read in pieces: a small file cannot unfold into too much. Raises `TableError`."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MOST_ROWS:
            raise TableError(f"{name} {too_many_rows()}")
        if len(file.schema_arrow) > MOST_COLUMNS:
            raise TableError(f"{name} {too_many_columns()}")
        batches, size = [], 0
        for batch in file.iter_batches(batch_size=BATCH):
            size += batch.nbytes
            if size > MOST_BYTES:
                raise TableError(f"{name} {too_large()}")
            batches.append(batch)
        table = pyarrow.Table.from_batches(batches, file.schema_arrow)
        columns = {i: pd.Series(column.to_pylist(), dtype=object) for i, column in enumerate(table.columns)}
    except (pyarrow.ArrowException, OSError, ValueError):
        raise TableError(f"{name} is not a Parquet file, or a damaged one: write it again.") from None
    return pd.DataFrame(columns, dtype=object).set_axis(named(table.column_names), axis=1)


def checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The same with its columns' names as text. Raises `TableError` for too much, no rows, or names that are no use."""
    columns = list(map(str, frame.columns))
    if len(columns) > MOST_COLUMNS:
        raise TableError(f"{name} {too_many_columns()}")
    if len(frame) > MOST_ROWS:
        raise TableError(f"{name} {too_many_rows()}")
    if any(len(column) > LONGEST_NAME for column in columns):
        raise TableError(
            f"{name} has a column whose name is longer than {LONGEST_NAME} characters: the first line must hold names."
        )
    if twice := next((column for column in columns if columns.count(column) > 1), None):
        raise TableError(f"{name} has several columns called {twice!r}: give each a name of its own.")
    if frame.empty:
        raise TableError(f"{name} has column names and no rows: choose a file with a line for each example.")
    return frame.set_axis(columns, axis=1)


def too_many_rows() -> str:
    """The end of a sentence about a file with too many rows."""
    return f"has more than {MOST_ROWS:,} rows: choose a smaller file, or a part of it."


def too_many_columns() -> str:
    """The end of a sentence about a file with too many columns."""
    return f"has more than {MOST_COLUMNS} columns: keep those with text, label and site."
