"""`run` and `resume`: an experiment into a folder."""

import argparse
from pathlib import Path

from fda_core.cli.asked import Commands, configuration, model_of, own_table
from fda_core.cli.cost import print_cost
from fda_core.cli.play import play
from fda_core.data import fitting, table_files
from fda_core.runs import kept_tables
from fda_core.runs.store import config_of, read_events, runs_folder
from fda_core.support.errors import StoreError


def add(actions: Commands) -> None:
    """Makes the commands known."""
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


def run_experiment(options: argparse.Namespace) -> int:
    """Plays a new run, or prints what it would cost. Raises `LabError`."""
    if options.out is None and not options.dry_run:
        options.refuse("the following arguments are required: --out DIR, a new folder for the run, or --dry-run")
    table = own_table(options)
    config = configuration(options, table)
    if table is None and table_files.needs_table(config):
        table = kept_tables.find(table_files.digest_of(config), runs_folder())
        fitting.check(table, config)
    models = model_of(options)[1]
    if options.dry_run:
        return print_cost(config, models, table)
    return play(config, options.out, models, resume=False, table=table)


def resume_run(options: argparse.Namespace) -> int:
    """Goes on with a run, whose model must be the one it began with. Raises `LabError`."""
    config = config_of(read_events(options.folder), options.folder)
    name, models = model_of(options)
    if models and name != config.model:
        raise StoreError("cli.other_model", model=config.model, name=name)
    return play(config, options.folder, models, resume=True)
