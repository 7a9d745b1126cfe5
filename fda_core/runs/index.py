"""Lists and searches runs without reading them all: an SQLite index, made again from the run folders at any time."""

import logging
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import cast

from peewee import CharField, Model, SqliteDatabase, TextField, fn

from fda_core.runs.entries import Entry, read_entry, states
from fda_core.runs.meta import clean
from fda_core.support.errors import StoreError
from fda_core.support.messages import because

__all__ = ["INDEX", "Entry", "Index"]

log = logging.getLogger(__name__)

INDEX = "index.sqlite"
PATIENCE = 5.0  # seconds to wait for another process that writes
LONGEST_SEARCH = 200  # characters; SQLite takes no expression of a thousand words
WORD = re.compile(r"seed \d+(?!\S)|\S+")


@lru_cache(maxsize=5000)
def entry_of(text: str) -> Entry:
    """The same text is asked for with every draw of the list."""
    return Entry.from_json(text)


class Index:
    """The runs in one folder. Usable from any thread, and by several processes on the same folder.

    An index file that is damaged, of another program or not to be written is replaced; where that does not help
    either, the index is kept in memory.
    """

    def __init__(self, root: Path):
        self.root, self.file = root, root / INDEX
        self.lock = threading.Lock()
        self.in_memory = False
        self.unread: list[str] = []  # ids, newest first
        self.tags: list[str] = []  # of all runs at the last look, sorted
        self._use(
            SqliteDatabase(str(self.file), pragmas={"journal_mode": "wal", "synchronous": "normal"}, timeout=PATIENCE)
        )

    def entries(self, search: str = "", tag: str | None = None, most: int | None = None) -> list[Entry]:
        """The runs that have all words of `search` somewhere, and the tag; newest first.

        Folders that changed are read first; where they are more than `most`, they are left in `unread` instead. Raises
        `StoreError` only if the folder of runs cannot be read.
        """
        try:
            self.root.stat()
        except FileNotFoundError:
            self.tags = []
            return []
        except OSError:  # told when the folder is read
            pass
        with self.lock:
            for mend in (self._replace, self._move_to_memory):
                try:
                    return self._look(search, tag, most)
                except StoreError:
                    raise
                except Exception as error:  # whatever a damaged file leads to, it must not hide the runs
                    log.warning("the index %s cannot be used (%s)", self.file, error or type(error).__name__)
                    mend(error)
            return self._look(search, tag, most)

    def read(self, run_ids: Iterable[str]) -> None:
        """Reads these runs anew. Whoever looks meanwhile waits for the writing only. Raises `StoreError`."""
        present = states(self.root)
        rows = self._rows([run_id for run_id in run_ids if run_id in present], present)
        with self.lock, self._opened():
            self._write(rows, ())

    def rebuild(self) -> list[Entry]:
        """All runs, read anew. Raises `StoreError` if the folder cannot be read or the old index not be removed."""
        states(self.root)
        with self.lock:
            try:
                self._remove()
            except OSError as error:
                raise StoreError("runs.not_removed", path=self.file, reason=because(error)) from None
        return self.entries()

    def _use(self, database: SqliteDatabase) -> None:
        self.database, self.runs = database, table_in(database)

    def _look(self, search: str, tag: str | None, most: int | None) -> list[Entry]:
        with self._opened():
            self.runs.create_table()
            self._refresh(most)
            self.tags = self._tags()
            return self._found(search, tag)

    def _opened(self) -> AbstractContextManager:
        # Opened for each look: pages come in threads that end, and a file in use could not be replaced.
        return nullcontext() if self.in_memory else self.database.connection_context()

    def _refresh(self, most: int | None) -> None:
        """Reads what changed, then writes it at once; what is gone is forgotten in any case."""
        query = self.runs.select(self.runs.run_id, self.runs.state).tuples()
        known = dict(cast("Iterable[tuple[str, str]]", query))  # peewee's types know no rows but models
        present = states(self.root)
        changed = [run_id for run_id, state in present.items() if known.get(run_id) != state]
        self.unread = sorted(changed, reverse=True) if most is not None and len(changed) > most else []
        self._write(self._rows(() if self.unread else changed, present), known.keys() - present.keys())

    def _rows(self, run_ids: Iterable[str], present: Mapping[str, str]) -> list[dict[str, str]]:
        """Read from the folders. present: what `states` said before."""
        rows = [row(read_entry(self.root / run_id), present[run_id]) for run_id in run_ids]
        return [row for row in rows if (self.root / row["run_id"]).exists()]  # not deleted while it was read

    def _write(self, rows: Sequence[dict[str, str]], gone: Collection[str]) -> None:
        if rows or gone:
            with self.database.atomic("IMMEDIATE"):
                for values in rows:
                    self.runs.replace(**values).execute()
                for run_id in gone:
                    self.runs.delete().where(self.runs.run_id == run_id).execute()

    def _found(self, search: str, tag: str | None) -> list[Entry]:
        query = self.runs.select(self.runs.entry).order_by(self.runs.created.desc(), self.runs.run_id.desc())
        for word in words(search):
            query = query.where(self.runs.words.contains(word))
        if tag := clean(tag or ""):
            query = query.where(fn.INSTR(self.runs.tags, f"\n{tag}\n") > 0)
        return [entry_of(text) for (text,) in cast("Iterable[tuple[str]]", query.tuples())]

    def _tags(self) -> list[str]:
        query = self.runs.select(self.runs.tags).distinct().tuples()
        return sorted({tag for (lines,) in cast("Iterable[tuple[str]]", query) for tag in lines.split("\n") if tag})

    def _replace(self, error: Exception) -> None:
        if busy(error):  # nothing is wrong with the file
            return
        try:
            self._remove()
        except OSError as reason:
            log.warning("the index %s cannot be removed (%s)", self.file, reason.strerror)

    def _remove(self) -> None:
        for part in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.file}{part}").unlink(missing_ok=True)

    def _move_to_memory(self, error: Exception) -> None:
        log.warning("the index of %s is kept in memory", self.root)
        self.in_memory = True
        self._use(SqliteDatabase(":memory:", thread_safe=False, check_same_thread=False))  # under the lock
        self.database.connect()


class Run(Model):
    """A row of the table, which is in no database yet."""

    run_id = CharField(primary_key=True)
    state = TextField()  # of the folder when it was read
    created = TextField()  # UTC, sortable
    tags = TextField()  # a line each, with a line end before the first
    words = TextField()  # what a search looks at, folded
    entry = TextField()


def table_in(place: SqliteDatabase) -> type[Run]:
    """The one table; its name has a number, so that another version's rows are never taken for ours."""

    class Here(Run):
        class Meta:
            database = place
            table_name = "runs_1"

    return Here


def row(entry: Entry, state: str) -> dict[str, str]:
    """The columns of a run; state: of its folder, see `entries.states`."""
    seed = "" if entry.seed is None else f"seed {entry.seed}"
    said = (entry.run_id, entry.name, *entry.tags, entry.preset, entry.model, entry.server_optimizer, entry.group, seed)
    return {
        "run_id": entry.run_id,
        "state": state,
        "created": entry.created.isoformat(timespec="microseconds"),
        "tags": "".join(f"\n{tag}" for tag in entry.tags) + "\n",
        "words": "".join(f"{folded(text)} " for text in said if text),
        "entry": entry.to_json(),
    }


def words(search: str) -> set[str]:
    """The words to look for. `seed 3` is one, and not the beginning of `seed 31`."""
    found = WORD.findall(folded(search[:LONGEST_SEARCH]))
    return {f"{word} " if " " in word else word for word in found}


def folded(text: str) -> str:
    """The same for all spellings of a text: SQLite itself knows only a to z."""
    return clean(unicodedata.normalize("NFKC", text).casefold())


def busy(error: Exception) -> bool:
    """Whether another process had the file for too long."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
