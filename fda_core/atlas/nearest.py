"""The cell of the atlas that is nearest to somebody's settings, for a picture before anything was started."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log

from fda_core.atlas.cells import BASELINE, RACE, Cell, Run, specs
from fda_core.atlas.curves import Atlas
from fda_core.atlas.opponents import FEWEST, seeds_of
from fda_core.settings.config import ExperimentConfig, LaneSpec

# Of a configuration, what a run may have for itself and still be one of a cell; clients_per_round has two spellings.
FREE = {
    "preset", "seed", "lanes", "rounds", "local_epochs", "target", "after_target_rounds", "link", "clients_per_round",
}  # fmt: skip


def shown(atlas: Atlas) -> list[Cell]:
    """The cells in which the lanes of a race were played on enough seeds that count."""
    return sorted(cell for cell in {run.cell for run in atlas.curves} if len(seeds_of(atlas, cell, *RACE)) >= FEWEST)


def nearest(atlas: Atlas, config: ExperimentConfig) -> Cell | None:
    """By ratios of clients, α and both rates; None where the atlas has nothing of the server optimiser."""
    found = candidates(atlas, config)
    return min(found, key=lambda cell: distance(cell, config)) if found else None


def neighbours(
    atlas: Atlas, config: ExperimentConfig, alphas: Sequence[float], clients: Sequence[int]
) -> list[list[Cell]]:
    """The nearest for each α, and in that for each number of clients, everything else as it is; [] where there is none
    of the server optimiser."""
    found = candidates(atlas, config)
    if not found:
        return []
    here = Cell(client_lr=config.client_lr, server_lr=config.server_lr)
    places = [[replace(here, clients=n, alpha=alpha) for n in clients] for alpha in alphas]
    return [[min(found, key=lambda cell: distance(cell, place)) for place in row] for row in places]


def candidates(atlas: Atlas, config: ExperimentConfig) -> list[Cell]:
    """Those that are shown, with the same server optimiser."""
    return [cell for cell in shown(atlas) if cell.server == config.server_optimizer]


def distance(cell: Cell, config: ExperimentConfig | Cell) -> float:
    """0 for the same; a factor of two counts alike in each of them."""
    names = ("clients", "alpha", "client_lr", "server_lr")
    return sum(abs(log(getattr(cell, name) / getattr(config, name))) for name in names)


def exact(cell: Cell, config: ExperimentConfig) -> bool:
    """Whether a run with these settings is one of the cell's, and its lanes are among those of a race there."""
    played = Run(cell, BASELINE, 0).config()
    ours, theirs = (each.model_dump(exclude=FREE) | {"cohort": each.cohort_size} for each in (config, played))
    return ours == theirs and timetables(config.lanes) <= timetables(specs(RACE))


def timetables(lanes: Iterable[LaneSpec]) -> set[str]:
    """What the lanes do, whatever they are called."""
    return {lane.model_dump_json(exclude={"id"}) for lane in lanes}
