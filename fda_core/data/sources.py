"""Where the examples of a run come from: a table of the user's own, the embedded reviews, or the hub."""

from pathlib import Path

from fda_core.data import table_files
from fda_core.data.examples import Examples, of_table, split_of
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError


def examples(config: ExperimentConfig, home: Path | None = None, progress: Progress = lambda *_: None) -> Examples:
    """The run's examples; home: its folder, where a table of the user's own lies.

    `progress` is called while a hub is waited for. Raises `LabError`, and what `progress` raises.
    """
    if table_files.needs_table(config):
        if home is None:
            raise ConfigError("data.table_gone")
        return of_table(table_files.load(home, table_files.digest_of(config)), config)
    if config.dataset == "reviews":
        from fda_core.data.reviews import LABELS, reviews

        data = reviews(config.train_examples, config.test_examples)
        return Examples(split_of(data["train"]), split_of(data["test"]), LABELS)
    from fda_core.data import hub_datasets

    return hub_datasets.examples(config, progress)
