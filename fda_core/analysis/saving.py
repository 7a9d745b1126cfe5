"""Who needed fewer bytes to a target, and how many times fewer.

Every ratio of bytes that is shown or printed is made here, but for those of `evidence/measures.py`: columns of a table,
in which a lane that missed the target has a ratio as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from statistics import median
from typing import Literal, NamedTuple

# Within 5 % two costs are called equal: one round more or less is no difference worth a sentence.
TIE = 0.05

Outcome = Literal["win", "tie", "loss", "open", "neither"]
Standing = Literal["ratio", "missed", "alone", "undecided", "neither"]


class Spent(NamedTuple):
    """What one lane sent, bytes: to the target, None where it did not get there, and in all."""

    to_target: float | None
    in_all: float


def ratio(ours: float, theirs: float) -> float:
    """How many times fewer ours is, of two amounts above 0; below 1 where it is more."""
    return theirs / ours


def factor(one: float, other: float) -> float:
    """How many times the smaller the larger is, whichever comes first: the number beside the word of `compared`."""
    return ratio(min(one, other), max(one, other))


def compared(ours: float, theirs: float) -> Literal["fewer", "tie", "more"]:
    """Of two amounts, both above 0: whether ours is the smaller."""
    found = ratio(ours, theirs)
    return "tie" if abs(found - 1) <= TIE else "fewer" if found > 1 else "more"


def outcome(ours: Spent, theirs: Spent) -> Outcome:
    """Who needed fewer bytes to the target: `win`, `tie` or `loss` for ours.

    `neither`: no one reached it. `open`: one lane did, but the other had sent less than that when it was ended; with
    as many bytes it might have been the better one.
    """
    mine, other = ours.to_target, theirs.to_target
    if mine is None and other is None:
        return "neither"
    if mine is None:
        return "loss" if ours.in_all >= other else "open"  # type: ignore[operator]
    if other is None:
        return "win" if theirs.in_all >= mine else "open"
    words: dict[str, Outcome] = {"fewer": "win", "tie": "tie", "more": "loss"}
    return words[compared(mine, other)]


def times(ours: Spent, theirs: Spent) -> float | None:
    """How many times fewer bytes ours needed; None unless both got there."""
    return None if ours.to_target is None or theirs.to_target is None else ratio(ours.to_target, theirs.to_target)


def one_missed(ours: Spent, theirs: Spent) -> bool:
    """Whether only one of the two got there."""
    return (ours.to_target is None) != (theirs.to_target is None)


@dataclass(frozen=True)
class Saving:
    """One method against one opponent, a pair a seed: (ours, theirs)."""

    pairs: Sequence[tuple[Spent, Spent]]

    @property
    def ratios(self) -> list[float]:
        """Of the seeds in which both got there."""
        found = (times(*pair) for pair in self.pairs)
        return [one for one in found if one is not None and isfinite(one)]

    @property
    def middle(self) -> float | None:
        """The median over all seeds but those in which neither got there.

        A seed that ours alone missed counts as 0, as if no number of bytes were enough, and one that theirs alone
        missed as infinite: otherwise who fails on the hard seeds would be judged by the easy ones.
        """
        missed = [0.0 if ours.to_target is None else inf for ours, theirs in self.pairs if one_missed(ours, theirs)]
        found = self.ratios + missed
        return median(found) if found else None

    @property
    def spread(self) -> tuple[float, float, float] | None:
        """Lowest ratio, `middle`, highest ratio; the two ends are of seeds in which both got there, None without."""
        ratios, middle = self.ratios, self.middle
        return (min(ratios), middle, max(ratios)) if ratios and middle is not None else None

    @property
    def standing(self) -> Standing:
        """What may be said of the seeds together: a `ratio`, or, where `middle` is none, that ours lost on most
        (`missed`) or won on most (`alone`), that `neither` got there on any, or nothing yet (`undecided`).

        A median of 0 by itself says only that ours did not get there: it may have been ended too early to lose. Nor is
        one a ratio that lies between a seed that was missed and one that was not: it is outside the spread.
        """
        if self.middle is None:
            return "neither"
        if (found := self.ratios) and min(found) <= self.middle <= max(found):
            return "ratio"
        seeds, counts = len(self.pairs), self.counts
        return "missed" if 2 * counts["loss"] > seeds else "alone" if 2 * counts["win"] > seeds else "undecided"

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many seeds had each outcome."""
        found = [outcome(*pair) for pair in self.pairs]
        kinds: tuple[Outcome, ...] = ("win", "tie", "loss", "open", "neither")
        return {kind: found.count(kind) for kind in kinds}
