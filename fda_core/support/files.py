"""Files that are there whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes the names of new files in it durable; Windows knows no such thing. Raises OSError."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_whole(file: Path, data: bytes) -> None:
    """Writes beside the file, syncs, and renames: whoever reads finds the old content or the new. Raises OSError."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")  # others may be writing the same file
    try:
        with open(draft, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, file)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
