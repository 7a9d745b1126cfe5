"""`python -m fda_core run`, `resume`, `audit`, `import`, `index`, `presets`, `evidence`: words in, tables out.

Exit codes: 0 done, 1 the run failed or its record is damaged, 2 a value that is not allowed, 3 a record that is intact
but not closed, 130 stopped by Ctrl-C (finished rounds are kept).
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fda_core.algorithm.events import Event, LaneFinished, Round, RunStarted
from fda_core.analysis.summary import Cost, LaneSummary, rounds_at_most, summarize
from fda_core.cost.estimate import CostEstimate, Span
from fda_core.cost.timings import TimingStore
from fda_core.data import fitting, table_files
from fda_core.data import table as tables
from fda_core.data.reading import read_file
from fda_core.runs import kept_tables
from fda_core.runs.audit import audit
from fda_core.runs.imports import import_events
from fda_core.runs.index import Index
from fda_core.runs.record import Callbacks, Recording, record, simulate
from fda_core.runs.store import config_of, new_run_id, read_events, runs_folder
from fda_core.settings import presets
from fda_core.settings.assignments import from_toml, from_words, merge
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.model_names import from_word
from fda_core.support.callbacks import TEXTS
from fda_core.support.errors import ConfigError, LabError, StoreError

console = Console()


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return options.action(options)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m fda_core", description="FedOpt and FDA-OPT without a browser.")
    actions = top.add_subparsers(required=True, metavar="ACTION")
    run = actions.add_parser("run", help="run an experiment into a folder")
    run.add_argument("--preset", help="which preset to start from (default: default)")
    run.add_argument("--config", metavar="FILE.toml", help="settings that override the preset's")
    run.add_argument(
        "--model", metavar="FOLDER_OR_ID", help="a model's folder, or its id on the hub; any path is taken"
    )
    run.add_argument("--seed", help="the seed, a whole number (default: the preset's)")
    run.add_argument("--set", dest="words", action="append", default=[], metavar="NAME=VALUE",
                     help="override any setting, as often as needed: --set clients=20 --set link.rtt_ms=5")  # fmt: skip
    run.add_argument("--out", type=Path, metavar="DIR", help="a new folder for the run")
    run.add_argument("--dry-run", action="store_true", help="train for some seconds, and print what the run would cost")
    data = run.add_argument_group("a table of your own", "a copy of it is kept in the run's folder, and nowhere else")
    data.add_argument("--data", type=Path, metavar="FILE", help="CSV, TSV, JSON, JSON lines or Parquet")
    data.add_argument("--text-column", metavar="NAME")
    data.add_argument("--text-pair-column", metavar="NAME", help="the second text, where two are compared")
    data.add_argument("--label-column", metavar="NAME")
    data.add_argument("--partition-column", metavar="NAME", help="a client for each of its values: site, user, region")
    run.set_defaults(action=run_experiment, refuse=run.error)
    resume = actions.add_parser("resume", help="go on with a run that was interrupted")
    resume.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    resume.add_argument("--model", metavar="FOLDER", help="where the model's folder is, if the run has one")
    resume.set_defaults(action=resume_run)
    audit = actions.add_parser("audit", help="check a run's record line by line, and print what was sent")
    audit.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    audit.set_defaults(action=audit_run)
    take = actions.add_parser("import", help="check somebody else's events.jsonl and keep it among the app's runs")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--runs", type=Path, metavar="DIR", help="the folder of runs (default: the app's)")
    take.set_defaults(action=import_run)
    index = actions.add_parser("index", help="make the list of runs again from their folders")
    index.add_argument("--runs", type=Path, metavar="DIR", help="the folder of runs (default: the app's)")
    index.set_defaults(action=index_runs)
    actions.add_parser("presets", help="list the presets").set_defaults(action=list_presets)
    evidence = actions.add_parser("evidence", help="FedOpt against FDA-OPT over servers, heterogeneities and seeds")
    evidence.add_argument("--runs", type=Path, default=Path("runs/evidence"), metavar="DIR",
                          help="where the runs are kept; runs that are there are not run again")  # fmt: skip
    evidence.add_argument("--csv", type=Path, default=Path("docs/evidence.csv"), metavar="FILE")
    evidence.add_argument("--page", type=Path, default=Path("docs/evidence.md"), metavar="FILE")
    evidence.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    evidence.add_argument("--page-only", action="store_true", help="only write the page from the table")
    evidence.set_defaults(action=make_evidence)
    return top


def configuration(options: argparse.Namespace, table: tables.Table | None = None) -> ExperimentConfig:
    """The preset, then the file, then --seed and --set, each over the one before."""
    changes = from_toml(options.config) if options.config else {}
    words = [f"preset={options.preset}"] if options.preset else []
    words += [f"seed={options.seed}"] if options.seed is not None else []
    words += [f"model={model_of(options)[0]}"] if options.model else []
    asked = merge(changes, from_words(words + options.words))
    return presets.build(asked) if table is None else fitting.build(table, asked)


def own_table(options: argparse.Namespace) -> tables.Table | None:
    """What --data and the names of columns say. Raises `LabError`."""
    names = (options.text_column, options.label_column, options.text_pair_column, options.partition_column)
    if options.data is None:
        if any(names):
            raise ConfigError("Columns are named and no file: give it with --data.")
        return None
    if None in names[:2]:
        raise ConfigError("--data needs --text-column and --label-column: the names of two of its columns.")
    sheet = read_file(options.data)
    table = tables.normalise(sheet, tables.Columns(*names))
    labels = ", ".join(f"{label} {count:,}" for label, count in tables.label_counts(table).items())
    print(f"{options.data.name}, {sheet.encoding}: {len(table):,} examples; labels: {labels}")
    if left_out := tables.words_of(table.notes):
        print(left_out)
    return table


def list_presets(options: argparse.Namespace) -> int:
    configs = [presets.build(preset=name) for name in presets.names()]
    table = Table("")
    for config in configs:
        table.add_column(config.preset, overflow="fold")  # several, in a narrow terminal
    for label, show in {
        "model": lambda c: c.model,
        "trained": lambda c: c.trained,
        "data": lambda c: c.dataset,
        "clients": lambda c: f"{c.clients}, {c.cohort_size} a round",
        "heterogeneity": lambda c: f"α = {c.alpha:g}",
        "client lr": lambda c: f"{c.client_lr:g}",
        "server": lambda c: f"{c.server_optimizer}, lr {c.server_lr:g}",
        "rounds at most": lambda c: str(c.rounds),
        "target": lambda c: f"{c.target.metric} {c.target.value:g}",
        "lanes": lambda c: "\n".join(lane.id for lane in c.lanes),
    }.items():
        table.add_row(label, *map(show, configs))
    console.print(table)
    return 0


def model_of(options: argparse.Namespace) -> tuple[str, Path | None]:
    """The model's name, and the folder in which it is looked up: a path given here is trusted, and never recorded."""
    return from_word(options.model) if options.model else ("", None)


def run_experiment(options: argparse.Namespace) -> int:
    if options.out is None and not options.dry_run:
        options.refuse("the following arguments are required: --out DIR, a new folder for the run, or --dry-run")
    table = own_table(options)
    config = configuration(options, table)
    if table is None and table_files.needs_table(config):
        table = kept_tables.find(config.table.sha256, runs_folder())
    models = model_of(options)[1]
    if options.dry_run:
        return print_cost(config, models, table)
    return play(config, options.out, models, resume=False, table=table)


def print_cost(config: ExperimentConfig, models: Path | None, table: tables.Table | None) -> int:
    timings = TimingStore(runs_folder)
    if not timings.fresh(config):
        from fda_core.cost.calibration import measure

        with console.status("measuring"):
            timings.put(config, measure(config, models=models, table=table))
    cost = timings.cost(config, largest=tables.largest_site(config, table))
    console.print(cost_table(config, cost))
    print(f"in all: {span(cost.bytes, megabytes)} MB sent, {span(cost.seconds, minutes)} minutes on this machine,")
    print(
        f"of which model and data take {minutes(cost.preparing)}; memory at the peak about {cost.memory / 1e6:,.0f} MB"
    )
    return 0


def cost_table(config: ExperimentConfig, cost: CostEstimate) -> Table:
    """One column a lane, as in `lane_table`."""
    table = Table("", title=f"{config.preset}: cost of all rounds, likely (≤ at most)")
    for lane in cost.lanes:
        table.add_column(lane.lane, justify="right")
    for label, show in {
        "rounds": lambda lane: span(lane.rounds, lambda count: f"{count:.0f}"),
        "local epochs": lambda lane: span(lane.epochs, lambda count: f"{count:.0f}"),
        "MB a round": lambda lane: span(lane.round_bytes, megabytes),
        "MB in all": lambda lane: span(lane.bytes, megabytes),
        "minutes": lambda lane: span(lane.seconds, minutes),
    }.items():
        table.add_row(label, *map(show, cost.lanes))
    return table


def span(value: Span, show: Callable[[float], str]) -> str:
    likely, most = show(value.likely), show(value.most)
    return likely if likely == most else f"{likely} (≤ {most})"


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def resume_run(options: argparse.Namespace) -> int:
    config = config_of(read_events(options.folder), options.folder)
    name, models = model_of(options)
    if models and name != config.model:
        raise StoreError(f"The run's model is {config.model}, not {name}: give its folder.")
    return play(config, options.folder, models, resume=True)


def play(
    config: ExperimentConfig, folder: Path, models: Path | None, resume: bool, table: tables.Table | None = None
) -> int:
    """models: the folder in which the model is looked up, where the command line named one."""
    trusted = {"produce": partial(simulate, models_folder=models)} if models else {}
    with RunBar(config) as bar:
        status, message = record(
            Recording(config, folder, new_run_id(), table=table, resume=resume),
            Callbacks(bar.watch, bar.prepared),
            **trusted,
        )
    events = read_events(folder)
    start = next((event for event in events if isinstance(event, RunStarted)), None)
    if start and "path" in start.facts:
        print(about_model(start.facts, config))
    console.print(lane_table(config, summarize(events)))
    if message:
        print(message, file=sys.stderr)
    print(f"{status}: {folder}")
    return {"finished": 0, "stopped": 130}.get(status, 1)


def about_model(facts: dict, config: ExperimentConfig) -> str:
    """What was trained, what it weighs, and which way was taken."""
    sent = facts["model_bytes"] / 1e6
    return (
        f"{facts['model']} ({facts['weights']})\ntrained: {config.trained},"
        f" {facts['trainable_parameters']:,} of {facts['parameters']:,} parameters,"
        f" {sent:.3g} MB per client and direction, {2 * config.cohort_size * sent:,.3g} MB a round\n"
        f"{facts['path']} path on {facts['device']}, about {facts['memory_bytes'] / 1e9:.1f} GB of memory at most"
    )


def audit_run(options: argparse.Namespace) -> int:
    found = audit(options.folder)
    table = Table("lane", "round", "local epochs", "down", "up", "monitor", "in all", title="bytes")
    for sent in found.rounds:
        cells = (sent.round, sent.epochs, sent.bytes_down, sent.bytes_up, sent.bytes_monitor, sent.bytes_total)
        table.add_row(sent.lane, *(f"{cell:,}" for cell in cells))
    console.print(table)
    print(found.report())
    return 1 if found.problems else 0 if found.closed else 3


def import_run(options: argparse.Namespace) -> int:
    try:
        data = options.file.read_bytes()
    except OSError as error:
        raise StoreError(f"{options.file} cannot be read ({error.strerror}): name an events.jsonl.") from None
    print(import_events(data, options.runs or runs_folder()))
    return 0


def index_runs(options: argparse.Namespace) -> int:
    root = options.runs or runs_folder()
    entries = Index(root).rebuild()
    damaged = [entry for entry in entries if entry.status == "damaged"]
    print(f"{len(entries)} run(s) in {root}, {len(damaged)} of them damaged")
    for entry in damaged:
        print(entry.message)
    return 0


def make_evidence(options: argparse.Namespace) -> int:
    from fda_core.evidence import collect, page, plan, play

    if not options.page_only:
        scope = plan.Scope()
        play.play(scope, options.runs, max(1, options.workers), lambda line: print(line, flush=True))
        collect.save(scope, options.runs, options.csv)
    page.write(*collect.load(options.csv), options.csv, options.page)
    print(f"written: {options.csv}, {options.page}")
    return 0


class RunBar:
    """Rounds played of the rounds at most to play, with the time left; first the texts of a cold cache."""

    def __init__(self, config: ExperimentConfig):
        self.config = config
        self.events: list[Event] = []
        self.bar = Progress(
            TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task("loading", total=None)

    def __enter__(self) -> "RunBar":
        self.bar.start()
        return self

    def __exit__(self, *_) -> None:
        self.bar.stop()

    def prepared(self, done: int, total: int, stage: str = TEXTS) -> None:
        if stage == TEXTS:
            self.bar.update(self.task, description="preparing texts (once)", completed=done, total=total)
        else:
            self.bar.update(self.task, description=f"{stage}, MB", completed=done // 10**6, total=total // 10**6)

    def watch(self, event: Event) -> None:
        self.events.append(event)
        total = rounds_at_most(self.events, self.config.rounds, len(self.config.lanes))
        if isinstance(event, RunStarted):
            self.bar.reset(self.task, description="training", total=total, completed=0)
        elif isinstance(event, Round):
            self.bar.update(self.task, description=f"{event.lane}, round {event.round}", advance=1)
        elif isinstance(event, LaneFinished):
            self.bar.update(self.task, total=total)


def lane_table(config: ExperimentConfig, lanes: list[LaneSummary]) -> Table:
    """One column a lane: it fits a narrow terminal."""
    target = f"{config.target.metric} {config.target.value:g}"
    table = Table(title=f"{config.preset}, seed {config.seed}; target: {target} on two consecutive rounds")
    table.add_column("")
    for lane in lanes:
        table.add_column(lane.lane, justify="right")
    for label, show in {
        "status": lambda lane: lane.status or "–",
        "rounds": lambda lane: str(lane.spent.rounds),
        "local epochs": lambda lane: str(lane.spent.local_epochs),
        "MB down": lambda lane: megabytes(lane.bytes_down),
        "MB up": lambda lane: megabytes(lane.bytes_up),
        "MB monitor": lambda lane: megabytes(lane.bytes_monitor),
        "best accuracy": lambda lane: "–" if lane.best_accuracy is None else f"{lane.best_accuracy:.3f}",
        "MB to target": lambda lane: cost(lane, lambda spent: megabytes(spent.bytes)),
        "rounds to target": lambda lane: cost(lane, lambda spent: str(spent.rounds)),
        "epochs to target": lambda lane: cost(lane, lambda spent: str(spent.local_epochs)),
    }.items():
        table.add_row(label, *map(show, lanes))
    return table


def megabytes(count: int) -> str:
    """Decimal megabytes: 1 MB = 1,000,000 bytes."""
    return f"{count / 1e6:.1f}"


def cost(lane: LaneSummary, show: Callable[[Cost], str]) -> str:
    return show(lane.to_target) if lane.to_target else "not reached"
