"""Named experiments, one small TOML file each in `presets/`; `default` is what the defaults of the fields give."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from fda_core.settings import glue
from fda_core.settings.assignments import from_toml, merge
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError

FOLDER = Path(__file__).parent / "presets"


def names() -> list[str]:
    """`default` first, then the others in alphabetical order."""
    return list(written(FOLDER))


@cache
def written(folder: Path) -> dict[str, dict[str, Any]]:
    """What each file in the folder says, in the order of `names`. Read once: pages ask several times in every draw."""
    files = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != "default", path.stem))
    return {path.stem: from_toml(path) for path in files}


def settings(name: str) -> dict[str, Any]:
    """What the preset's file says, and its name. Raises `ConfigError`."""
    if name not in names():
        raise ConfigError("settings.no_preset", name=name, names=", ".join(names()))
    return deepcopy(written(FOLDER)[name]) | {"preset": name}


def build(changes: dict[str, Any] | None = None, preset: str = "default") -> ExperimentConfig:
    """The preset with `changes` over it (a `preset` among them wins). Raises `ConfigError`."""
    changes = changes or {}
    name = changes.get("preset", preset)
    if not isinstance(name, str):
        raise ConfigError("settings.no_preset", name=name, names=", ".join(names()))
    base = settings(name)
    if changes.get("server_optimizer", base.get("server_optimizer")) != base.get("server_optimizer"):
        base.pop("server_lr", None)  # found for the preset's optimiser
    return ExperimentConfig(**merge(base | glue.defaults(changes.get("dataset")), changes))
