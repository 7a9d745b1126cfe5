"""How lanes go on after an interruption: from their checkpoints, and from the beginning where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fda_core.algorithm.checkpoint import Checkpoint, State

if TYPE_CHECKING:
    from fda_core.federation.engine import Lane

PARTS = ("server", "rule", "monitor", "judge")  # of a lane; they know their own state


@dataclass(frozen=True)
class Resumption:
    """Where an interrupted run stands: rounds on record by lane, lanes that have ended, the checkpoints there are.

    facts: those of its beginning.
    """

    recorded: Mapping[str, int]
    ended: frozenset[str] = frozenset()
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Restorable:
    """What a lane is between two rounds, and how another of the same experiment takes it over."""

    def state(self) -> State:
        parts = {name: getattr(self, name).state() for name in PARTS}
        return parts | {"clock": self.clock, "bytes_total": self.ledger.total}

    def checkpoint(self) -> Checkpoint:
        """The tensors are the lane's own: they change with its next round."""
        return Checkpoint(self.round, self.state())

    def restore(self, checkpoint: Checkpoint) -> None:
        for name in PARTS:
            getattr(self, name).restore(checkpoint.state[name])
        self.clock, self.ledger.total = checkpoint.state["clock"], checkpoint.state["bytes_total"]
        while self.round < checkpoint.round:
            self.round += 1
            next(self.cohorts)


def taken_up(lanes: list[Lane], resumption: Resumption) -> list[Lane]:
    """The lanes that have not ended, at their checkpoints."""
    racing = [lane for lane in lanes if lane.spec.id not in resumption.ended]
    for lane in racing:
        if checkpoint := resumption.checkpoints.get(lane.spec.id):
            lane.restore(checkpoint)
    return racing
