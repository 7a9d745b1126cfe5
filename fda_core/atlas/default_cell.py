"""The cell of the atlas that the preset Default is: its lanes and its target."""

from functools import cache

from fda_core.atlas.cells import FEDOPT, LOCAL_EPOCHS, OURS, TAPERED, specs
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec

WANTED = (*FEDOPT, OURS, "fda-smoothed", TAPERED)


def lanes() -> list[LaneSpec]:
    """FedOpt by its E, then FDA-OPT as published, smoothed and tapered."""
    return [*specs(WANTED)]


def experiment() -> ExperimentConfig:
    """The same lanes, to be played live."""
    specs = [lane.model_dump(exclude_none=True) for lane in lanes()]
    return presets.build({"lanes": specs, "local_epochs": LOCAL_EPOCHS})


def is_default(config: ExperimentConfig) -> bool:
    """Whether an experiment is of this cell, whatever its seed and its lanes, and how long it may go on."""
    free = {"preset", "seed", "lanes", "rounds", "local_epochs", "after_target_rounds", "link"}
    same = config.model_dump(exclude=free) == presets.build().model_dump(exclude=free)
    return same and all(lane.server is None for lane in config.lanes)


@cache
def target() -> float:
    """The preset's: accuracy, a share of 1, met in two rounds in a row."""
    return presets.build().target.value
