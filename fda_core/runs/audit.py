"""Checks the record of a run line by line: `events.jsonl` is also its audit log (docs/runs.md)."""

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from fda_core.algorithm.events import Event, Round, RunFinished, RunResumed, RunStarted
from fda_core.runs.reading import Reader, event_of
from fda_core.runs.store import EVENTS
from fda_core.support.errors import StoreError
from fda_core.support.messages import Message, Printable, because

INTACT = """\
{lines:,} lines, sha256 {digest}
Count and digest in the last line are right: no line before it was lost, added or changed by accident.
This does not prove who wrote the file, nor that its numbers are true: whoever can change the file can write another
digest. Note the digest above somewhere else when the run ends, and compare it here."""
OPEN = """\
{lines:,} lines, sha256 {digest}
The record is not closed: the run is still going on, or was interrupted. What is there is in order; without the closing
line nobody can say whether its end was cut off."""


@dataclass
class Audit:
    """What a record came to. `digest` is the sha256 of all lines but the closing one."""

    lines: int = 0
    digest: str = ""
    closed: bool = False
    rounds: list[Round] = field(default_factory=list)
    wrong: list[Message] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong, in sentences."""
        return list(map(str, self.wrong))

    def report(self) -> str:
        """The outcome in some lines, for the command line."""
        if self.problems:
            return "\n".join([f"Damaged: {len(self.problems)} problem(s) in {self.lines:,} lines.", *self.problems])
        return (INTACT if self.closed else OPEN).format(lines=self.lines, digest=self.digest)


def audit(folder: Path) -> Audit:
    """Every line an event of one run, in order; counts, digest and sums right. Raises `StoreError` without a record."""
    try:
        lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StoreError("runs.no_run_folder", path=folder / EVENTS, reason=because(error)) from None
    return audit_lines(lines)


def audit_lines(lines: list[bytes]) -> Audit:
    """The same of lines that are in no folder yet."""
    found, reader, sums, digest = Audit(lines=len(lines)), Reader(), Sums(), hashlib.sha256()
    for number, line in enumerate(lines):
        if number == len(lines) - 1 and not line.endswith(b"\n"):
            found.wrong.append(Message("record.torn", line=number + 1))
            break
        event = event_of(line)
        if isinstance(event, Message):
            found.wrong.append(Message("record.no_event", line=number + 1, reason=event))
            digest.update(line)
            continue
        problems = [] if reader.closed else sums.problems(number, line, event)
        problems += filter(None, [reader.problem(event)])
        found.wrong += [Message("record.line", line=number + 1, reason=Printable(one)) for one in problems]
        if isinstance(event, Round):
            found.rounds.append(event)
        if isinstance(event, RunFinished):
            found.closed = True
            if event.count != number:
                found.wrong.append(Message("record.count", count=event.count, lines=number))
            if event.digest != digest.hexdigest():
                found.wrong.append(Message("record.digest"))
        else:
            digest.update(line)
    found.digest = digest.hexdigest()
    return found


class Head(BaseModel):
    """What every line has besides its event; whatever it is."""

    run_id: Any = None
    seq: Any = None


class Sums:
    """What must be right in a record as it was written, and need not be in order to look at it."""

    def __init__(self) -> None:
        self.run_id: Any = None
        self.sent: dict[str, int] = {}

    def problems(self, number: int, line: bytes, event: Event) -> list[Message]:
        """What is wrong with a line, in words that a sentence can end with. number: from 0."""
        head, found = Head.model_validate_json(line), []
        if type(head.seq) is not int or head.seq != number:
            found.append(Message("part.number", found=head.seq, number=number))
        self.run_id = self.run_id or head.run_id
        if head.run_id != self.run_id:
            found.append(Message("part.other_run"))
        if isinstance(event, RunStarted | RunResumed) and not sound(vars(event)):
            found.append(Message("part.no_finite_number"))
        return found + (self.of_round(event) if isinstance(event, Round) else [])

    def of_round(self, event: Round) -> list[Message]:
        """Whether its bytes add up."""
        total = self.sent.get(event.lane, 0) + event.bytes_down + event.bytes_up + event.bytes_monitor
        self.sent[event.lane] = total
        if event.bytes_total == total:
            return []
        return [Message("part.sum", total=event.bytes_total, lane=event.lane, sum=total)]


def sound(value: object) -> bool:
    """Whether all numbers in it are ones that a run writes: what is not finite is null in a record."""
    match value:
        case dict():
            return all(map(sound, value.values()))
        case list():
            return all(map(sound, value))
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) < 2**63
    return True
