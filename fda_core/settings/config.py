"""One experiment, described completely: every field has its name, its limits and its default here and nowhere else.

`ExperimentConfig` is frozen and validated; `assignments.py` gives its TOML, command-line and URL forms.
"""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from fda_core.settings import model_names
from fda_core.settings.methods import CLIENT_OPTIMIZERS, MONITORS, RULES, SERVERS, Registry, RuleKind
from fda_core.settings.refusals import refusal
from fda_core.support.errors import ConfigError

# The embedded ones; besides these, an id on the hub or folder:NAME, see models/names.py.
MODELS = ("minilm-distilbert", "minilm-roberta", "minilm-bert")
GLUE = ("sst2", "mrpc", "rte", "cola", "qnli", "mnli")
# Besides these, hub:OWNER/NAME is any dataset of the hub.
DATASETS = ("reviews", "table", *(f"glue/{task}" for task in GLUE))
HUB_DATASET = re.compile(r"hub:(?!.*\.\.)[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
LoraTarget = Literal["q_lin", "k_lin", "v_lin", "out_lin"]
LORA_TARGETS = get_args(LoraTarget)
EMBEDDED_LAYERS = 6
# What is trained, with the head: adapters, nothing else, the last layers in full, everything.
Trained = Literal["lora", "head", "last", "full"]
TRAINED = get_args(Trained)

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Whole = Annotated[int, Field(strict=True)]
Column = Annotated[str, Field(min_length=1, max_length=100)]
Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


@dataclass(frozen=True, eq=False)
class Registered:
    """The names of a registry, whatever is in it by then; refuses others as a `Literal` of them would."""

    registry: Registry[Any]

    def __call__(self, value: Any) -> str:
        if isinstance(value, str) and value in self.registry:
            return value
        *names, last = map(repr, self.registry)
        expected = f"{', '.join(names)} or {last}" if names else last
        raise PydanticKnownError("literal_error", {"expected": expected})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self, handler(source))


class Part(BaseModel):
    """What all parts of a configuration share: frozen, no setting besides the declared ones, none of them a bool."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any) -> Any:
        # pydantic would take true for 1.0; no setting is a truth value.
        if isinstance(value, bool):
            raise PydanticCustomError("truth_value", "a value that is not true or false")
        return value


class Target(Part):
    """The quality to reach; a lane has reached it when two consecutive rounds meet it."""

    metric: Literal["accuracy", "test_loss", "mcc"] = "accuracy"
    value: float = Field(0.7, ge=0, le=100, allow_inf_nan=False)

    @model_validator(mode="after")
    def _share(self) -> Self:
        if self.metric != "test_loss" and self.value > 1:
            raise ConfigError("settings.no_share", value=self.value, metric=self.metric)
        return self

    def met(self, value: float | None) -> bool:
        """Whether one round's measure is as good; a loss has to be at most the value, the others at least."""
        if value is None:
            return False
        return value <= self.value if self.metric == "test_loss" else value >= self.value


class LaneSpec(Part):
    """One competitor: when to synchronise (`rule`) and how the variance is estimated (`monitor`).

    `schedule` is FedOpt with `epochs` = E; `adaptive` is FDA-OPT with `max_epochs` = M; `smoothed` is our calmer form
    of it, `tapered` ours with shorter rounds as the loss falls; `fixed` is FDA with the threshold `theta` = Θ, capped
    at `max_epochs` and checked every epoch or every step.
    `adacomm` and `decaying` begin with `epochs` local epochs a round and take fewer and fewer.
    `centralised` and `local-only` send nothing and train `epochs` local epochs between two tests. `server` and
    `local_epochs` override the experiment's.
    """

    id: Name
    rule: Annotated[str, Registered(RULES)]
    monitor: Annotated[str, Registered(MONITORS)] = "sketch"
    check: Literal["epoch", "step"] = "epoch"
    server: Annotated[str, Registered(SERVERS)] | None = None
    epochs: Whole | None = Field(None, ge=1, le=100)
    max_epochs: Whole | None = Field(None, ge=1, le=200)
    theta: float | None = Field(None, ge=0)
    local_epochs: Whole | None = Field(None, ge=1, le=100_000)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = self.kind.needs
        for name in ("epochs", "max_epochs", "theta"):
            given = getattr(self, name) is not None
            if given != (name in needed):
                problem = "settings.lane_takes_no" if given else "settings.lane_needs"
                raise ConfigError(problem, lane=self.id, rule=self.rule, name=name)
        if self.every_step and not self.kind.can_check_every_step:
            raise ConfigError("settings.lane_every_step", lane=self.id, rule=self.rule)
        return self

    @property
    def kind(self) -> RuleKind:
        """The rule's row."""
        return RULES[self.rule]

    @property
    def is_fedopt(self) -> bool:
        """Whether it synchronises on a schedule."""
        return self.kind.method == "fedopt"

    @property
    def is_fda(self) -> bool:
        """Whether it synchronises when a threshold is exceeded, and so has a monitor."""
        return self.kind.method == "fda"

    @property
    def is_peer(self) -> bool:
        """Whether it synchronises on a schedule that changes from round to round."""
        return self.kind.method == "peer"

    @property
    def is_baseline(self) -> bool:
        """Whether it sends nothing and competes with nobody."""
        return self.kind.method == "baseline"

    @property
    def every_step(self) -> bool:
        """Whether the states are sent after every local step instead of every local epoch."""
        return self.check == "step"


class Lora(Part):
    """Low-rank adapters on the last `layers` layers; the classification head is always trained with them.

    The targets have DistilBERT's names; other architectures' linear maps of the same purpose are meant too.
    """

    rank: Whole = Field(8, ge=1, le=64)
    alpha: float = Field(16, gt=0, le=1024, allow_inf_nan=False)
    layers: Whole = Field(1, ge=1, le=100)
    targets: tuple[LoraTarget, ...] = Field(("q_lin", "v_lin"), min_length=1, max_length=4)


class TableSpec(Part):
    """Which table, and what of it: a dataset of the hub by its columns and splits, one of the user's own by its digest.

    sha256: of the table's content (`data/table.py`), whose columns have names of their own. partition: the column whose
    values are the clients. test_split: None to take the test examples out of `split`.
    """

    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    subset: Column | None = None
    text: Column | None = None
    text_pair: Column | None = None
    label: Column | None = None
    partition: Column | None = None
    split: Column = "train"
    test_split: Column | None = None


class Link(Part):
    """The simulated network and devices: Mbit/s (median over clients), ms, seconds per local step, $ per GB.

    `spread` is the standard deviation of the logarithm of each client's speed (0: all clients alike).
    """

    uplink_mbit: float = Field(20, ge=0.001, le=1e6, allow_inf_nan=False)
    downlink_mbit: float = Field(50, ge=0.001, le=1e6, allow_inf_nan=False)
    spread: float = Field(0, ge=0, le=2, allow_inf_nan=False)
    rtt_ms: float = Field(80, ge=0, le=60_000, allow_inf_nan=False)
    step_seconds: float = Field(0.05, gt=0, le=3600, allow_inf_nan=False)
    price_per_gb: float = Field(0.09, ge=0, le=1e4, allow_inf_nan=False)


def default_lanes() -> tuple[LaneSpec, ...]:
    """The published pairing M = 2E + 8 at E = 1, and the equal-work control E = M/2."""
    return (
        LaneSpec(id="fedopt-e1", rule="schedule", epochs=1),
        LaneSpec(id="fedopt-e5", rule="schedule", epochs=5),
        LaneSpec(id="fda-opt", rule="adaptive", max_epochs=10),
    )


class ExperimentConfig(Part):
    """Everything a run depends on.

    Raises `ConfigError` with one sentence naming the bad value and what is allowed.
    """

    preset: Name = "default"
    seed: Whole = Field(0, ge=0, le=2**31 - 1)
    model: str = "minilm-distilbert"
    trained: Trained = "lora"
    trained_layers: Whole = Field(1, ge=1, le=100)  # where the last ones are trained in full
    dataset: str = Field("reviews", max_length=200)  # one of DATASETS, or hub:OWNER/NAME
    table: TableSpec | None = None  # for the datasets table and hub:OWNER/NAME
    train_examples: Whole = Field(4000, ge=2, le=1_000_000)
    test_examples: Whole = Field(1000, ge=2, le=1_000_000)
    max_tokens: Whole = Field(64, ge=4, le=512)
    clients: Whole = Field(40, ge=1, le=1000)
    clients_per_round: Whole | None = Field(None, ge=1, le=1000)
    partition: Literal["dirichlet", "column"] = "dirichlet"  # with `column`, alpha is not used
    alpha: float = Field(1.0, gt=0, le=1e6, allow_inf_nan=False)
    sizes: Literal["equal", "dirichlet"] = "equal"  # of the clients, where labels are drawn
    batch_size: Whole = Field(8, ge=1, le=512)
    client_optimizer: Annotated[str, Registered(CLIENT_OPTIMIZERS)] = "sgd"
    client_lr: Rate = 0.05
    server_optimizer: Annotated[str, Registered(SERVERS)] = "sgd"
    server_lr: Rate  # left out: the server optimiser's own
    weighting: Literal["equal", "examples"] = "equal"
    client_dropout: float = Field(0, ge=0, lt=1, allow_inf_nan=False)  # probability per client and local epoch
    rounds: Whole = Field(60, ge=1, le=10_000)
    local_epochs: Whole | None = Field(None, ge=1, le=100_000)  # at most this many in a lane
    target: Target = Target()
    after_target_rounds: Whole = Field(5, ge=0, le=10_000)
    lanes: tuple[LaneSpec, ...] = Field(default_factory=default_lanes, min_length=1, max_length=12)
    lora: Lora = Lora()
    link: Link = Link()

    def __init__(self, /, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise refusal(error, type(self)) from None

    @field_validator("model", mode="before")
    @classmethod
    def _model(cls, value: Any) -> Any:
        if not model_names.allowed(value):
            raise ConfigError("settings.no_model", value=value, models=", ".join(MODELS))
        return value

    @model_validator(mode="before")
    @classmethod
    def _server_lr(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("server_lr") is None:
            server = SERVERS.get(str(values.get("server_optimizer", "sgd")))
            values = values | {"server_lr": server.lr if server else 1.0}
        # "All of them" has one spelling, so that configs that mean the same are equal.
        if values.get("clients_per_round") == values.get("clients", cls.model_fields["clients"].default):
            values = values | {"clients_per_round": None}
        return values

    @model_validator(mode="after")
    def _data(self) -> Self:
        hub, spec = self.dataset.startswith("hub:"), self.table or TableSpec()
        if self.dataset not in DATASETS and not HUB_DATASET.fullmatch(self.dataset):
            shown = self.dataset if self.dataset.isprintable() else ascii(self.dataset)
            raise ConfigError("settings.no_dataset", value=shown, datasets=", ".join(DATASETS))
        if self.table is not None and not (hub or self.dataset == "table"):
            raise ConfigError("settings.table_unused", dataset=self.dataset)
        if self.dataset == "table" and spec.sha256 is None:
            raise ConfigError("settings.table_without_file")
        if hub and None in (spec.text, spec.label):
            raise ConfigError("settings.columns_missing", dataset=self.dataset)
        if self.partition == "column" and not (self.dataset == "table" or spec.partition):
            raise ConfigError("settings.partition_column")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clients > self.train_examples:
            raise ConfigError("settings.too_many_clients", clients=self.clients, examples=self.train_examples)
        if self.clients_per_round is not None and self.clients_per_round > self.clients:
            raise ConfigError("settings.cohort_too_large", cohort=self.clients_per_round, clients=self.clients)
        for name, layers in (("lora.layers", self.lora.layers), ("trained_layers", self.trained_layers)):
            if self.model in MODELS and layers > EMBEDDED_LAYERS:
                raise ConfigError(
                    "settings.too_many_layers", name=name, layers=layers, most=EMBEDDED_LAYERS, model=self.model
                )
        ids = [lane.id for lane in self.lanes]
        if len(set(ids)) < len(ids):
            raise ConfigError("settings.same_lane_ids", ids=", ".join(ids))
        return self

    @property
    def cohort_size(self) -> int:
        """K, the number of clients a round trains."""
        return self.clients_per_round or self.clients

    def server_of(self, lane: LaneSpec) -> tuple[str, float]:
        """The lane's server optimiser and its learning rate."""
        if lane.server in (None, self.server_optimizer):
            return self.server_optimizer, self.server_lr
        return lane.server, SERVERS[lane.server].lr

    def local_epochs_of(self, lane: LaneSpec) -> int | None:
        """How many local epochs the lane may train at most, if there is a limit."""
        return lane.local_epochs or self.local_epochs

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON and TOML; fields that are None are left out, Θ = ∞ stays a float."""
        return self.model_dump(mode="python", exclude_none=True)

    def to_json(self) -> dict[str, Any]:
        """The same for JSON, where Θ = ∞ is the word "Infinity"; `ExperimentConfig(**…)` reads it back."""
        return json.loads(self.model_dump_json(exclude_none=True))
