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
from fda_core.support.messages import Message, because

MOST_BYTES = 200_000_000  # the browser's limit is a smaller one, the server's
MOST_ROWS, MOST_COLUMNS = 200_000, 200
LONGEST_NAME = 60  # characters of a column's name: longer ones are texts in a file without a first line of names
SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# What a file of another kind begins with.
OTHERS = {
    b"PK\x03\x04": Message("part.excel"), b"\xd0\xcf\x11\xe0": Message("part.old_excel"),
    b"\x1f\x8b": Message("part.gzip"), b"BZh": Message("part.bzip2"), b"%PDF": Message("part.pdf"),
    b"\x89PNG": Message("part.picture"),
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
            raise too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise TableError("data.file_not_read", path=path, reason=because(error)) from None
    return read(data, path.name)


def read(data: bytes, name: str) -> Sheet:
    """The bytes of a file called `name`. Raises `TableError`."""
    if len(data) > MOST_BYTES:
        raise too_large(name)
    if not data.strip():
        raise TableError("data.file_empty", name=name)
    suffix = Path(name).suffix.lower()
    if data.startswith(PARQUET) or suffix == ".parquet":
        sheet = Sheet(parquet(data, name), "Parquet")
    else:
        if suffix not in SUFFIXES:
            raise TableError("data.unknown_kind", name=name, suffixes=", ".join(SUFFIXES))
        text, encoding = decoded(data, name)
        sheet = Sheet(of_json(text, name) if suffix in (".json", ".jsonl") else of_csv(text, name), encoding)
    return Sheet(checked(sheet.frame, name), sheet.encoding)


def too_large(name: str) -> TableError:
    """Of a file with too many bytes."""
    return TableError("data.too_large", name=name, most=MOST_BYTES / 1e6)


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text, and the name of its encoding. CP932 is taken for one only where Japanese comes out of it."""
    if kind := next((kind for magic, kind in OTHERS.items() if data.startswith(magic)), None):
        raise TableError("data.other_kind", name=name, kind=kind)
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
            raise TableError("data.nul_bytes", name=name)
        if encoding != "cp932" or (KANA.search(text) and not OWN_USE.search(text)):
            return text, shown
    raise TableError("data.encoding", name=name)


def of_csv(text: str, name: str) -> pd.DataFrame:
    """Cells as text, exactly as they stand; the separator is the one that parts the first line into most columns."""
    first = next(filter(None, map(str.strip, io.StringIO(text[:1_000_000]))), "")
    if max(map(first.count, SEPARATORS)) >= 2 * MOST_COLUMNS:
        raise too_many_columns(name)
    try:
        heads = {sep: csv(text, sep, nrows=1) for sep in SEPARATORS}
        separator = max(heads, key=lambda sep: heads[sep].shape[1])
        if heads[separator].shape[1] < 2:
            raise TableError("data.one_column", name=name)
        frame = csv(text, separator, nrows=MOST_ROWS + 2)
    except pd.errors.EmptyDataError:
        raise TableError("data.no_columns", name=name) from None
    except pd.errors.ParserError as error:
        raise csv_trouble(name, str(error)) from None
    names = frame.iloc[0].tolist()
    return frame.iloc[1:].set_axis(named(names), axis=1).reset_index(drop=True)


def csv(text: str, separator: str, nrows: int) -> pd.DataFrame:
    """Without a header, so that the first line decides how many columns there are; a longer line is an error."""
    return pd.read_csv(
        io.StringIO(text), sep=separator, header=None, nrows=nrows, dtype=str, keep_default_na=False, na_filter=False
    )


def csv_trouble(name: str, message: str) -> TableError:
    """What the CSV parser's words mean: the line, and what to do."""
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        expected, line, seen = found.groups()
        return TableError("data.cells", name=name, seen=seen, line=line, expected=expected)
    if found := re.search(r"EOF inside string starting at row (\d+)", message):
        return TableError("data.open_quote", name=name, line=int(found[1]) + 1)
    return TableError("data.no_csv", name=name)


def named(names: list) -> list[str]:
    """A column without a name is called by its number."""
    return [str(name).strip() or f"column {place}" for place, name in enumerate(names, 1)]


def of_json(text: str, name: str) -> pd.DataFrame:
    """A list of objects, or one object a line."""
    if text.count("{") > 5 * MOST_ROWS:
        raise too_many_rows(name)
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise TableError("data.no_json", name=name) from None
    if not all(isinstance(row, dict) for row in rows):
        raise TableError("data.no_objects", name=name)
    if len({key for row in rows for key in row}) > MOST_COLUMNS:
        raise too_many_columns(name)
    return pd.DataFrame(rows, dtype=object)


def parquet(data: bytes, name: str) -> pd.DataFrame:
    """Cells as Python's values, read in pieces: a small file cannot unfold into too much. Raises `TableError`."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MOST_ROWS:
            raise too_many_rows(name)
        if len(file.schema_arrow) > MOST_COLUMNS:
            raise too_many_columns(name)
        batches, size = [], 0
        for batch in file.iter_batches(batch_size=BATCH):
            size += batch.nbytes
            if size > MOST_BYTES:
                raise too_large(name)
            batches.append(batch)
        table = pyarrow.Table.from_batches(batches, file.schema_arrow)
        columns = {i: pd.Series(column.to_pylist(), dtype=object) for i, column in enumerate(table.columns)}
    except (pyarrow.ArrowException, OSError, ValueError):
        raise TableError("data.no_parquet", name=name) from None
    return pd.DataFrame(columns, dtype=object).set_axis(named(table.column_names), axis=1)


def checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The same with its columns' names as text. Raises `TableError` for too much, no rows, or names that are no use."""
    columns = list(map(str, frame.columns))
    if len(columns) > MOST_COLUMNS:
        raise too_many_columns(name)
    if len(frame) > MOST_ROWS:
        raise too_many_rows(name)
    if any(len(column) > LONGEST_NAME for column in columns):
        raise TableError("data.long_column_name", name=name, most=LONGEST_NAME)
    if twice := next((column for column in columns if columns.count(column) > 1), None):
        raise TableError("data.same_columns", name=name, column=twice)
    if frame.empty:
        raise TableError("data.no_rows", name=name)
    return frame.set_axis(columns, axis=1)


def too_many_rows(name: str) -> TableError:
    """Of a file with too many rows."""
    return TableError("data.too_many_rows", name=name, most=MOST_ROWS)


def too_many_columns(name: str) -> TableError:
    """Of a file with too many columns."""
    return TableError("data.too_many_columns", name=name, most=MOST_COLUMNS)
