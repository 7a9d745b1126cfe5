"""Several runs side by side: in which settings they differ, and whether they are one experiment with several seeds."""

from collections.abc import Sequence
from math import inf
from statistics import median

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import Cost, cost_to_target
from fda_core.settings.config import ExperimentConfig

# What changes neither the course of a lane nor what it costs.
NO_MATTER = {"preset", "link"}


def differences(configs: Sequence[ExperimentConfig]) -> list[dict[str, object]]:
    """Per experiment its values of the settings in which not all agree, names dotted as in addresses."""
    flat = [_flat(config.model_dump(mode="json", exclude={"preset"})) for config in configs]
    names = dict.fromkeys(name for each in flat for name in each)
    differing = [name for name in names if any(each.get(name) != flat[0].get(name) for each in flat)]
    return [{name: each.get(name) for name in differing} for each in flat]


def _flat(values: dict, above: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return flat


def is_study(configs: Sequence[ExperimentConfig]) -> bool:
    """Whether these are at least two runs of one experiment, each with a seed of its own."""
    rest = [config.model_dump(exclude=NO_MATTER | {"seed"}) for config in configs]
    return len(configs) > 1 and len({c.seed for c in configs}) == len(configs) and all(r == rest[0] for r in rest)


def costs_to_target(runs: Sequence[Sequence[Event]], lane: str) -> list[Cost | None]:
    """What each run's lane had spent when it reached the target; None where it did not, or is not in the run."""
    return [cost_to_target(events, lane) for events in runs]


def middle(values: Sequence[float]) -> tuple[float, float, float]:
    """Lowest, median and highest."""
    return min(values), median(values), max(values)


def median_of_all(values: Sequence[float | None]) -> float:
    """The median over all seeds, None for one that missed the target: it counts as infinite, because a median of those
    that got there would flatter who fails on the hard seeds. Infinite if half of them or more missed it, or for none.
    """
    return median(inf if value is None else value for value in values) if values else inf
