"""Which run has the table of somebody's own that another one names by its digest."""

from pathlib import Path

from fda_core.data.sheet import TableError
from fda_core.data.table import Table
from fda_core.data.table_files import file_in, load
from fda_core.runs.store import RUN_ID


def holder(sha256: str, root: Path) -> Path | None:
    """The folder of a run that has the table; None where none has."""
    found = root.glob(file_in(Path("*"), sha256).as_posix())
    return next((file.parent for file in sorted(found) if RUN_ID.fullmatch(file.parent.name)), None)


def find(sha256: str, root: Path) -> Table:
    """The table with this digest, from whichever run has it. Raises `TableError`."""
    if (folder := holder(sha256, root)) is None:
        raise TableError("data.table_gone")
    return load(folder, sha256)
