"""Reads a table that somebody brings: CSV, TSV, JSON, JSON lines or Parquet, from bytes that may be anything.

Python's csv and json and pyarrow parse; what is here are the limits, and one sentence for whatever is wrong. No
sentence quotes a cell: texts stay out of logs and screens. Names of columns are what the first line says.
"""

from pathlib import Path

from fda_core.data.delimited import of_csv
from fda_core.data.encodings import decoded
from fda_core.data.json_rows import is_json, of_json
from fda_core.data.parquet import MARK, ParquetSheet
from fda_core.data.sheet import MOST_BYTES, Sheet, TableError, too_large
from fda_core.support.messages import because

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet")
AnySheet = Sheet | ParquetSheet


def read_file(path: Path) -> AnySheet:
    """A file of this machine. Raises `TableError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise TableError("data.file_not_read", path=path, reason=because(error)) from None
    return read(data, path.name)


def read(data: bytes, name: str) -> AnySheet:
    """The bytes of a file called `name`. Raises `TableError`."""
    if len(data) > MOST_BYTES:
        raise too_large(name)
    if not data.strip():
        raise TableError("data.file_empty", name=name)
    suffix = Path(name).suffix.lower()
    if data.startswith(MARK) or suffix == ".parquet":
        return ParquetSheet(data, name)
    if suffix not in SUFFIXES:
        raise TableError("data.unknown_kind", name=name, suffixes=", ".join(SUFFIXES))
    text, encoding = decoded(data, name)
    if not text.strip():
        raise TableError("data.file_empty", name=name)
    keyed = suffix in (".json", ".jsonl") or is_json(text)
    frame = of_json(text, name) if keyed else of_csv(text, name)
    if frame.empty:
        raise TableError("data.no_rows", name=name)
    return Sheet(frame, encoding, named_by_line=not keyed)
