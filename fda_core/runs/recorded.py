"""Runs that come with the app, to be looked at before anything was run: real ones, whole, in `fda_core/recorded/`."""

from pathlib import Path

from fda_core.runs.snapshot import Snapshot, stored
from fda_core.runs.store import EVENTS

ROOT = Path(__file__).parents[1] / "recorded"


def names() -> list[str]:
    """The runs there are, in alphabetical order."""
    return sorted(file.parent.name for file in ROOT.glob(f"*/{EVENTS}"))


def folder_of(name: str) -> Path | None:
    """Where the run of this name is kept; no other word is made into a path."""
    return ROOT / name if name in names() else None


def recorded(name: str) -> Snapshot:
    """The run of this name; its name stands in for an id. Raises `StoreError`."""
    return stored(ROOT / name)
