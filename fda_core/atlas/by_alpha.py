"""What the atlas has of the preset Default at other values of α: all lanes of a race over all its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from fda_core.analysis.effects import mean_epochs
from fda_core.analysis.saving import Saving
from fda_core.analysis.summary import Cost
from fda_core.atlas.cells import DEFAULT, RACE, Cell, Run
from fda_core.atlas.curves import Atlas, Curve
from fda_core.atlas.default_cell import target
from fda_core.atlas.default_figures import cost
from fda_core.atlas.nearest import distance, shown
from fda_core.atlas.opponents import at_equal_settings, seeds_of
from fda_core.settings.config import Target


@dataclass(frozen=True)
class LaneSeeds:
    """A lane seed by seed. costs: to the target, None where it was not reached; epochs: the mean of a round; best:
    accuracy, a share of 1."""

    costs: tuple[Cost | None, ...]
    epochs: tuple[float, ...]
    best: tuple[float, ...]

    @property
    def reached(self) -> int:
        """On how many seeds."""
        return sum(found is not None for found in self.costs)

    @property
    def middle_epochs(self) -> float:
        """The median over the seeds."""
        return median(self.epochs)

    @property
    def middle_best(self) -> float:
        """The median over the seeds."""
        return median(self.best)


@dataclass(frozen=True)
class Played:
    """A cell of the atlas. saving: FDA-OPT against FedOpt E=1 to the preset's target; lanes: by id."""

    cell: Cell
    saving: Saving
    lanes: dict[str, LaneSeeds]

    @property
    def runs(self) -> int:
        """Of each lane."""
        return len(self.saving.pairs)


def by_alpha(atlas: Atlas) -> list[Played]:
    """The cells that differ from the preset Default in α at most, the most alike clients first."""
    cells = [cell for cell in shown(atlas) if replace(cell, alpha=DEFAULT.alpha) == DEFAULT]
    return [played(atlas, cell) for cell in sorted(cells, key=lambda cell: -cell.alpha)]


def nearest_to(alpha: float, cells: Sequence[Played]) -> Played:
    """By the ratio of both α."""
    return min(cells, key=lambda each: distance(each.cell, replace(each.cell, alpha=alpha)))


def played(atlas: Atlas, cell: Cell) -> Played:
    """Over the seeds on which all lanes of a race were played."""
    seeds = seeds_of(atlas, cell, *RACE)
    saving = at_equal_settings(atlas, cell, seeds, target())
    return Played(cell, saving, {lane: lane_seeds([atlas.curves[Run(cell, lane, seed)] for seed in seeds])
                                 for lane in RACE})  # fmt: skip


def lane_seeds(curves: Sequence[Curve]) -> LaneSeeds:
    """Of one lane; the untrained model is not its best."""
    goal = Target(value=target())
    return LaneSeeds(
        tuple(cost(curve, goal) for curve in curves),
        tuple(mean_epochs(curve.epochs[1:].tolist()) or 0.0 for curve in curves),
        tuple(float(curve.accuracy[1:].max()) for curve in curves),
    )
