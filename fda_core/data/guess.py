"""Which columns of a file are probably its texts and its labels: a first choice for whoever picks them."""

from fda_core.data.reading import AnySheet
from fda_core.data.table import MOST_LABELS, Columns

LOOKED_AT = 1000  # rows


def guess(sheet: AnySheet) -> Columns:
    """The column with the longest cells, and of the others the one with the fewest different values above one."""
    head = sheet.head(LOOKED_AT).map(lambda value: "" if value is None else str(value))
    lengths = {name: head[name].map(len).mean() for name in head}
    text = max(lengths, key=lambda name: lengths[name])
    kinds = {name: head[name].nunique() for name in head if name != text}
    usable = [name for name, count in kinds.items() if 2 <= count <= MOST_LABELS]
    label = min(usable or kinds or [text], key=lambda name: kinds.get(name, 0))
    return Columns(text, label)
