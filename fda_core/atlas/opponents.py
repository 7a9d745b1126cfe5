"""What FDA-OPT saves in the atlas, and from whom: against the same target, seed by seed.

The target is a share of the best accuracy that FedOpt E=1 showed on that seed at its peak-optimal rate, the client rate
at which it got highest on the tuning seeds. FDA-OPT is played at that rate. Opponents: FedOpt E=1 at it, as the authors
chose theirs; FedOpt E=1 at its fastest rate; the best fixed E at the peak-optimal rate. So that no side is tuned alone,
FDA-OPT is also played at the rate that is fastest for it: against E=1 and against the best E, each at its fastest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Literal, get_args

import numpy as np

from fda_core.analysis.comparison import median_of_all
from fda_core.analysis.saving import Saving, Spent
from fda_core.atlas.cells import (
    BASELINE,
    FEDOPT,
    LANES,
    OURS,
    PEERS,
    PROTOCOL,
    RACE,
    SERVERS,
    TUNED,
    TUNING_SEEDS,
    Cell,
    Run,
)
from fda_core.atlas.curves import Atlas, Curve

SHARES = (0.90, 0.95, 0.99)
FEWEST = 3  # seeds that a verdict rests on
Opponent = Literal["peak", "fastest", "both_fastest", "best_e", "best_e_fastest"]
Cost = Callable[[Curve, float, bool], Spent]
OPPONENTS: tuple[Opponent, ...] = get_args(Opponent)


@dataclass(frozen=True)
class Finding:
    """FDA-OPT against `opponent`, a lane: each in a cell of its own, where their rates differ."""

    opponent: Opponent
    lane: str
    cell: Cell
    ours: Cell
    saving: Saving


def rates_of(atlas: Atlas, cell: Cell, lane: str, seeds: tuple[int, ...]) -> list[Cell]:
    """The cells that differ from this one in the client's rate at most, and have the lane on all these seeds."""
    found = {run.cell for run in atlas.curves if replace(run.cell, client_lr=cell.client_lr) == cell}
    return sorted(c for c in found if all(Run(c, lane, seed) in atlas.curves for seed in seeds))


def comparable(atlas: Atlas, cell: Cell) -> bool:
    """Whether the setting's rates were tried on the tuning seeds, FDA-OPT was played on others at the best of them, and
    FedOpt E=1 there at other rates too: otherwise its fastest is not known."""
    if len(rates_of(atlas, cell, BASELINE, TUNING_SEEDS)) < 2:
        return False
    seeds = seeds_of(atlas, peak(atlas, cell), BASELINE, OURS)
    return len(seeds) >= FEWEST and len(rates_of(atlas, cell, BASELINE, seeds[:FEWEST])) > 1


def peak(atlas: Atlas, cell: Cell) -> Cell:
    """The cell of the peak-optimal rate: the highest best accuracy of FedOpt E=1, a mean over the tuning seeds."""
    tried = rates_of(atlas, cell, BASELINE, TUNING_SEEDS)
    return max(tried, key=lambda c: mean(atlas.curves[Run(c, BASELINE, seed)].accuracy.max() for seed in TUNING_SEEDS))


def seeds_of(atlas: Atlas, cell: Cell, *lanes: str) -> tuple[int, ...]:
    """Those on which all the lanes were played, without the tuning seeds."""
    known = {run.seed for run in atlas.curves if run.cell == cell} - set(TUNING_SEEDS)
    return tuple(sorted(seed for seed in known if all(Run(cell, lane, seed) in atlas.curves for lane in lanes)))


def spent(curve: Curve, target: float, held: bool) -> Spent:
    """Bytes. held: the target counts as reached with the second of two rounds in a row that meet it, else the first."""
    return until(curve.bytes_total, curve, target, held)


def trained(curve: Curve, target: float, held: bool) -> Spent:
    """Local epochs, up to the same round."""
    return until(curve.epochs.cumsum(), curve, target, held)


def until(by_then: np.ndarray, curve: Curve, target: float, held: bool) -> Spent:
    """by_then: [rounds + 1] what the lane had spent after each round."""
    at = reached_at(curve.accuracy >= target, held)
    return Spent(None if at is None else float(by_then[at]), float(by_then[-1]))


def reached_at(met: np.ndarray, held: bool) -> int | None:
    """The round in which a target counts as reached. met: [rounds + 1] whether each meets it, the untrained model
    first, which does not count."""
    trained = met[1:]
    at = np.flatnonzero(trained[1:] & trained[:-1]) + 2 if held else np.flatnonzero(trained) + 1
    return int(at[0]) if len(at) else None


def targets(atlas: Atlas, cell: Cell, share: float) -> dict[int, float]:
    """By seed; `cell` is the one of the peak-optimal rate."""
    seeds = seeds_of(atlas, cell, BASELINE)
    return {seed: share * float(atlas.curves[Run(cell, BASELINE, seed)].accuracy.max()) for seed in seeds}


def against(
    atlas: Atlas, ours: Run, theirs: Run, target: dict[int, float], held: bool, cost: Cost = spent
) -> Saving:  # fmt: skip
    """Two lanes over all seeds that have both; the seeds of the runs given do not matter."""
    pairs = []
    for seed, value in target.items():
        both = replace(ours, seed=seed), replace(theirs, seed=seed)
        if all(run in atlas.curves for run in both):
            mine, other = (cost(atlas.curves[run], value, held) for run in both)
            pairs.append((mine, other))
    return Saving(pairs)


def at_equal_settings(atlas: Atlas, cell: Cell, seeds: tuple[int, ...], accuracy: float) -> Saving:
    """FDA-OPT against FedOpt E=1 of the same cell, to an accuracy, a share of 1, that is held."""
    return against(atlas, Run(cell, OURS, 0), Run(cell, BASELINE, 0), dict.fromkeys(seeds, accuracy), held=True)


def against_e1(atlas: Atlas, cell: Cell, lane: str, seeds: tuple[int, ...], share: float, held: bool) -> Saving:
    """A lane against FedOpt E=1 of the same cell, to a share of the best accuracy that this showed there."""
    wanted = {seed: value for seed, value in targets(atlas, cell, share).items() if seed in seeds}
    return against(atlas, Run(cell, lane, 0), Run(cell, BASELINE, 0), wanted, held)


def everyone(atlas: Atlas, cell: Cell, share: float, held: bool) -> dict[str, Saving]:
    """All lanes but FedOpt E=1 against it, in a cell: those played on enough seeds."""
    seeds = {lane: seeds_of(atlas, cell, BASELINE, lane) for lane in LANES if lane != BASELINE}
    return {
        lane: against_e1(atlas, cell, lane, some, share, held) for lane, some in seeds.items() if len(some) >= FEWEST
    }


def peers(atlas: Atlas, share: float, held: bool) -> dict[str, Saving]:
    """FDA-OPT and the peers of the idea against FedOpt E=1 at the protocol cell: those played on enough seeds."""
    found = everyone(atlas, PROTOCOL, share, held)
    return {lane: found[lane] for lane in (OURS, *PEERS) if lane in found}


def at_servers(atlas: Atlas, share: float, held: bool) -> dict[Cell, dict[str, Saving]]:
    """FDA-OPT against each FedOpt of a race, at the adaptive servers' own rates: the cells with enough seeds."""
    others = [lane for lane in RACE if lane != OURS]
    return {
        cell: {lane: against(atlas, Run(cell, OURS, 0), Run(cell, lane, 0), target, held) for lane in others}
        for cell, target in targets_at_servers(atlas, share).items()
    }


def targets_at_servers(atlas: Atlas, share: float) -> dict[Cell, dict[int, float]]:
    """By cell with enough seeds, then by seed on which all lanes of a race were played."""
    found = {}
    for cell in SERVERS:
        if len(seeds := seeds_of(atlas, cell, *RACE)) >= FEWEST:
            found[cell] = {seed: value for seed, value in targets(atlas, cell, share).items() if seed in seeds}
    return found


def at_peak(atlas: Atlas, alpha: float, share: float) -> dict[Cell, tuple[Saving, Saving]]:
    """FDA-OPT and FedOpt E=1 in bytes, E=1 and FDA-OPT in local epochs, up to the first crossing of the target: in
    every cell with this α in which the client's rate, or the adaptive server's, is the one at which E=1 gets highest.

    In local epochs E=1 comes first: a ratio is how many times as many FDA-OPT trains.
    """
    tuned = [peak(atlas, cell) for cell in TUNED if comparable(atlas, cell)]
    wanted = {cell: targets(atlas, cell, share) for cell in tuned} | targets_at_servers(atlas, share)
    found = {}
    for cell, target in wanted.items():
        if cell.alpha == alpha:
            ours, base = Run(cell, OURS, 0), Run(cell, BASELINE, 0)
            epochs = against(atlas, base, ours, target, held=False, cost=trained)
            found[cell] = (against(atlas, ours, base, target, held=False), epochs)
    return found


def middle_seed(seeds: tuple[int, ...], saving: Saving) -> int:
    """The one of the saving's seeds that a single run is shown of: neither the best nor the worst."""
    by_ratio = sorted((Saving([pair]).middle or 0, seed) for seed, pair in zip(seeds, saving.pairs, strict=True))
    return by_ratio[len(by_ratio) // 2][1]


def findings(atlas: Atlas, cell: Cell, share: float, held: bool) -> list[Finding]:
    """FDA-OPT against each opponent. cell: any of the setting, whatever its client rate.

    Without the best fixed E where no E but 1 was played on all the seeds, or not at every rate of FDA-OPT's where both
    are at their fastest; and without FDA-OPT's fastest rate where it was played at one rate alone.
    """
    best = peak(atlas, cell)
    target = targets(atlas, best, share)
    seeds = tuple(target)
    at_rates = {seed: target[seed] for seed in seeds[:FEWEST]}  # a rate may have been played on fewer than another

    def cheapest(runs: list[Run], wanted: dict[int, float]) -> Run:
        """The peak-optimal rate's where nobody gets there."""
        first = sorted(runs, key=lambda run: run.cell != best)
        return min(first, key=lambda run: median_bytes(atlas, run, wanted, held))

    played = {lane: played_at(atlas, cell, lane, tuple(at_rates)) for lane in (*FEDOPT, OURS)}
    ours_at = [run.cell for run in played[OURS]]
    schedules = [Run(best, lane, 0) for lane in lanes_at(atlas, [best], seeds)]
    at_peak, fastest = Run(best, OURS, 0), cheapest(played[BASELINE], at_rates)
    pairs: dict[Opponent, tuple[Run, Run]] = {"peak": (at_peak, Run(best, BASELINE, 0)), "fastest": (at_peak, fastest)}
    if len(ours_at) > 1:
        pairs["both_fastest"] = (cheapest(played[OURS], at_rates), fastest)
    if len(schedules) > 1:
        pairs["best_e"] = (at_peak, cheapest(schedules, target))
    if "both_fastest" in pairs and len(lanes_at(atlas, ours_at, tuple(at_rates))) > 1:
        ours, _ = pairs["both_fastest"]
        pairs["best_e_fastest"] = (ours, cheapest([run for lane in FEDOPT for run in played[lane]], at_rates))
    return [
        Finding(opponent, other.lane, other.cell, mine.cell, against(atlas, mine, other, target, held))
        for opponent, (mine, other) in pairs.items()
    ]


def played_at(atlas: Atlas, cell: Cell, lane: str, seeds: tuple[int, ...]) -> list[Run]:
    """The lane at every client rate at which it has all the seeds."""
    return [Run(c, lane, 0) for c in rates_of(atlas, cell, lane, seeds)]


def lanes_at(atlas: Atlas, rates: Sequence[Cell], seeds: tuple[int, ...]) -> list[str]:
    """The lanes of FedOpt that were played on all these seeds at all these rates: one with fewer may owe its place to
    the others' seeds."""
    return [lane for lane in FEDOPT if all(Run(cell, lane, seed) in atlas.curves for cell in rates for seed in seeds)]


def median_bytes(atlas: Atlas, run: Run, target: dict[int, float], held: bool) -> float:
    """Of a lane over the seeds it was played on; infinite for a seed that missed the target."""
    found = [
        spent(atlas.curves[one], value, held).to_target
        for seed, value in target.items()
        if (one := replace(run, seed=seed)) in atlas.curves
    ]
    return median_of_all(found)
