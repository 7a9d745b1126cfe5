"""What a run says: small frozen records, one JSON object a line in `events.jsonl` (schema 1).

Every line also has `run_id`, `seq` and `time`. Readers ignore fields they do not know; numbers that are not finite
are null.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SCHEMA = 1
Number = float | None


class Record(BaseModel):
    """What all events share: frozen, unknown fields ignored, numbers that are not finite written as null."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class RunStarted(Record):
    """The beginning: all settings, versions of libraries, and the untrained model's scores (`initial`).

    facts: what became of the settings: model, sizes, path, clients with their examples and labels (`setup.prepare`).
    group: what runs that were started together share.
    """

    event: Literal["run_started"] = "run_started"
    schema_: int = Field(SCHEMA, alias="schema", serialization_alias="schema")
    group: str | None = None
    source: Literal["simulated", "flower"] = "simulated"
    config: dict[str, Any]
    versions: dict[str, Any]
    facts: dict[str, Any]
    initial: dict[str, Any]

    model_config = ConfigDict(populate_by_name=True)


class Epoch(Record):
    """One local epoch of a lane's round, and what the server learnt from the states."""

    event: Literal["epoch"] = "epoch"
    lane: str
    round: int
    epoch: int
    steps: int
    checks: int
    train_loss: Number
    variance_estimate: Number
    variance: Number
    mean_sq_drift: Number
    sq_mean_drift: Number
    threshold: Number
    bytes_monitor_up: int
    bytes_monitor_down: int


class Round(Record):
    """One synchronisation: bytes of this round, `bytes_total` and `simulated_seconds` since the lane's start.

    `epochs` counts local epochs begun; a client that dropped out has its own number of steps and of points in `paths`.
    """

    event: Literal["round"] = "round"
    lane: str
    round: int
    clients: list[str]
    client_steps: list[int]
    client_train_loss: list[Number]
    client_sq_drift: list[Number]
    dropped: list[str] = []
    epochs: int
    reason: Literal["first-round", "threshold", "epoch-cap", "fixed-schedule", "all-dropped"]
    variance: Number
    mean_sq_drift: Number
    sq_mean_drift: Number
    threshold_next: Number
    paths: list[list[list[Number]]]
    bytes_down: int
    bytes_up: int
    bytes_monitor: int
    bytes_total: int
    test_loss: Number
    accuracy: Number
    metrics: dict[str, Number] = {}
    seconds: float
    simulated_seconds: float


class LaneFinished(Record):
    """A lane's end; `message` says why in a sentence's words, without the full stop."""

    event: Literal["lane_finished"] = "lane_finished"
    lane: str
    status: Literal["target", "cap", "diverged", "stopped"]
    message: str = ""


class RunResumed(Record):
    """The run goes on after an interruption; `from_round` holds the rounds on record by lane."""

    event: Literal["run_resumed"] = "run_resumed"
    from_round: dict[str, int]
    versions: dict[str, Any] = {}


class RunFinished(Record):
    """`count` lines stand before this one; `digest` is the sha256 of their bytes, newlines included."""

    event: Literal["run_finished"] = "run_finished"
    status: Literal["finished", "stopped", "failed"]
    message: str = ""
    count: int
    digest: str


Event = RunStarted | Epoch | Round | LaneFinished | RunResumed | RunFinished
_reader: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse(line: str | bytes) -> Event:
    """One line of `events.jsonl`. Raises pydantic's ValidationError."""
    return _reader.validate_json(line)
