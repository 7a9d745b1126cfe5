"""Lines of a record become the events of one run: each is an event by itself, and fits to the lines before it.

Every way in is through here: runs of this machine, foreign ones, those that come with the app.
"""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from fda_core.algorithm.events import Epoch, Event, LaneFinished, Round, RunFinished, RunResumed, RunStarted, parse
from fda_core.algorithm.facts import Facts, Initial
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.errors import ConfigError
from fda_core.support.messages import Message, Printable

RELATIONS = ("clients", "paths")  # what `events.py` says of values that do not fit to each other
POOLED = ("all",)  # what the only client is called where one has all examples


def event_of(line: bytes) -> Event | Message:
    """The event of a line, or why it is none."""
    try:
        return parse(line)
    except ValidationError as error:
        return no_event(error)


def no_event(error: ValidationError) -> Message:
    """The first thing that is wrong with a line."""
    first = error.errors(include_url=False, include_context=False)[0]
    names = ".".join(str(part) for part in first["loc"][1:] if isinstance(part, int) or part.isidentifier())
    if first["loc"][-1:] == ("schema",) and first["type"] == "literal_error":
        return Message("part.other_schema", found=str(first["input"]))
    if names:
        return Message("part.value", name=names)
    return Message("part.line" if first["loc"] and first["type"] in RELATIONS else "part.no_object")


class Reader:
    """Follows the events of one run and says what does not fit together."""

    def __init__(self) -> None:
        self.config: ExperimentConfig | None = None
        self.lanes: dict[str, LaneSpec] = {}
        self.clients: frozenset[str] = frozenset()
        self.played: dict[str, int] = {}
        self.sent: dict[str, int] = {}
        self.ended: set[str] = set()
        self.epochs: list[Epoch] = []  # of the round that is going on
        self.count = 0
        self.closed = False

    def problem(self, event: Event) -> Message | None:
        """Why the event cannot follow those before it, which it then does."""
        self.count += 1
        if self.closed:
            return Message("part.after_closing")
        if self.config is None and not isinstance(event, RunStarted | RunFinished):
            return Message("part.before_start")
        found = HANDLERS[type(event)](self, event)
        if not isinstance(event, Epoch):
            self.epochs = []
        return found

    def of_start(self, event: RunStarted) -> Message | None:
        """A run has one beginning, with settings that are taken here, and all that pages need."""
        if self.count > 1:
            return Message("part.another_start")
        for name, values, model in (("initial", event.initial, Initial), ("facts", event.facts, Facts)):
            if problem := misfit(name, values, model):
                return problem
        try:
            self.config = ExperimentConfig(**event.config)
        except ConfigError as error:
            return Message("part.no_setting", reason=Printable(error))
        if "lanes" not in event.config:  # the defaults of the one who reads are not what was run
            return Message("part.no_lanes")
        self.lanes = {lane.id: lane for lane in self.config.lanes}
        self.clients = frozenset(map(str, range(self.config.clients)))
        return None

    def of_epoch(self, event: Epoch) -> Message | None:
        """It belongs to the lane's next round, and follows the epoch before it."""
        if problem := self.next_round(event):
            return problem
        if event.checks > (event.steps or 1):
            return Message("part.more_checks", checks=event.checks, steps=event.steps)
        before = self.epochs[-1] if self.epochs else None
        expected = (before.lane, before.round, before.epoch + 1) if before else (event.lane, event.round, 1)
        if expected != (event.lane, event.round, event.epoch):
            return Message("part.epoch_follows", epoch=event.epoch, before=before.epoch if before else 0)
        self.epochs.append(event)
        return None

    def of_round(self, event: Round) -> Message | None:
        """It is the lane's next one, of clients that there are, and its bytes come to those before."""
        if problem := self.next_round(event) or self.strangers(event):
            return problem
        if any((epoch.lane, epoch.round) != (event.lane, event.round) for epoch in self.epochs):
            return Message("part.epoch_of_other")
        last = self.epochs[-1] if self.epochs else None
        if last and last.epoch != event.epochs:
            return Message("part.epoch_count", epochs=event.epochs, found=last.epoch)
        told = sum(epoch.bytes_monitor_up + epoch.bytes_monitor_down for epoch in self.epochs)
        if last and told != event.bytes_monitor:
            return Message("part.monitor_bytes", total=event.bytes_monitor, sum=told)
        before, self.sent[event.lane] = self.sent.get(event.lane, 0), event.bytes_total
        if event.bytes_total < before + event.bytes_down + event.bytes_up + event.bytes_monitor:
            return Message("part.total_below", total=event.bytes_total, lane=event.lane)
        if not (event.bytes_down or self.lanes[event.lane].is_baseline):
            return Message("part.no_bytes", lane=event.lane)
        self.played[event.lane] = event.round
        return None

    def of_lane(self, event: LaneFinished) -> Message | None:
        """A lane of the run, which ends once."""
        if problem := self.racing(event.lane):
            return problem
        self.ended.add(event.lane)
        return None

    def of_resumption(self, event: RunResumed) -> Message | None:
        """It speaks of lanes that there are."""
        return next((unknown(lane) for lane in event.from_round if lane not in self.lanes), None)

    def of_end(self, event: RunFinished) -> Message | None:
        """All lanes have ended before."""
        self.closed = True
        racing = sorted(self.lanes.keys() - self.ended)
        return Message("part.still_racing", lane=racing[0]) if racing else None

    def next_round(self, event: Epoch | Round) -> Message | None:
        """Whether the lane may say this now."""
        if problem := self.racing(event.lane):
            return problem
        before = self.played.get(event.lane, 0)
        if event.round == before + 1:
            return None
        return Message("part.round_follows", round=event.round, lane=event.lane, before=before)

    def racing(self, lane: str) -> Message | None:
        """Whether the run has the lane, and it has not ended."""
        if lane not in self.lanes:
            return unknown(lane)
        return Message("part.lane_ended", lane=lane) if lane in self.ended else None

    def strangers(self, event: Round) -> Message | None:
        """Clients are numbered from 0."""
        if self.lanes[event.lane].kind.pooled and tuple(event.clients) == POOLED:
            return None
        if self.clients.issuperset(event.clients):
            return None
        client = next(client for client in event.clients if client not in self.clients)
        return Message("part.no_client", client=client, most=len(self.clients) - 1)


# What an event is held against, by its class.
HANDLERS: dict[type, Callable[[Reader, Any], Message | None]] = {
    RunStarted: Reader.of_start, Epoch: Reader.of_epoch, Round: Reader.of_round, LaneFinished: Reader.of_lane,
    RunResumed: Reader.of_resumption, RunFinished: Reader.of_end,
}  # fmt: skip


def misfit(name: str, values: dict, model: type[BaseModel]) -> Message | None:
    """Which of the values is not as the model has it."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, (name, *first["loc"])))
        return Message("part.missing" if first["type"] == "missing" else "part.value", name=where)
    return None


def unknown(lane: str) -> Message:
    """The run has no such lane."""
    return Message("part.unknown_lane", lane=lane[:40])
