"""What the words of a command ask for: a configuration, a model, a table of one's own."""

import argparse
from pathlib import Path
from typing import TypeAlias

from fda_core.data import fitting
from fda_core.data import table as tables
from fda_core.data.reading import read_file
from fda_core.settings import presets
from fda_core.settings.assignments import from_toml, from_words, merge
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.model_names import from_word
from fda_core.support.errors import ConfigError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def configuration(options: argparse.Namespace, table: tables.Table | None = None) -> ExperimentConfig:
    """The preset, then the file, then --seed and --set, each over the one before."""
    changes = from_toml(options.config) if options.config else {}
    words = [f"preset={options.preset}"] if options.preset else []
    words += [f"seed={options.seed}"] if options.seed is not None else []
    words += [f"model={model_of(options)[0]}"] if options.model else []
    asked = merge(changes, from_words(words + options.words))
    return presets.build(asked) if table is None else fitting.build(table, asked)


def model_of(options: argparse.Namespace) -> tuple[str, Path | None]:
    """The model's name, and the folder in which it is looked up: a path given here is trusted, and never recorded."""
    return from_word(options.model) if options.model else ("", None)


def own_table(options: argparse.Namespace) -> tables.Table | None:
    """What --data and the names of columns say. Raises `LabError`."""
    names = (options.text_column, options.label_column, options.text_pair_column, options.partition_column)
    if options.data is None:
        if any(names):
            raise ConfigError("cli.columns_without_file")
        return None
    if None in names[:2]:
        raise ConfigError("cli.file_without_columns")
    sheet = read_file(options.data)
    table = tables.normalise(sheet, tables.Columns(*names))
    labels = ", ".join(f"{label} {count:,}" for label, count in tables.label_counts(table).items())
    print(f"{options.data.name}, {sheet.encoding}: {len(table):,} examples; labels: {labels}")
    if left_out := tables.words_of(table.notes):
        print(left_out)
    return table
