"""The lines of a record on disk: some become durable together, and all of them are counted and digested."""

import hashlib
import io
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fda_core.support.errors import StoreError
from fda_core.support.files import sync_folder
from fda_core.support.messages import Message, because


class Journal:
    """Appends to `file`, which it closes. folder: what messages call it by."""

    def __init__(self, file: io.FileIO, folder: Path, run_id: str):
        self.file, self.folder, self.run_id = file, folder, run_id
        self.waiting: list[bytes] = []
        self.count = 0
        self.digest = hashlib.sha256()

    def add(self, body: str) -> None:
        """One more line, which waits for `flush`: a JSON object, to which run, place and time are added."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        sequence = self.count + len(self.waiting)
        head = json.dumps({"run_id": self.run_id, "seq": sequence, "time": now})
        self.waiting.append(f"{body[:-1]},{head[1:]}\n".encode())

    def flush(self) -> None:
        """Writes what waits, all of it or nothing. Raises `StoreError`."""
        lines, self.waiting = self.waiting, []
        good = self.file.tell()
        try:
            rest = memoryview(b"".join(lines))
            while rest:
                rest = rest[self.file.write(rest) :]
            os.fsync(self.file.fileno())
        except OSError as error:
            # Half a round on a full disk would damage the record once there is room again.
            with suppress(OSError):
                self.file.truncate(good)
                self.file.seek(good)
            problem = Message("runs.not_written", path=self.folder, reason=because(error))
            raise StoreError("runs.rounds_kept", reason=problem) from None
        self.account(lines)

    def account(self, lines: Iterable[bytes]) -> None:
        """Counts and digests lines that are on record."""
        for line in lines:
            self.count += 1
            self.digest.update(line)

    def close(self) -> None:
        """What waits is lost."""
        self.file.close()


def begin(file: Path) -> io.FileIO:
    """A new file, durable under its name. Raises OSError, among them FileExistsError."""
    begun = open(file, "xb", buffering=0)  # noqa: SIM115 - closed by whoever writes
    try:
        sync_folder(file.parent)
        sync_folder(file.parent.parent)
    except OSError:
        begun.close()
        raise
    return begun
