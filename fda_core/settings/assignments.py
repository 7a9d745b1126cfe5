"""The same configuration as TOML text, as `name=value` words (command line) and as a URL query.

All three are spellings of one thing: a dotted field name and a TOML value.
"""

import json
import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fda_core.settings.config import ExperimentConfig
from fda_core.settings.fields import SETTINGS
from fda_core.support.errors import ConfigError
from fda_core.support.messages import because


def to_toml(config: ExperimentConfig) -> str:
    """A settings file that gives this configuration whatever it is laid over."""
    # A file is laid over a preset: what it leaves out would be the preset's.
    settings = {row.field: row.value(config) for row in SETTINGS if row.reads} | config.to_dict()
    return "".join(f"{name} = {toml_value(value)}\n" for name, value in settings.items())


def from_toml(path: Path | str) -> dict[str, Any]:
    """The settings in a TOML file. Raises `ConfigError` if it cannot be read or is not TOML."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("settings.file_not_read", path=path, reason=because(error)) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError("settings.not_toml", path=path, error=str(error)) from None


def to_query(config: ExperimentConfig, base: ExperimentConfig) -> str:
    """The URL query that turns `base` (the preset) into `config`; the preset's name always stands in it."""
    ours, theirs = config.to_dict(), base.to_dict()
    pairs, follows = {"preset": config.preset}, {row.field: row.follows for row in SETTINGS}
    for name, value in ours.items():
        if isinstance(value, dict):
            pairs |= {
                f"{name}.{key}": bare(part) for key, part in value.items() if part != theirs.get(name, {}).get(key)
            }
        # A rate goes with its optimiser: without it, another optimiser would bring its own.
        elif value != theirs.get(name) or follows.get(name) in pairs:
            pairs[name] = bare(value)
    pairs |= {name: "none" for name in theirs if name not in ours}
    return urlencode(pairs)


DEEPEST = 3  # dots in a name; what follows belongs to a name that is no setting


def from_query(query: str) -> dict[str, Any]:
    """An address's query as nested settings. Raises `ConfigError`."""
    return from_words(f"{name}={value}" for name, value in parse_qsl(query))


def from_words(words: Iterable[str]) -> dict[str, Any]:
    """`["clients=20", "link.rtt_ms=5"]` as nested settings. Raises `ConfigError` for a word that is not name=value."""
    settings: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise ConfigError("settings.no_assignment", word=word)
        *parents, leaf = name.strip().split(".", DEEPEST)
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise ConfigError("settings.twice", name=name.strip())
        place[leaf] = parse_value(value.strip())
    return settings


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it; tables are merged, lists are replaced."""
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = merge(merged[name], value) if both else value
    return merged


def parse_value(text: str) -> Any:
    """A TOML value, or the text itself where it is none; `none` is no value at all."""
    if text == "none":
        return None
    try:
        parsed = tomllib.loads(f"value = {text}")
        return parsed["value"] if len(parsed) == 1 else text
    except (ValueError, RecursionError):  # TOMLDecodeError is one; a number of thousands of digits is a plain one
        return text


def bare(value: Any) -> str:
    """A value as `parse_value` reads it, without quotes where it needs none."""
    return value if isinstance(value, str) and parse_value(value) == value else toml_value(value)


def toml_value(value: Any) -> str:
    """A value of a configuration in TOML, on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key} = {toml_value(part)}" for key, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(toml_value, value)) + "]"
        case float() if not math.isfinite(value):
            return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
        case _:
            return json.dumps(value, ensure_ascii=False)
