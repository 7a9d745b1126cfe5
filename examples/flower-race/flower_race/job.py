"""The experiment that the run's settings name, prepared as the lab's engine prepares it, once a process."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from fda_core.settings.config import ExperimentConfig
from fda_core.setup import Prepared, prepare


def experiment(run: Mapping[str, Any]) -> Prepared:
    """run: the run's settings. Raises what `prepare` raises."""
    torch.set_num_threads(int(run["threads"]))
    return prepared(str(run["experiment"]), not run["plain"])


@cache
def prepared(file: str, fast: bool) -> Prepared:
    """Outputs of the frozen layers are on disk, if the experiment was prepared on this machine before."""
    return prepare(ExperimentConfig(**json.loads(Path(file).read_text())), fast=fast)
