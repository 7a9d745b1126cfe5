"""Many runs that an index does not know yet are read in the background, while others look at those it knows."""

import logging
import threading

from fda_core.runs.entries import Entry
from fda_core.runs.index import Index

log = logging.getLogger(__name__)

FEW = 30  # runs that whoever looks waits for
AT_ONCE = 10  # between two writings


class Backlog:
    """Of one index; usable from any thread."""

    def __init__(self, index: Index):
        self.index = index
        self.lock = threading.Lock()
        self.progress: tuple[int, int] | None = None
        self.failed = False

    def entries(self, search: str = "", tag: str | None = None) -> list[Entry]:
        """Those that the index knows; all that there are unless many are still to be read. Raises `StoreError`."""
        found = self.index.entries(search, tag, None if self.failed else FEW)
        self._begin(self.index.unread)
        return found

    def tags(self) -> list[str]:
        """Of all runs that the index knew at the last look, sorted; costs nothing."""
        return self.index.tags

    def reading(self) -> tuple[int, int] | None:
        """Runs read, and runs to read in all, while they are being read; None where nothing is waited for."""
        return self.progress

    def _begin(self, run_ids: list[str]) -> None:
        with self.lock:
            if run_ids and self.progress is None:
                self.progress = (0, len(run_ids))
                threading.Thread(target=self._read, args=(run_ids,), name="fda-opt-index", daemon=True).start()

    def _read(self, run_ids: list[str]) -> None:
        try:
            for start in range(0, len(run_ids), AT_ONCE):
                self.index.read(run_ids[start : start + AT_ONCE])
                self.progress = (min(start + AT_ONCE, len(run_ids)), len(run_ids))
        except Exception:  # then whoever looks waits, and the index mends what is wrong
            log.exception("the runs could not be read in the background")
            self.failed = True
        finally:
            self.progress = None
