"""What a run says: small frozen records, one JSON object a line in `events.jsonl` (schema 1).

Every line also has `run_id`, `seq` and `time`. Readers ignore fields they do not know; numbers that are not finite
are null. Types, ranges, and what of one line depends on another value of it, hold for whoever writes and for whoever
reads; what a line has to do with the lines before it is in `runs/reading.py`.
"""

import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SCHEMA: Literal[1] = 1
MOST = 2**63 - 1  # of a count; further on, tables and charts have no whole numbers
LARGEST = 1e100  # of a measure: squares of 32-bit weights, summed up over any model, are below

Count = Annotated[int, Field(ge=0, le=MOST)]
Place = Annotated[int, Field(ge=1, le=100_000)]  # of a round in its lane
Epochs = Annotated[int, Field(ge=1, le=200)]  # as many as settings allow a round
Steps = Annotated[int, Field(ge=0, le=1_000_000)]  # as many as there may be training examples


@dataclass(frozen=True)
class Measured:
    """A number that was measured, between bounds where it is read. Whoever writes may have one that is not finite."""

    low: float = -LARGEST
    high: float = LARGEST

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            core_schema.float_schema(strict=True, ge=self.low, le=self.high, allow_inf_nan=False),
            core_schema.float_schema(strict=True, allow_inf_nan=True),
        )


Finite = Annotated[float, Measured()]
Positive = Annotated[float, Measured(low=0)]
Share = Annotated[float, Measured(low=0, high=1)]
Threshold = Annotated[float, Measured(low=0, high=sys.float_info.max)]  # a setting of Θ may be any number
Client = Annotated[str, Field(min_length=1, max_length=40)]
Clients = Annotated[list[Client], Field(max_length=1000)]
Point = Annotated[list[Finite | None], Field(min_length=2, max_length=2)]


class Record(BaseModel):
    """What all events share: frozen, unknown fields ignored, no value taken for one of another type."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, populate_by_name=True, ser_json_inf_nan="null")


class RunStarted(Record):
    """The beginning: all settings, versions of libraries, and the untrained model's scores (`initial`).

    facts: what became of the settings: model, sizes, path, clients with their examples and labels (`setup.prepare`).
    What a reader expects of the two is in `facts.py`. group: what runs that were started together share.
    """

    event: Literal["run_started"] = "run_started"
    schema_: Literal[1] = Field(SCHEMA, alias="schema")
    group: Annotated[str, Field(max_length=100)] | None = None
    source: Literal["simulated", "flower"] = "simulated"
    config: dict[str, Any]
    versions: dict[str, Any]
    facts: dict[str, Any]
    initial: dict[str, Any]


class Epoch(Record):
    """One local epoch of a lane's round, and what the server learnt from the states."""

    event: Literal["epoch"] = "epoch"
    lane: str
    round: Place
    epoch: Epochs
    steps: Steps
    checks: Steps
    train_loss: Positive | None
    variance_estimate: Finite | None
    variance: Positive | None
    mean_sq_drift: Positive | None
    sq_mean_drift: Positive | None
    threshold: Threshold | None
    bytes_monitor_up: Count
    bytes_monitor_down: Count


class Round(Record):
    """One synchronisation: bytes of this round, `bytes_total` and `simulated_seconds` since the lane's start.

    `epochs` counts local epochs begun; a client that dropped out has its own number of steps and of points in `paths`.
    """

    event: Literal["round"] = "round"
    lane: str
    round: Place
    clients: Annotated[Clients, Field(min_length=1)]
    client_steps: list[Count]
    client_train_loss: list[Positive | None]
    client_sq_drift: list[Positive | None]
    dropped: Clients = []
    epochs: Epochs
    reason: Literal["first-round", "threshold", "epoch-cap", "fixed-schedule", "all-dropped"]
    variance: Positive | None
    mean_sq_drift: Positive | None
    sq_mean_drift: Positive | None
    threshold_next: Threshold | None
    paths: list[list[Point]]
    bytes_down: Count
    bytes_up: Count
    bytes_monitor: Count
    bytes_total: Count
    test_loss: Positive | None
    accuracy: Share | None
    metrics: dict[str, Finite | None] = {}
    seconds: Positive
    simulated_seconds: Positive

    @model_validator(mode="after")
    def _one_value_a_client(self) -> Self:
        count, known = len(self.clients), set(self.clients)
        lists = (known, self.client_steps, self.client_train_loss, self.client_sq_drift, self.paths)
        if any(len(values) != count for values in lists) or not known.issuperset(self.dropped):
            raise PydanticCustomError("clients", "not one value a client")
        if any(len(path) > self.epochs for path in self.paths):
            raise PydanticCustomError("paths", "more points than epochs")
        return self


class LaneFinished(Record):
    """A lane's end; `message` says why in a sentence's words, without the full stop."""

    event: Literal["lane_finished"] = "lane_finished"
    lane: str
    status: Literal["target", "cap", "diverged", "stopped"]
    message: str = ""


class RunResumed(Record):
    """The run goes on after an interruption; `from_round` holds the rounds on record by lane."""

    event: Literal["run_resumed"] = "run_resumed"
    from_round: dict[str, Annotated[int, Field(ge=0, le=100_000)]]
    versions: dict[str, Any] = {}


class RunFinished(Record):
    """`count` lines stand before this one; `digest` is the sha256 of their bytes, newlines included."""

    event: Literal["run_finished"] = "run_finished"
    status: Literal["finished", "stopped", "failed"]
    message: str = ""
    count: Count
    digest: Annotated[str, Field(max_length=100)]


Event = RunStarted | Epoch | Round | LaneFinished | RunResumed | RunFinished
_reader: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse(line: str | bytes) -> Event:
    """One line of `events.jsonl`. Raises pydantic's ValidationError."""
    return _reader.validate_json(line)
