"""How far the events of two runs of one configuration lie apart, for runs on unlike devices."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fda_core.algorithm.events import Event

TOLERANCE = 1e-3
OF_THE_MACHINE = {"seconds", "versions", "facts"}
# Quality is counted in test examples: two whose scores are a tie to the last digit may fall either way.
QUALITY = {"accuracy": 2, "metrics": 6}


@dataclass
class Apart:
    """worst: the largest difference of each field that holds numbers, relative to the field's largest number in that
    event, for quality absolute; broken: what has to be equal and is not, or lies further apart than it may."""

    events: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """To the last bit."""
        return not self.broken and not self.worst


def apart(one: Sequence[Event], other: Sequence[Event], test_examples: int) -> Apart:
    """Whole numbers, names and what is None have to be equal: rounds, local epochs, bytes, reasons, clients."""
    found = Apart(len(one))
    if len(one) != len(other):
        found.broken.append(f"{len(one)} events against {len(other)}")
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine.event != theirs.event:
            found.broken.append(f"event {number}: {mine.event} against {theirs.event}")
            break  # all that follows is another event too
        for name, value in mine:
            if name in OF_THE_MACHINE:
                continue
            difference = _difference(value, getattr(theirs, name), name in QUALITY)
            if difference is None:
                found.broken.append(f"event {number}, {name}: {value} against {getattr(theirs, name)}"[:200])
            else:
                if difference:
                    found.worst[name] = max(found.worst.get(name, 0.0), difference)
                if difference > allowed(name, test_examples):
                    found.broken.append(f"event {number}, {name}: {difference:.2g} apart")
    return found


def allowed(name: str, test_examples: int) -> float:
    """How far a field may lie apart."""
    return max(TOLERANCE, QUALITY[name] / test_examples + 1e-9) if name in QUALITY else TOLERANCE


def _difference(one: Any, other: Any, absolute: bool) -> float | None:
    """None where something differs that is no decimal number."""
    mine, theirs = list(_leaves(one)), list(_leaves(other))
    if len(mine) != len(theirs):
        return None
    pairs = list(zip(mine, theirs, strict=True))
    if any(x != y for x, y in pairs if not _decimal(x, y)):
        return None
    numbers = [pair for pair in pairs if _decimal(*pair)]
    largest = 1.0 if absolute else max((abs(x) for pair in numbers for x in pair), default=0.0)
    return max((abs(x - y) for x, y in numbers), default=0.0) / largest if largest else 0.0


def _decimal(one: Any, other: Any) -> bool:
    return all(isinstance(x, float) and math.isfinite(x) for x in (one, other))


def _leaves(value: Any) -> Iterator[Any]:
    """Of nested lists and mappings, in order."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
