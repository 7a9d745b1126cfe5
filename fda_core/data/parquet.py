"""Parquet as a table whose columns are read one by one, when they are asked for, and in bounded memory.

A small file may unfold into anything. Sizes are known before anything is unpacked, and texts are read as dictionary and
places in it, so that a text is in memory once however often it occurs.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fda_core.data.sheet import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_ROWS,
    TableError,
    named,
    too_large,
    too_many_columns,
    too_many_rows,
)  # fmt: skip

if TYPE_CHECKING:  # a second to import, for nothing but these names
    import pyarrow
    from pyarrow.parquet import ParquetFile

MARK = b"PAR1"
BATCH = 4096  # rows decoded at a time


@dataclass(frozen=True)
class ParquetSheet:
    """A `Sheet` of a Parquet file called `name`. Raises `TableError` where it is none, or too large."""

    data: bytes
    name: str
    encoding: str = "Parquet"
    named_by_line: bool = False

    def __post_init__(self) -> None:
        metadata = self.file.metadata
        if metadata.num_rows > MOST_ROWS:
            raise too_many_rows(self.name)
        if len(self.schema) > MOST_COLUMNS:
            raise too_many_columns(self.name)
        if not metadata.num_rows:
            raise TableError("data.no_rows", name=self.name)
        named(self.schema.names, self.name)

    @cached_property
    def file(self) -> "ParquetFile":
        """Texts are read as dictionaries: asked for by their paths, which are only known once it is open."""
        import pyarrow
        from pyarrow.parquet import ParquetFile

        try:
            schema = ParquetFile(io.BytesIO(self.data)).schema
            leaves = map(schema.column, range(len(schema)))
            texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
            return ParquetFile(io.BytesIO(self.data), read_dictionary=texts)
        except (pyarrow.ArrowException, OSError, ValueError):
            raise TableError("data.no_parquet", name=self.name) from None

    @cached_property
    def schema(self) -> "pyarrow.Schema":
        """Of Arrow. Raises `TableError`."""
        try:
            return self.file.schema_arrow
        except (ArithmeticError, LookupError, OSError, ValueError):  # Arrow's errors are some of these
            raise TableError("data.no_parquet", name=self.name) from None

    @property
    def names(self) -> list[str]:
        """Of the columns, in their order."""
        return named(self.schema.names, self.name)

    def head(self, rows: int) -> pd.DataFrame:
        """The first rows of every column; None in one that cannot be read, which only matters once it is chosen."""
        found: dict[str, list[object]] = {}
        for name in self.names:
            try:
                found[name] = list(islice(chain.from_iterable(self.pieces(name, rows)), rows))
            except TableError:
                found[name] = []
        places = range(min(rows, self.file.metadata.num_rows))
        columns = {name: pd.Series(cells or [None] * len(places), places, object) for name, cells in found.items()}
        return pd.DataFrame(columns)

    def column(self, name: str) -> list[object]:
        """All cells of a column, as Python's values. Raises `TableError`."""
        return [cell for piece in self.pieces(name, BATCH) for cell in piece]

    def pieces(self, name: str, rows: int) -> Iterator[list[object]]:
        """A column's cells, some rows at a time. Raises `TableError` for cells that are none, or too large together."""
        import pyarrow

        place = self.names.index(name)
        theirs = self.schema.field(place)
        if not one_value(theirs.type):
            raise TableError("data.no_cells", column=name)
        leaf = next(i for i in range(len(self.file.schema)) if self.file.schema.column(i).path == theirs.name)
        groups = range(self.file.metadata.num_row_groups)
        if sum(self.file.metadata.row_group(i).column(leaf).total_uncompressed_size for i in groups) > MOST_BYTES:
            raise too_large(self.name)
        size = 0
        try:
            for batch in self.file.iter_batches(batch_size=rows, columns=[theirs.name]):
                array = batch.column(0)
                size += bytes_of(array)
                if size > MOST_BYTES:
                    raise too_large(self.name)
                yield values(array)
        except TableError:
            raise
        except (pyarrow.ArrowException, ArithmeticError, LookupError, OSError, ValueError):
            raise TableError("data.cells_not_read", column=name) from None


def one_value(kind: "pyarrow.DataType") -> bool:
    """Whether cells of this type are texts, numbers, dates or truth values."""
    from pyarrow import BaseExtensionType, types

    if isinstance(kind, BaseExtensionType):
        return one_value(kind.storage_type)
    if types.is_dictionary(kind):
        return one_value(kind.value_type)
    return not (types.is_nested(kind) or is_bytes(kind) or types.is_duration(kind) or types.is_interval(kind))


def is_bytes(kind: "pyarrow.DataType") -> bool:
    """Whether cells of this type are bytes that nobody calls a text."""
    from pyarrow import types

    return any(test(kind) for test in (
        types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary,
    ))  # fmt: skip


def bytes_of(array: "pyarrow.Array") -> int:
    """What the cells come to, each counted as often as it stands there and a dictionary's rest not at all."""
    import pyarrow
    from pyarrow import compute

    if not pyarrow.types.is_dictionary(array.type) or not pyarrow.types.is_string(array.type.value_type):
        return array.nbytes if not pyarrow.types.is_dictionary(array.type) else array.indices.nbytes
    lengths = compute.binary_length(array.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
    places = array.indices.drop_null().to_numpy(zero_copy_only=False)
    return int(lengths[places].sum(dtype=np.int64)) if len(lengths) else 0


def values(array: "pyarrow.Array") -> list[object]:
    """Cells as Python's values; those of a dictionary are shared and not copied."""
    import pyarrow

    if not pyarrow.types.is_dictionary(array.type):
        return array.to_pylist()
    used = array.indices.unique().drop_null()
    words = dict(zip(used.to_pylist(), array.dictionary.take(used).to_pylist(), strict=True))
    return [None if place is None else words[place] for place in array.indices.to_pylist()]
