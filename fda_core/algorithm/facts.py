"""What a run's first line says besides its settings: what became of them, and the untrained model's scores.

Events keep them as plain objects, in the order in which they were written. The models here say what a reader needs, and
the type and range of what pages and summaries compute with; what is unknown is let through.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Size = Annotated[int, Field(ge=1, le=2**53)]
Examples = Annotated[int, Field(ge=0, le=2**53)]


class Part(BaseModel):
    """Nothing is taken for a value of another type; what has a default may be missing."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False, protected_namespaces=())


class Owner(Part):
    """A client: its examples, and how many of them have each label."""

    id: str = ""
    name: str = ""
    examples: Examples = 0
    labels: list[Examples] = []


class Rows(Part):
    """What became of the rows that the examples were taken from; `data.table.Notes` says what each is."""

    rows: Examples
    empty: Examples = 0
    duplicates: Examples = 0
    contradictions: Examples = 0
    rare: Examples = 0
    cut: Examples = 0
    merged: Examples = 0


class Facts(Part):
    """`setup.prepare` says what each is."""

    model: str
    weights: str = ""
    revision: str | None = None
    weights_sha256: str | None = None
    dataset: str = ""
    parameters: Size = 1
    trainable_parameters: Size
    wire_bytes_per_parameter: Size = 1
    model_bytes: Size
    path: str = ""
    device: str = ""
    memory_bytes: Annotated[float, Field(ge=0, le=2**63)] = 0
    seconds_per_step: Annotated[float, Field(gt=0, le=1e6)] | None = None
    labels: list[str] = []
    pairs: bool = False
    rows: Rows | None = None
    clients: Annotated[list[Owner], Field(max_length=1000)] = []


class Initial(Part):
    """null: it was not finite."""

    test_loss: Annotated[float, Field(ge=0, le=1e100)] | None
    accuracy: Annotated[float, Field(ge=0, le=1)] | None
    metrics: dict[str, Annotated[float, Field(ge=-1e100, le=1e100)] | None] = {}
