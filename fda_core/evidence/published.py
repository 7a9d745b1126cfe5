"""The runs that the authors published (arXiv 2505.04535; our analysis): FDA-OPT M=10 against FedOpt E=1.

Up to the first round in which each meets a share of a score that the authors chose for a task. In rounds: with all
weights trained a round's models are more than 99.9 % of what it sends, so that the ratio of rounds is the ratio of
bytes. Imports next to nothing: the Story, which is to be there at once, says what comes out.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fda_core.analysis.saving import Saving, Spent
from fda_core.evidence.tables import PUBLISHED_SHARES

ALL = "all"
PUBLISHED_ALPHA = 1.0
JUDGED = 0.95  # the target of the claims, which most of the authors' tasks and all of our settings have


@dataclass(frozen=True)
class Crossing:
    """FDA-OPT M=10 against FedOpt E=1 at the rate at which this gets highest, up to the first round in which each meets
    a share of a score, at α = 1. bytes: a ratio is how many times fewer FDA-OPT needs. epochs: local epochs, E=1's pair
    first, so that a ratio is how many times as many FDA-OPT trains."""

    bytes: Saving
    epochs: Saving


@lru_cache(maxsize=1)
def pairs() -> list[dict[str, str]]:
    """A row a task, server and share."""
    with open(PUBLISHED_SHARES, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def savings(share: float) -> dict[str, Saving]:
    """By server, a pair a task of those that have this target; then of all."""
    found = [pair for pair in pairs() if float(pair["share"]) == share]
    servers = dict.fromkeys(pair["server"] for pair in found)
    return {name: of(pair for pair in found if pair["server"] == name) for name in servers} | {ALL: of(found)}


def of(found: Iterable[dict[str, str]]) -> Saving:
    """Of tasks in which E=1 got there; FDA-OPT was then played for as many rounds at least."""
    return Saving([(spent(pair["rounds_fda_opt"], float(pair["rounds_fedopt_e1"])), spent(pair["rounds_fedopt_e1"]))
                   for pair in found])  # fmt: skip


def spent(rounds: str, least: float = 0) -> Spent:
    """rounds: empty where the target was not reached; least: rounds that were played then."""
    return Spent(float(rounds), float(rounds)) if rounds else Spent(None, least)


def theirs() -> Crossing:
    """What their pairs say of the claims."""
    found = [pair for pair in pairs() if float(pair["share"]) == JUDGED]
    return Crossing(of(found), Saving([(Spent(1, 1), spent(pair["local_epochs_ratio"])) for pair in found]))
