"""What a target costs at each client rate, timetable by timetable and α by α: what FDA-OPT saves, and from whom."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import BASELINE, DEFAULT, FEDOPT, OURS, Cell, Run
from fda_core.atlas.curves import Atlas
from fda_core.atlas.default_cell import target
from fda_core.atlas.opponents import (
    FEWEST,
    against,
    at_equal_settings,
    median_bytes,
    rates_of,
    seeds_of,
    spent,
    targets,
)


class Square(NamedTuple):
    """bytes: to the target, the median over the seeds; infinite where no more than half of them got there. reached: on
    how many of the seeds."""

    lane: str
    rate: float
    bytes: float
    seeds: int
    reached: int


def cells(atlas: Atlas) -> list[Cell]:
    """The preset's cell at every client rate at which FDA-OPT and FedOpt E=1 met on enough seeds."""
    return [c for c in rates_of(atlas, DEFAULT, OURS, ()) if len(seeds_of(atlas, c, BASELINE, OURS)) >= FEWEST]


def squares(atlas: Atlas) -> list[Square]:
    """Of every timetable, by E, then of FDA-OPT; what was not played on enough seeds is left out."""
    found = []
    for lane in (*FEDOPT, OURS):
        for cell in cells(atlas):
            if len(seeds := seeds_of(atlas, cell, lane)) >= FEWEST:
                middle = median_bytes(atlas, Run(cell, lane, 0), dict.fromkeys(seeds, target()), held=True)
                each = [spent(atlas.curves[Run(cell, lane, seed)], target(), held=True) for seed in seeds]
                reached = sum(one.to_target is not None for one in each)
                found.append(Square(lane, cell.client_lr, middle, len(seeds), reached))
    return found


def cheapest(known: Sequence[Square]) -> tuple[Square, Square] | None:
    """FDA-OPT's, and that of all timetables which got there as often at least, as a share of the seeds; None where
    there is none."""
    ours = min((s for s in known if s.lane == OURS and s.bytes < inf), key=lambda s: s.bytes, default=None)
    if ours is None:
        return None
    often = [s for s in known if s.lane != OURS and s.reached * ours.seeds >= ours.reached * s.seeds]
    theirs = min(often, key=lambda s: s.bytes, default=None)
    return theirs and (ours, theirs)


def savings(atlas: Atlas) -> dict[float, Saving]:
    """FDA-OPT against FedOpt E=1 at the same rate, by rate."""
    return {
        cell.client_lr: at_equal_settings(atlas, cell, seeds_of(atlas, cell, BASELINE, OURS), target())
        for cell in cells(atlas)
    }


def everywhere(atlas: Atlas, setting: Cell, theirs: str, share: float) -> dict[Cell, Saving]:
    """FDA-OPT against a lane of FedOpt in a setting at every α and client rate that was played on enough seeds, to a
    share, held, of the best accuracy that FedOpt E=1 showed on that seed in the same cell."""
    usual, rate = setting.alpha, setting.client_lr
    like = {run.cell for run in atlas.curves if replace(run.cell, alpha=usual, client_lr=rate) == setting}
    found = {}
    for cell in sorted(like):
        if len(seeds := seeds_of(atlas, cell, BASELINE, theirs, OURS)) >= FEWEST:
            wanted = {seed: value for seed, value in targets(atlas, cell, share).items() if seed in seeds}
            found[cell] = against(atlas, Run(cell, OURS, 0), Run(cell, theirs, 0), wanted, held=True)
    return found
