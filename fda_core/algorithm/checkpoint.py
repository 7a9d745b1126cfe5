"""A lane's state after a round, on disk: from it the lane goes on as if nothing had happened.

Generators are not in it, because every random number has a stream of its own (`streams.py`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fda_core.support.errors import LabError
from fda_core.support.files import replace_whole
from fda_core.support.messages import because

State = dict[str, Any]  # nested; leaves are tensors or what JSON has
ROUND, VALUES = "round", "values"


class CheckpointError(LabError):
    """A checkpoint that cannot be written or read."""


@dataclass(frozen=True)
class Checkpoint:
    """What a lane was after so many rounds."""

    round: int
    state: State


Keep = Callable[[str, Checkpoint], None]  # takes a lane's newest one


def save(checkpoint: Checkpoint, file: Path) -> None:
    """Replaces the file in one step. Raises `CheckpointError`, in a sentence, and leaves the old one."""
    from safetensors.torch import save as to_bytes

    tensors, values = split(checkpoint.state)
    metadata = {ROUND: str(checkpoint.round), VALUES: json.dumps(values)}
    data = to_bytes({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, metadata)
    try:
        file.parent.mkdir(exist_ok=True)
        replace_whole(file, data)
    except OSError as error:
        raise CheckpointError("runs.not_written", path=file, reason=because(error)) from None


def load(file: Path) -> Checkpoint:
    """Raises `CheckpointError` for a file that is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as inside:
            metadata = inside.metadata()
            tensors = {name: inside.get_tensor(name) for name in inside.keys()}  # noqa: SIM118 - not a dict
        return Checkpoint(int(metadata[ROUND]), join(tensors, json.loads(metadata[VALUES])))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError("runs.no_checkpoint", file=file, error=str(error)) from None


def split(state: State, stem: str = "") -> tuple[dict[str, Any], State]:
    """Tensors by dotted name, and the rest as it was nested."""
    tensors: dict[str, Any] = {}
    values: State = {}
    for name, value in state.items():
        if isinstance(value, dict):
            inner, values[name] = split(value, f"{stem}{name}.")
            tensors |= inner
        elif hasattr(value, "detach"):
            tensors[stem + name] = value
        else:
            values[name] = value
    return tensors, values


def join(tensors: Mapping[str, Any], values: State) -> State:
    """Undoes `split`."""
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        place = values
        for part in path:
            place = place[part]
        place[last] = tensor
    return values
