"""What the preset's target costs at each client rate, timetable by timetable: what FDA-OPT saves, and from whom."""

from typing import NamedTuple

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import BASELINE, DEFAULT, FEDOPT, OURS, Cell, Run
from fda_core.atlas.default_cell import target
from fda_core.atlas.file import Atlas
from fda_core.atlas.opponents import against, median_bytes, rates_of, seeds_of


class Square(NamedTuple):
    """bytes: to the target, the median over the seeds; infinite where no more than half of them got there."""

    lane: str
    rate: float
    bytes: float
    seeds: int


def cells(atlas: Atlas) -> list[Cell]:
    """The preset's cell at every client rate at which FDA-OPT and FedOpt E=1 met on at least one seed."""
    return [cell for cell in rates_of(atlas, DEFAULT, OURS, ()) if seeds_of(atlas, cell, BASELINE, OURS)]


def squares(atlas: Atlas) -> list[Square]:
    """Of every timetable, by E, then of FDA-OPT; what was not played is left out."""
    found = []
    for lane in (*FEDOPT, OURS):
        for cell in cells(atlas):
            if seeds := seeds_of(atlas, cell, lane):
                wanted = dict.fromkeys(seeds, target())
                spent = median_bytes(atlas, Run(cell, lane, 0), wanted, held=True)
                found.append(Square(lane, cell.client_lr, spent, len(seeds)))
    return found


def savings(atlas: Atlas) -> dict[float, Saving]:
    """FDA-OPT against FedOpt E=1 at the same rate, by rate."""
    return {
        cell.client_lr: against(
            atlas, Run(cell, OURS, 0), Run(cell, BASELINE, 0),
            dict.fromkeys(seeds_of(atlas, cell, BASELINE, OURS), target()), held=True,
        )
        for cell in cells(atlas)
    }  # fmt: skip
