"""`evidence` and `atlas`: FedOpt against FDA-OPT over servers, heterogeneities, rates and seeds."""

import argparse
import os
from pathlib import Path

from fda_core.atlas.cells import ATLAS, PARTS, runs
from fda_core.cli.asked import Commands
from fda_core.evidence.tables import COMPARISONS
from fda_core.support.files import replace_whole
from fda_core.support.places import APP, IN_CHECKOUT

# A checkout's own table and page; an installed copy keeps those it came with, and writes where it was started.
TABLE = COMPARISONS if IN_CHECKOUT else Path(COMPARISONS.name)
PAGE = APP / "docs" / "evidence.md" if IN_CHECKOUT else Path("evidence.md")


def add(actions: Commands) -> None:
    """Makes the command known."""
    evidence = actions.add_parser("evidence", help="FedOpt against FDA-OPT over servers, heterogeneities and seeds")
    evidence.add_argument("--runs", type=Path, default=Path("runs/evidence"), metavar="DIR",
                          help="where the runs are kept; runs that are there are not run again")  # fmt: skip
    evidence.add_argument("--csv", type=Path, default=TABLE, metavar="FILE")
    evidence.add_argument("--page", type=Path, default=PAGE, metavar="FILE")
    evidence.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    evidence.add_argument("--page-only", action="store_true", help="only write the page from the table")
    evidence.set_defaults(action=make_evidence)
    atlas = actions.add_parser("atlas", help="play what the atlas of recorded runs lacks; go on after an interruption")
    atlas.add_argument("--part", action="append", choices=[part.name for part in PARTS], metavar="NAME",
                       help=f"only this one, may be repeated: {', '.join(part.name for part in PARTS)}")  # fmt: skip
    atlas.add_argument("--runs", type=Path, default=Path("runs/atlas"), metavar="DIR", help="where the runs are kept")
    atlas.add_argument("--file", type=Path, default=ATLAS if IN_CHECKOUT else Path(ATLAS.name), metavar="FILE",
                       help="the Parquet file; what is in it is not played again")  # fmt: skip
    atlas.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    atlas.add_argument("--page", type=Path, default=APP / "docs" / "atlas.md" if IN_CHECKOUT else Path("atlas.md"),
                       metavar="FILE", help="what the file comes to, as Markdown")  # fmt: skip
    atlas.add_argument("--page-only", action="store_true", help="only write the page from the file")
    atlas.set_defaults(action=make_atlas)


def make_evidence(options: argparse.Namespace) -> int:
    """Plays what is missing, then writes table and page. Raises `CampaignError` and `StoreError`."""
    from fda_core.evidence import collect, page, plan, play

    if not options.page_only:
        scope = plan.Scope()
        play.play(scope, options.runs, max(1, options.workers), lambda line: print(line, flush=True))
        collect.save(scope, options.runs, options.csv)
    page.write(*collect.load(options.csv), options.csv, options.page)
    print(f"written: {options.csv}, {options.page}")
    return 0


def make_atlas(options: argparse.Namespace) -> int:
    """Plays what is missing; each run is in the file as soon as it is done. Raises `CampaignError`, `AtlasError`."""
    from fda_core.atlas import file, page, play

    def say(line: str) -> None:
        print(line, flush=True)

    parts = tuple(part for part in PARTS if not options.part or part.name in options.part)
    kept = set(file.load(options.file).curves) if options.file.exists() else set()
    wanted = [] if options.page_only else [run for run in runs(parts) if run not in kept]
    say(f"{len(wanted)} runs are missing")
    for run in play.play(wanted, options.runs, max(1, options.workers), say):
        file.save([run], options.runs, options.file)
    replace_whole(options.page, page.render(file.load(options.file)).encode())
    say(f"written: {options.file}, {options.page}")
    return 0
