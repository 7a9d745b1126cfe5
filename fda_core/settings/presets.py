"""Named experiments, one small TOML file each in `presets/`; `default` is what the defaults of the fields give."""

from pathlib import Path
from typing import Any

from fda_core.settings import glue
from fda_core.settings.assignments import from_toml, merge
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError

FOLDER = Path(__file__).parent / "presets"


def names() -> list[str]:
    """`default` first, then the others in alphabetical order."""
    return sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda name: (name != "default", name))


def settings(name: str) -> dict[str, Any]:
    """What the preset's file says, and its name. Raises `ConfigError`."""
    if name not in names():
        raise ConfigError("settings.no_preset", name=name, names=", ".join(names()))
    return from_toml(FOLDER / f"{name}.toml") | {"preset": name}


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
