"""`audit`, `import` and `index`: records that are there already."""

import argparse
from pathlib import Path

from rich.table import Table

from fda_core.cli.asked import Commands
from fda_core.cli.output import console
from fda_core.runs.audit import audit
from fda_core.runs.imports import import_events
from fda_core.runs.index import Index
from fda_core.runs.store import runs_folder
from fda_core.support.errors import StoreError
from fda_core.support.messages import because


def add(actions: Commands) -> None:
    """Makes the commands known."""
    check = actions.add_parser("audit", help="check a run's record line by line, and print what was sent")
    check.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    check.set_defaults(action=audit_run)
    take = actions.add_parser("import", help="check somebody else's events.jsonl and keep it among the app's runs")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--runs", type=Path, metavar="DIR", help="the folder of runs (default: the app's)")
    take.set_defaults(action=import_run)
    index = actions.add_parser("index", help="make the list of runs again from their folders")
    index.add_argument("--runs", type=Path, metavar="DIR", help="the folder of runs (default: the app's)")
    index.set_defaults(action=index_runs)


def audit_run(options: argparse.Namespace) -> int:
    """Prints every round's bytes and the outcome; 1 for a damaged record, 3 for one that is not closed."""
    found = audit(options.folder)
    table = Table("lane", "round", "local epochs", "down", "up", "monitor", "in all", title="bytes")
    for sent in found.rounds:
        cells = (sent.round, sent.epochs, sent.bytes_down, sent.bytes_up, sent.bytes_monitor, sent.bytes_total)
        table.add_row(sent.lane, *(f"{cell:,}" for cell in cells))
    console.print(table)
    print(found.report())
    return 1 if found.problems else 0 if found.closed else 3


def import_run(options: argparse.Namespace) -> int:
    """Prints the id of the new run. Raises `StoreError`."""
    try:
        data = options.file.read_bytes()
    except OSError as error:
        raise StoreError("cli.record_not_read", path=options.file, reason=because(error)) from None
    print(import_events(data, options.runs or runs_folder()))
    return 0


def index_runs(options: argparse.Namespace) -> int:
    """Reads all runs anew, and says which are damaged. Raises `StoreError`."""
    root = options.runs or runs_folder()
    entries = Index(root).rebuild()
    damaged = [entry for entry in entries if entry.status == "damaged"]
    print(f"{len(entries)} run(s) in {root}, {len(damaged)} of them damaged")
    for entry in damaged:
        print(entry.message)
    return 0
