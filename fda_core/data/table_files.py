"""Where tables of somebody's own lie: each in the folders of the runs that use it, and nowhere else.

Deleting the last of these runs deletes the table. Its digest is its file's name, so that another run with the same
data finds it without reading.
"""

import re
from pathlib import Path

from fda_core.data.sheet import TableError
from fda_core.data.table import Table
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import StoreError
from fda_core.support.files import replace_whole
from fda_core.support.messages import because

PREFIX = "prefix"  # the folder in a run's own for what is computed from its texts
SHA256 = re.compile(r"[0-9a-f]{64}")


def needs_table(config: ExperimentConfig) -> bool:
    """Whether the run is on a table of somebody's own."""
    return config.dataset == "table"


def digest_of(config: ExperimentConfig) -> str:
    """The table's digest, which every config that `needs_table` names."""
    assert config.table and config.table.sha256
    return config.table.sha256


def file_in(folder: Path, sha256: str) -> Path:
    """Where the table with this digest lies in a run's folder. Raises `TableError` for what is no digest."""
    if not SHA256.fullmatch(sha256):  # nothing else is ever made into a path
        raise TableError("data.no_digest")
    return folder / f"table-{sha256}.parquet"


def keep(table: Table, folder: Path) -> None:
    """Puts the table into a run's folder, which is there. Raises `StoreError`."""
    try:
        replace_whole(file_in(folder, table.sha256), table.to_parquet())
    except OSError as error:
        raise StoreError("runs.not_written_room", path=folder, reason=because(error)) from None


def load(folder: Path, sha256: str) -> Table:
    """The table in a run's folder. Raises `TableError` if it is not there, or not the one with this digest."""
    try:
        table = Table.from_parquet(file_in(folder, sha256).read_bytes())
    except OSError:
        raise TableError("data.table_gone") from None
    if table.sha256 != sha256:
        raise TableError("data.table_damaged")
    return table
