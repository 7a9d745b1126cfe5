"""A table of somebody's own, as runs take it: texts that occur once, their labels, perhaps the client each belongs to.

Its names of columns are always the same and its digest is that of its content, so that two uploads of the same texts
are the same table whatever their files looked like. In a run's configuration stands the digest and nothing of the
content: a file without a line of column names would otherwise leave its first text there.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fda_core.data.cells import NOTHING, cell, key_of, one_spelling
from fda_core.data.sheet import TableError
from fda_core.settings.config import ExperimentConfig
from fda_core.support.messages import Message

if TYPE_CHECKING:  # a second to import, which no page needs that only names a table
    import pandas as pd

    from fda_core.data.reading import AnySheet

MOST_LABELS, MOST_CLIENTS = 50, 1000
FEWEST_ROWS, FEWEST_OF_A_LABEL, FEWEST_OF_A_CLIENT = 10, 2, 5
LONGEST_TEXT = 10_000  # characters; an encoder reads at most 512 tokens
LONGEST_VALUE = 60  # characters of a label's or a client's name
SCHEMA = ("text", "text_pair", "label", "client")
TEXTS = SCHEMA[:2]
LEFT_OUT = ("empty", "duplicates", "contradictions", "rare")  # the reasons, as `Notes` counts them


@dataclass(frozen=True)
class Columns:
    """Which columns of a file say what."""

    text: str
    label: str
    text_pair: str | None = None
    client: str | None = None

    def chosen(self) -> dict[str, str]:
        """Their names in the file by those in the table."""
        pairs = zip(SCHEMA, (self.text, self.text_pair, self.label, self.client), strict=True)
        return {ours: theirs for ours, theirs in pairs if theirs is not None}


@dataclass(frozen=True)
class Notes:
    """What was left out or changed, in rows; merged: values of the client column that share one client.

    rows: of the file.
    """

    rows: int = 0
    empty: int = 0
    duplicates: int = 0
    contradictions: int = 0
    rare: int = 0
    cut: int = 0
    merged: int = 0

    @classmethod
    def told(cls, rows: Mapping[str, int]) -> "Notes":
        """From a run's facts, which may say more than is known here."""
        return cls(**{known.name: rows[known.name] for known in fields(cls) if known.name in rows})

    def __add__(self, other: "Notes") -> "Notes":
        """Of both together."""
        return Notes(*(ours + theirs for ours, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def left_out(self) -> int:
        """Rows of the file that are not in the table."""
        return sum(getattr(self, reason) for reason in LEFT_OUT)


@dataclass(frozen=True)
class Table:
    """Rows with the columns `text` and `label`, perhaps `text_pair` and `client`, all text.

    A row whose client is empty belongs to the one that the small ones share.
    """

    frame: "pd.DataFrame"
    notes: Notes = field(default=Notes(), compare=False)

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels; numbers in their order, other names in the alphabet's."""
        return ordered(self.frame.label)

    @cached_property
    def clients(self) -> tuple[str, ...]:
        """Names of the clients, the shared one ("") last; empty where the table does not say."""
        if "client" not in self.frame:
            return ()
        found = ordered(self.frame.client[self.frame.client.ne("")])
        return (*found, "") if self.frame.client.eq("").any() else found

    @cached_property
    def label_numbers(self) -> np.ndarray:
        """[n] a number from 0 for each row."""
        return numbered(self.frame.label, self.labels)

    @cached_property
    def client_numbers(self) -> np.ndarray | None:
        """[n] a number from 0 for each row, None where the table has no clients."""
        return numbered(self.frame.client, self.clients) if self.clients else None

    @cached_property
    def sha256(self) -> str:
        """The digest of columns and cells in their order, whatever file they were read from."""
        digest = hashlib.sha256(json.dumps(list(self.frame.columns)).encode())
        for row in self.frame.itertuples(index=False):
            digest.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def to_parquet(self) -> bytes:
        """The rows as a file; `notes` are not part of it."""
        import pyarrow
        from pyarrow import parquet

        columns = {name: pyarrow.array(self.frame[name].tolist(), pyarrow.string()) for name in self.frame}
        out = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), out, compression="zstd")
        return out.getvalue()

    @classmethod
    def from_parquet(cls, data: bytes) -> "Table":
        """Raises `TableError` for what is no table of ours."""
        import pandas as pd
        import pyarrow
        from pyarrow import parquet

        try:
            read = parquet.read_table(io.BytesIO(data))
        except (pyarrow.ArrowException, OSError, ValueError):
            raise TableError("data.table_damaged") from None
        if not {"text", "label"} <= set(read.column_names) <= set(SCHEMA) or {*read.schema.types} != {pyarrow.string()}:
            raise TableError("data.table_damaged")
        columns = {name: pd.Series(read.column(name).to_pylist(), dtype=object) for name in read.column_names}
        return cls(pd.DataFrame(columns))


def ordered(values: "pd.Series") -> tuple[str, ...]:
    """The different values, in the order of numbers where all are whole numbers, else in the alphabet's."""
    found = set(values)
    return tuple(sorted(found, key=(lambda v: (int(v), v)) if all(map(is_whole, found)) else str))


def is_whole(value: str) -> bool:
    """Whether a text is a whole number, of at most 18 characters."""
    return value.removeprefix("-").isdecimal() and len(value) < 19


def numbered(values: "pd.Series", names: tuple[str, ...]) -> np.ndarray:
    """[n] each value's place among the names. Raises `KeyError` for one that is none of them."""
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[value] for value in values])


def normalise(sheet: "AnySheet", columns: Columns) -> Table:
    """The rows that can be trained on. Raises `TableError` where too little is left, or a column is of no use."""
    frame = chosen_cells(sheet, columns)
    names, rows = columns.chosen(), len(frame)
    counted = {"rows": rows}

    def keep(which: "pd.Series", reason: str) -> "pd.DataFrame":
        counted[reason] = len(frame) - int(which.sum())
        return frame[which]

    frame = keep(frame.ne("").all(axis=1), "empty")
    if sheet.named_by_line:
        check_names(frame, names)
    check_values(frame, names)
    frame, counted["cut"] = shortened(frame)
    # A text that occurs twice could stand in both splits; one with two labels says nothing.
    texts = [frame[name].map(key_of) + "\0" for name in TEXTS if name in frame]
    key = sum(texts[1:], texts[0]) if rows else frame.text
    frame = keep(frame.groupby(key).label.transform("nunique").eq(1), "contradictions")
    frame = keep(~key[frame.index].duplicated(), "duplicates")
    different = frame.label.nunique()
    frame = keep(frame.groupby("label").label.transform("size").ge(FEWEST_OF_A_LABEL), "rare")
    check_labels(frame, names["label"], different)
    check_rows(frame, names["label"])
    if "client" in frame:
        frame, counted["merged"] = with_clients(frame, names["client"])
    return accounted(Table(frame.reset_index(drop=True), Notes(**counted)))


def chosen_cells(sheet: "AnySheet", columns: Columns) -> "pd.DataFrame":
    """The columns under our names, cells as text, "" for those without a value. Raises `TableError`."""
    import pandas as pd

    chosen = columns.chosen()
    for theirs in chosen.values():
        if theirs not in sheet.names:
            raise TableError("data.no_column", column=theirs, columns=listed(sheet.names))
    if len(set(chosen.values())) < len(chosen):
        raise TableError("data.column_twice")
    return pd.DataFrame({ours: words(sheet.column(theirs), ours, theirs) for ours, theirs in chosen.items()})


def listed(names: list[str]) -> str:
    """Names of columns for a sentence."""
    return ", ".join(repr(short(name, LONGEST_VALUE)) for name in names[:20])


def words(cells: Iterable[object], ours: str, theirs: str) -> "pd.Series":
    """Cells as text, missing ones and those of labels and clients that say so "". Raises `TableError`."""
    import pandas as pd

    found = [cell(value) for value in cells]
    if None in found:
        raise TableError("data.no_cells", column=theirs)
    if ours not in TEXTS:
        found = ["" if value and value.lower() in NOTHING else one_spelling(value or "") for value in found]
    return pd.Series(found, dtype=object)


def check_names(frame: "pd.DataFrame", names: dict[str, str]) -> None:
    """Raises `TableError` where the names of the columns are a row: one of the labels, and of the sites if there are
    some, beside a text as long as others."""
    known = all(one_spelling(names[kind]) in set(frame[kind]) for kind in ("label", "client") if kind in frame)
    if known and len(names["text"]) >= frame.text.map(len).quantile(0.25):
        raise TableError("data.no_names")


def check_values(frame: "pd.DataFrame", names: dict[str, str]) -> None:
    """Raises `TableError` for labels or clients that are texts."""
    for name, kind in (("label", Message("part.label")), ("client", Message("part.site"))):
        if name in frame and frame[name].map(len).gt(LONGEST_VALUE).any():
            raise TableError("data.long_value", kind=kind, column=names[name], most=LONGEST_VALUE)


def shortened(frame: "pd.DataFrame") -> "tuple[pd.DataFrame, int]":
    """With no text longer than `LONGEST_TEXT`, and how many rows that concerns."""
    texts = [name for name in TEXTS if name in frame]
    long = frame[texts].map(len).gt(LONGEST_TEXT).any(axis=1)
    cut = {name: frame[name].map(lambda text: text[:LONGEST_TEXT].rstrip()) for name in texts}
    return frame.assign(**cut), int(long.sum())


def accounted(table: Table) -> Table:
    """The same. Raises `TableError` unless every row of the file is in the table or left out for one reason."""
    rows, left_out = table.notes.rows, table.notes.left_out
    if len(table) + left_out != rows:
        raise TableError("data.rows_lost", rows=rows, used=len(table), left_out=left_out)
    return table


def check_labels(frame: "pd.DataFrame", column: str, different: int) -> None:
    """Raises `TableError` for more labels than are taken; column: its name in the file; different: rare ones too."""
    count = frame.label.nunique()
    if count > MOST_LABELS or (len(frame) < FEWEST_ROWS and different > MOST_LABELS):
        raise TableError("data.too_many_labels", column=column, count=max(count, different), most=MOST_LABELS)


def check_rows(frame: "pd.DataFrame", column: str) -> None:
    """Raises `TableError` for too few rows, or a single label; column: the labels' name in the file."""
    if len(frame) < FEWEST_ROWS:
        raise TableError("data.too_few_rows", count=len(frame), fewest=FEWEST_ROWS)
    if frame.label.nunique() < 2:
        raise TableError("data.one_label", column=column)


def with_clients(frame: "pd.DataFrame", column: str) -> "tuple[pd.DataFrame, int]":
    """Values with few rows share one client, whose name is empty; how many they are."""
    small = frame.groupby("client").client.transform("size").lt(FEWEST_OF_A_CLIENT)
    if small.all():
        raise TableError("data.small_sites", column=column, fewest=FEWEST_OF_A_CLIENT)
    merged = frame.client[small].nunique()
    if merged > 1:  # one by itself would be the same client, only without its name
        frame = frame.assign(client=frame.client.mask(small, ""))
    if (count := frame.client.nunique()) > MOST_CLIENTS:
        raise TableError("data.too_many_sites", column=column, count=count, most=MOST_CLIENTS)
    return frame, merged if merged > 1 else 0


def preview(sheet: "AnySheet", rows: int = 5, longest: int = 200) -> list[dict[str, str]]:
    """The first rows, cells cut: to be shown as plain text."""
    shown = sheet.head(rows).to_dict("records")
    return [{str(name): short(value, longest) for name, value in row.items()} for row in shown]


def short(value: object, longest: int) -> str:
    """A cell as text of at most `longest` characters and a mark of what was cut; "" for None."""
    text = "" if value is None else str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"


def largest_site(config: ExperimentConfig, table: Table | None) -> float | None:
    """The largest site's share of the rows, where the config's clients are a table's sites; None elsewhere."""
    if table is None or config.partition != "column" or not len(table):
        return None
    if (numbers := table.client_numbers) is None:
        return None  # such a run is refused before it begins
    return float(np.bincount(numbers).max() / len(table))


def label_counts(table: Table) -> dict[str, int]:
    """Rows of each label, in the labels' order."""
    return dict(zip(table.labels, np.bincount(table.label_numbers).tolist(), strict=True))


def words_of(notes: Notes) -> str:
    """What became of the rows they were taken from, for the command line."""
    parts = {
        "without a text, a label or a site": notes.empty, "that repeat a text": notes.duplicates,
        "with one text under several labels": notes.contradictions, "of labels that occur once": notes.rare,
    }  # fmt: skip
    left = [f"{count:,} {what}" for what, count in parts.items() if count]
    said = [f"{notes.rows:,} rows read, {notes.rows - notes.left_out:,} of them used"]
    said += [f"left out were rows: {', '.join(left)}"] if left else []
    said += [f"texts cut to {LONGEST_TEXT:,} characters: {notes.cut:,}"] if notes.cut else []
    if notes.merged:
        said.append(f"sites with fewer than {FEWEST_OF_A_CLIENT} rows, together one client: {notes.merged:,}")
    return "; ".join(said)
