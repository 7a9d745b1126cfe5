"""Small files as people bring them, and what a run would get of one."""

from fda_core.data.reading import read
from fda_core.data.table import Columns, normalise

COLUMNS = Columns("text", "label")
LABELS = ("bad", "good")


def content(count: int = 40) -> list[tuple[str, str]]:
    return [(f"a {LABELS[i % 2]} evening number {i}", LABELS[i % 2]) for i in range(count)]


def lines(*rows: tuple[str, ...], separator: str = "\t", end: str = "\n") -> bytes:
    return (end.join(separator.join(row) for row in rows) + end).encode()


def found(data: bytes, name: str) -> list[tuple[str, str]]:
    """Rows as a run would get them."""
    frame = normalise(read(data, name), COLUMNS).frame
    return list(frame[["text", "label"]].itertuples(index=False, name=None))
