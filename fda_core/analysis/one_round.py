"""One round of one lane, from its events: what was measured after each local epoch, and what decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from fda_core.algorithm.events import Epoch, Event, Round
from fda_core.settings.config import ExperimentConfig, LaneSpec


@dataclass(frozen=True)
class Look:
    """threshold: the Θ in force, None in a first round and for FedOpt; last: the number of the lane's last round."""

    lane: LaneSpec
    epochs: tuple[Epoch, ...]
    round: Round
    threshold: float | None
    last: int


def look(events: Sequence[Event], config: ExperimentConfig, lane: str, number: int) -> Look | None:
    """Round `number` (from 1) of a lane, or the nearest it has; None without any."""
    rounds = [event for event in events if isinstance(event, Round) and event.lane == lane]
    if not rounds:
        return None
    found = min(rounds, key=lambda event: abs(event.round - number))
    epochs = tuple(e for e in events if isinstance(e, Epoch) and e.lane == lane and e.round == found.round)
    spec = next(spec for spec in config.lanes if spec.id == lane)
    return Look(spec, epochs, found, epochs[-1].threshold if epochs else None, rounds[-1].round)


def half_way(seen: Look) -> float | None:
    """What the published rule makes of the round, (M/2)/e · Var; None where it is not in force.

    Reference code, `fda_opt.py`.
    """
    if not seen.lane.kind.published or seen.round.variance is None:
        return None
    return (seen.lane.max_epochs / 2) / seen.round.epochs * seen.round.variance
