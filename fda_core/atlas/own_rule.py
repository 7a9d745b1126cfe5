"""Whether the tapered rule, which is ours, does what it was made for.

It is kept if it holds 99 % of the best accuracy of FedOpt E=1 for at least two times fewer bytes than E=1 on most seeds
of the protocol cell, and loses to E=1 in no cell and by no definition by which the published rule wins. That was the
condition before any of these seeds was played with it. Where it was ended before it could have lost, that is open.
"""

from dataclasses import dataclass
from typing import Literal

from fda_core.analysis.saving import Saving, compared, times
from fda_core.atlas.cells import BASELINE, OURS, PROTOCOL, TAPERED, Cell
from fda_core.atlas.curves import Atlas
from fda_core.atlas.opponents import FEWEST, SHARES, against_e1, seeds_of

END, WAY, ENOUGH = 0.99, 0.95, 2.0
Verdict = Literal["kept", "dropped", "undecided"]
Case = tuple[Cell, float, bool]  # share of the best accuracy, and whether it has to be held


@dataclass(frozen=True)
class Attempt:
    """enough: seeds of the protocol cell, of `seeds`, with the saving that was asked for at the end. lost: where the
    published rule wins against E=1 and ours loses, open: where that is not decided, of so many `wins` of the published
    one, in so many `cells` of all those (`could`) in which it wins. on_the_way: at the protocol cell, to `WAY` of the
    best accuracy, held, the published rule and ours against E=1."""

    enough: int
    seeds: int
    wins: int
    lost: list[Case]
    open: list[Case]
    cells: int
    could: int
    on_the_way: tuple[Saving, Saving]

    @property
    def verdict(self) -> Verdict:
        """As the rule of this module says."""
        if 2 * self.enough <= self.seeds or self.lost:
            return "dropped"
        return "undecided" if self.open else "kept"


def cells(atlas: Atlas) -> list[Cell]:
    """Those in which both rules and E=1 were played on enough seeds."""
    found = {run.cell for run in atlas.curves if run.lane == TAPERED}
    return sorted(cell for cell in found if len(seeds_of(atlas, cell, BASELINE, OURS, TAPERED)) >= FEWEST)


def attempt(atlas: Atlas) -> Attempt | None:
    """None before the protocol cell has been played on enough seeds."""
    if PROTOCOL not in (played := cells(atlas)):
        return None
    end = saved(atlas, (PROTOCOL, END, True), TAPERED)
    enough = [(ratio := times(*pair)) is not None and ratio >= ENOUGH for pair in end.pairs]
    won = [case for cell in played for case in cases(cell) if said(saved(atlas, case, OURS)) == "fewer"]
    lost, open = ([case for case in won if said(saved(atlas, case, TAPERED)) == word] for word in ("more", "open"))
    could = [cell for cell in raced(atlas) if any(said(published(atlas, case)) == "fewer" for case in cases(cell))]
    ways = saved(atlas, (PROTOCOL, WAY, True), OURS), saved(atlas, (PROTOCOL, WAY, True), TAPERED)
    return Attempt(sum(enough), len(enough), len(won), lost, open, len({case[0] for case in won}), len(could), ways)


def cases(cell: Cell) -> list[Case]:
    """All definitions in a cell."""
    return [(cell, share, held) for share in SHARES for held in (False, True)]


def raced(atlas: Atlas) -> list[Cell]:
    """Those in which the published rule and E=1 were played on enough seeds."""
    found = {run.cell for run in atlas.curves}
    return [cell for cell in found if len(seeds_of(atlas, cell, BASELINE, OURS)) >= FEWEST]


def published(atlas: Atlas, case: Case) -> Saving:
    """The published rule against E=1, on all seeds that have both."""
    cell, share, held = case
    return against_e1(atlas, cell, OURS, seeds_of(atlas, cell, BASELINE, OURS), share, held)


def saved(atlas: Atlas, case: Case, lane: str) -> Saving:
    """One of the two rules against E=1, on the seeds that have both."""
    cell, share, held = case
    return against_e1(atlas, cell, lane, seeds_of(atlas, cell, OURS, TAPERED), share, held)


def said(saving: Saving) -> str:
    """Of the seeds together; nothing where neither got there."""
    if saving.standing == "ratio":
        return compared(1, saving.middle or 0)
    return {"missed": "more", "alone": "fewer", "undecided": "open", "neither": ""}[saving.standing]
