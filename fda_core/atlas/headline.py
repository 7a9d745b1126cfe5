"""What FDA-OPT saves with the preset Default, from whom: three figures that many pages repeat.

They are kept in the atlas' card, where `save` puts them: to read all rows takes a first page a third of its memory.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from fda_core.analysis.saving import Saving, Spent
from fda_core.atlas.cells import ATLAS


@dataclass(frozen=True)
class Headline:
    """Against FedOpt E=1 at equal settings; against it at `rate`, the client rate at which it needs the fewest bytes;
    and against `best`, the lane of FedOpt that needs the fewest of all."""

    equal: Saving
    rate: float
    faster: Saving
    best: str
    schedule: Saving

    def to_json(self) -> dict[str, Any]:
        """Numbers, words, lists."""
        kept = {"rate": self.rate, "best": self.best}
        return kept | {name: [list(map(list, pair)) for pair in getattr(self, name).pairs] for name in SAVINGS}


SAVINGS = ("equal", "faster", "schedule")


def from_json(kept: dict[str, Any]) -> Headline:
    """What `to_json` made."""
    savings = {name: Saving([(Spent(*ours), Spent(*theirs)) for ours, theirs in kept[name]]) for name in SAVINGS}
    return Headline(rate=kept["rate"], best=kept["best"], **savings)


@cache
def shown() -> Headline | None:
    """Of the atlas that comes with the app; None where it cannot be read or has no seed of the preset."""
    try:
        return from_json(json.loads(ATLAS.with_suffix(".json").read_text(encoding="utf-8"))["default"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
