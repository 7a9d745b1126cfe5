"""Where an interrupted run goes on: each lane from its checkpoint, or from the beginning where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fda_core.algorithm.checkpoint import Checkpoint


@dataclass(frozen=True)
class Resumption:
    """Where an interrupted run stands: rounds on record by lane, lanes that have ended, the checkpoints there are.

    facts: those of its beginning.
    """

    recorded: Mapping[str, int]
    ended: frozenset[str] = frozenset()
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
