"""What the preset Default comes to over all its seeds in the atlas: the figures that pages repeat."""

from fda_core.analysis.saving import Saving
from fda_core.analysis.summary import Cost
from fda_core.atlas.cells import BASELINE, DEFAULT, FEDOPT, OURS, Run
from fda_core.atlas.curves import Atlas, Curve
from fda_core.atlas.default_cell import WANTED, target
from fda_core.atlas.headline import Headline
from fda_core.atlas.opponents import FEWEST, against, median_bytes, middle_seed, rates_of, reached_at, seeds_of
from fda_core.settings.config import Target


def seeds(atlas: Atlas) -> tuple[int, ...]:
    """Those on which all lanes of the cell were played."""
    return seeds_of(atlas, DEFAULT, *WANTED)


def cost(curve: Curve, goal: Target) -> Cost | None:
    """What the lane had spent at the second of the first two rounds in a row that meet it; no clock is kept."""
    met = curve.accuracy >= goal.value if goal.metric == "accuracy" else curve.test_loss <= goal.value
    if (end := reached_at(met, held=True)) is None:
        return None
    return Cost(end, int(curve.epochs[: end + 1].sum()), int(curve.bytes_total[end]), float("nan"))


def costs(atlas: Atlas, lane: str) -> list[Cost | None]:
    """Seed by seed."""
    return [cost(atlas.curves[Run(DEFAULT, lane, seed)], Target(value=target())) for seed in seeds(atlas)]


def saving(atlas: Atlas, theirs: str = BASELINE, ours: str = OURS) -> Saving:
    """FDA-OPT against a lane of FedOpt, at equal settings."""
    wanted = dict.fromkeys(seeds(atlas), target())
    return against(atlas, Run(DEFAULT, ours, 0), Run(DEFAULT, theirs, 0), wanted, held=True)


def best_schedule(atlas: Atlas) -> str:
    """The lane of FedOpt that needs the fewest bytes in the median, which nobody knows beforehand; of those that got
    there on as many seeds as FDA-OPT at least, if there are some."""
    wanted = dict.fromkeys(seeds(atlas), target())
    reached = {lane: sum(map(bool, costs(atlas, lane))) for lane in (*FEDOPT, OURS)}
    sure = [lane for lane in FEDOPT if reached[lane] >= reached[OURS]] or FEDOPT
    return min(sure, key=lambda lane: median_bytes(atlas, Run(DEFAULT, lane, 0), wanted, held=True))


def fastest(atlas: Atlas) -> tuple[float, Saving]:
    """FDA-OPT as the preset has it against FedOpt E=1 at the client rate at which that needs the fewest bytes."""
    some = seeds(atlas)[:FEWEST]
    runs = [Run(cell, BASELINE, 0) for cell in rates_of(atlas, DEFAULT, BASELINE, some)]
    best = min(runs, key=lambda run: median_bytes(atlas, run, dict.fromkeys(some, target()), held=True))
    wanted = dict.fromkeys(seeds(atlas), target())
    return best.cell.client_lr, against(atlas, Run(DEFAULT, OURS, 0), best, wanted, held=True)


def median_seed(atlas: Atlas) -> int:
    """The seed that a single run is shown of: its ratio to FedOpt E=1 is the one in the middle."""
    return middle_seed(seeds(atlas), saving(atlas))


def headline(atlas: Atlas) -> dict | None:
    """The three savings as the card keeps them; None without a seed on which all lanes were played."""
    if not seeds(atlas):
        return None
    (rate, faster), best = fastest(atlas), best_schedule(atlas)
    return Headline(saving(atlas), rate, faster, best, saving(atlas, best)).to_json()
