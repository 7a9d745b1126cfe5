"""How much memory a run takes, from its numbers alone, and whether there is as much: asked before weights are loaded.

Training keeps every client of a round as a vector of all trained weights. Beside it stand its gradient, what its
optimiser remembers, its drift, and copies of the drifts while they are compared. That is what makes full fine-tuning
large. The factors were measured: `tests/models/test_memory.py`. The allocator may keep freed vectors a while longer.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from fda_core.settings.config import ExperimentConfig
from fda_core.settings.methods import CLIENT_OPTIMIZERS, SERVERS
from fda_core.support.errors import LabError

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from fda_core.models.architectures import Classifier

FLOAT = 4
LIBRARIES = 700_000_000  # torch, transformers and peft, once loaded, with their work space
CLIENT = 7.3  # vectors of d numbers at the peak, when the drifts are compared
LANE, SHARED = (
    1,
    5,
)  # of a lane: its weights; of all: initial weights, step, sketch's words, checkpoint as it is written
# Numbers a layer keeps of a token for the way back, in widths: states between its maps, and the inner ones.
ACTIVATIONS, INNER = 12, 2
SCORES = 3  # of attention, per head and pair of tokens


class NotEnoughMemory(LabError):
    """A run that this machine has too little memory for; the text has both numbers."""


@dataclass(frozen=True)
class Shape:
    """What of a model matters here. trained: d; depth: layers that are passed on the way back."""

    parameters: int
    trained: int
    width: int
    inner: int
    layers: int
    heads: int
    depth: int


def shape_of(model: "Classifier", trained: int, depth: int) -> Shape:
    """Of a classifier of transformers, which may be one without weights. trained: d, which adapters are part of."""
    config = model.config
    inner = getattr(config, "intermediate_size", None) or getattr(config, "hidden_dim", None) or 4 * config.hidden_size
    return Shape(
        sum(parameter.numel() for parameter in model.parameters()), trained, config.hidden_size, inner,
        config.num_hidden_layers, config.num_attention_heads, depth,
    )  # fmt: skip


def needed(shape: Shape, config: ExperimentConfig, cached_tokens: int = 0) -> int:
    """Bytes at the peak of a run, roughly. cached_tokens: of texts whose frozen states are kept, on a fast way."""
    lanes = len(config.lanes) * (LANE + max(SERVERS[config.server_of(lane)[0]].vectors for lane in config.lanes))
    alone = sum(lane.kind.alone for lane in config.lanes)
    client = CLIENT + CLIENT_OPTIMIZERS[config.client_optimizer].vectors + alone
    # A fast way is one that several lanes can take at the same time, with a core each.
    cohorts = min(len(config.lanes), os.cpu_count() or 1) if cached_tokens else 1
    vectors = cohorts * config.cohort_size * client + lanes + SHARED
    weights = FLOAT * (shape.parameters + shape.trained)  # with a gradient for each that is trained
    cached = FLOAT * cached_tokens * shape.width
    return LIBRARIES + weights + int(FLOAT * vectors * shape.trained) + step(shape, config) + cached


def step(shape: Shape, config: ExperimentConfig) -> int:
    """Of one local step of one client, through the layers that are trained or lie above such."""
    tokens = config.batch_size * config.max_tokens
    numbers = ACTIVATIONS * shape.width + INNER * shape.inner + SCORES * shape.heads * config.max_tokens
    return FLOAT * tokens * numbers * max(1, shape.depth)


def check_weights(parameters: int, name: str) -> None:
    """For a model that is only asked. Raises `NotEnoughMemory`."""
    free = psutil.virtual_memory().available
    if FLOAT * parameters > free:
        raise NotEnoughMemory(
            "models.memory_to_ask", name=name, needed=gigabytes(FLOAT * parameters), free=gigabytes(free)
        )


def check(bytes_needed: int, name: str, available: int | None = None) -> None:
    """Raises `NotEnoughMemory` when the machine has less to give than a run needs."""
    free = psutil.virtual_memory().available if available is None else available
    if bytes_needed > free + LIBRARIES:  # which are in memory by now
        raise NotEnoughMemory("models.memory_to_train", name=name, needed=gigabytes(bytes_needed), free=gigabytes(free))


def gigabytes(count: int) -> str:
    """Bytes in 10⁹, with one decimal, as sentences show them."""
    return f"{count / 1e9:,.1f} GB"
