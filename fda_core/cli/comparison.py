"""`evidence`: FedOpt against FDA-OPT over servers, heterogeneities and seeds."""

import argparse
import os
from pathlib import Path

from fda_core.evidence.tables import COMPARISONS
from fda_core.support.places import APP, IN_CHECKOUT

# A checkout's own table and page; an installed copy keeps those it came with, and writes where it was started.
TABLE = COMPARISONS if IN_CHECKOUT else Path(COMPARISONS.name)
PAGE = APP / "docs" / "evidence.md" if IN_CHECKOUT else Path("evidence.md")


def add(actions) -> None:
    evidence = actions.add_parser("evidence", help="FedOpt against FDA-OPT over servers, heterogeneities and seeds")
    evidence.add_argument("--runs", type=Path, default=Path("runs/evidence"), metavar="DIR",
                          help="where the runs are kept; runs that are there are not run again")  # fmt: skip
    evidence.add_argument("--csv", type=Path, default=TABLE, metavar="FILE")
    evidence.add_argument("--page", type=Path, default=PAGE, metavar="FILE")
    evidence.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    evidence.add_argument("--page-only", action="store_true", help="only write the page from the table")
    evidence.set_defaults(action=make_evidence)


def make_evidence(options: argparse.Namespace) -> int:
    from fda_core.evidence import collect, page, plan, play

    if not options.page_only:
        scope = plan.Scope()
        play.play(scope, options.runs, max(1, options.workers), lambda line: print(line, flush=True))
        collect.save(scope, options.runs, options.csv)
    page.write(*collect.load(options.csv), options.csv, options.page)
    print(f"written: {options.csv}, {options.page}")
    return 0
