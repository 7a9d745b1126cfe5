"""What was promised of FDA-OPT, claim by claim, and what the tables say to it. Verdicts are computed here, never typed.

Bytes and local training are counted by one definition for the authors' runs and for ours, that of `Crossing`: from
`published_shares.csv`, of the runs that the authors published with their code (arXiv 2505.04535; our analysis), and
from the atlas. Losses are those of `evidence.csv`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np
import pandas as pd

from fda_core.analysis.saving import Saving
from fda_core.evidence.flower import Measured
from fda_core.evidence.measures import CELL
from fda_core.evidence.plan import BASELINE
from fda_core.evidence.published import PUBLISHED_ALPHA, Crossing

OURS = "fda-opt"
TWICE, SLIGHTLY, MILLION, SMALL = 2.0, 1.05, 1e6, 0.01
NOTICEABLE = 0.01  # a difference of test losses that anybody would see
EQUAL = 1e-5  # relative: sums in another order
ALIKE = 1e-4  # relative: of runtimes among each other, whose variance is read from a log
MORE_ON_THE_WIRE = 0.05  # that a library's messages may have more than the ledger counts

Verdict = Literal["holds", "partly", "fails", "unmeasured"]


@dataclass(frozen=True)
class Finding:
    """A claim's figure in one set of runs: `value` as its unit says, over `runs` of `all` runs; None: not measured.

    spread: of a median, the least and the most of these runs. besides: other figures that the words name.
    """

    value: float | None
    runs: int = 0
    all: int = 0
    spread: tuple[float, float] | None = None
    besides: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A promise by its name in the catalogues: the authors' figure, ours, and what they come to together."""

    name: str
    published: Finding
    ours: Finding
    verdict: Verdict


def claims(
    measured: pd.DataFrame, ours: Crossing, theirs: Crossing, state: int, model: int,
    records: Sequence[tuple[int, int]], flower: Measured | None = None,
) -> list[Claim]:  # fmt: skip
    """All claims. measured: of `measures.measures`. state, model: bytes of a sketch and of RoBERTa-base. records: bytes
    of each recorded run's audit log and of its traffic. flower: of a federation on Flower."""
    return [
        fewer_bytes(ours.bytes, theirs.bytes), early_loss(measured), stable(measured),
        local_work(ours.epochs, theirs.epochs), small_sketch(state, model), small_log(records), drop_in(flower),
    ]  # fmt: skip


def like_published(measured: pd.DataFrame) -> pd.DataFrame:
    """The rows whose data is as unlike as in the authors' runs: beside theirs, others would speak of something else."""
    return measured[measured.alpha == PUBLISHED_ALPHA]


def fewer_bytes(ours: Saving, theirs: Saving) -> Claim:
    """At least twice fewer bytes at equal settings: the median, in which a target that FDA-OPT alone missed counts as
    0."""
    worst = min(ours.middle or 0, theirs.middle or 0)
    return Claim("fewer_bytes", over(theirs), over(ours), by(worst, TWICE) if ours.pairs else "unmeasured")


def early_loss(measured: pd.DataFrame) -> Claim:
    """A better test loss at a quarter of FedOpt E=1's bytes to the target."""
    return better(measured, "early_loss", "early_loss")


def stable(measured: pd.DataFrame) -> Claim:
    """Stable convergence: a smaller largest rise of the test loss than FedOpt E=1's, in the rounds both trained."""
    return better(measured, "stable", "largest_rise")


def better(measured: pd.DataFrame, name: str, column: str) -> Claim:
    """How much lower the column is than FedOpt E=1's, in the median, run by run."""
    values = measured.pivot(index=CELL, columns="lane", values=column)
    gain = (values[BASELINE] - values[OURS]).dropna()
    share = (gain > 0).mean() if len(gain) else 0
    verdict: Verdict = "fails" if gain.median() <= NOTICEABLE else "holds" if share >= 0.9 else "partly"
    return Claim(name, Finding(None), finding(gain, len(values)), verdict)


def local_work(ours: Saving, theirs: Saving) -> Claim:
    """Hardly any extra local training: how many times as many local epochs, in the median, in which a target that
    FDA-OPT alone missed counts as infinitely many."""
    worst = max(inf if side.middle is None else side.middle for side in (ours, theirs))
    verdict: Verdict = "holds" if worst <= SLIGHTLY else "partly" if worst <= 1.5 else "fails"
    return Claim("local_work", over(theirs), over(ours), verdict if ours.pairs else "unmeasured")


def small_sketch(state: int, model: int) -> Claim:
    """A sketch is a millionth of the model: how many times smaller it is than RoBERTa-base."""
    times = model / state
    verdict: Verdict = "holds" if times >= MILLION else "partly" if times >= 1000 else "fails"
    return Claim("small_sketch", Finding(None), Finding(times, 1, 1), verdict)


def small_log(records: Sequence[tuple[int, int]]) -> Claim:
    """The audit log is small: its share of what the runs sent."""
    share = float(np.median([log / sent for log, sent in records])) if records else None
    verdict: Verdict = "unmeasured" if share is None else "holds" if share <= SMALL else "fails"
    return Claim("small_log", Finding(None), Finding(share, len(records), len(records)), verdict)


def drop_in(flower: Measured | None) -> Claim:
    """Into libraries that have FedOpt: lines of a Flower app that change, and in how many of Flower's runtimes the app
    plays the rounds that it plays in one process. Besides, of the app in one process against our engine: in how many
    rounds both train equally long, how far variance and Θ lie apart, and the bytes that are sent over our count."""
    if flower is None:
        return Claim("drop_in", Finding(None), Finding(None), "unmeasured")
    right = sum(flower.runtimes.values())
    like_engine = flower.apart <= EQUAL and abs(flower.wire_over_ledger) < MORE_ON_THE_WIRE
    like_each_other = right == len(flower.runtimes) >= 2 and flower.runtimes_apart < ALIKE
    whole = like_engine and like_each_other and flower.lines <= 2
    verdict: Verdict = "fails" if flower.equal < flower.rounds else "holds" if whole else "partly"
    besides = {
        "equal": flower.equal, "rounds": flower.rounds, "apart": flower.apart, "over": flower.wire_over_ledger,
        "runtimes_apart": flower.runtimes_apart,
    }  # fmt: skip
    return Claim("drop_in", Finding(None), Finding(flower.lines, right, len(flower.runtimes), besides=besides), verdict)


def reached_by_both(ours: pd.DataFrame) -> pd.DataFrame:
    """The rows with a ratio: 0 stands for a target that the baseline alone reached, ∞ for one that ours alone did."""
    return ours[np.isfinite(ours.bytes_ratio) & (ours.bytes_ratio > 0)]


def over(saving: Saving) -> Finding:
    """Its median, over all pairs but those in which neither got there; runs and spread: of those in which both did."""
    ratios = saving.ratios
    return Finding(saving.middle, len(ratios), len(saving.pairs), (min(ratios), max(ratios)) if ratios else None)


def finding(values: pd.Series, total: int) -> Finding:
    """Their median, over as many of `total` runs as have one."""
    if not len(values):
        return Finding(None, 0, total)
    return Finding(float(values.median()), len(values), total, (float(values.min()), float(values.max())))


def by(value: float, whole: float) -> Verdict:
    """Larger is better: all of what was promised, some of it, or nothing."""
    return "holds" if value >= whole else "partly" if value >= SLIGHTLY else "fails"


def by_server(measured: pd.DataFrame) -> dict[str, Finding]:
    """How many times fewer bytes, server by server, in `evidence.csv`: other runs and another target than a `Crossing`,
    a median of those in which both reached it."""
    ours = like_published(measured[measured.lane == OURS])
    return {
        name: finding(reached_by_both(rows).bytes_ratio, len(rows)) for name, rows in ours.groupby("server", sort=False)
    }
