"""Everything a run needs before its first round: model, data, partition, network, initial weights and facts."""

import os
import platform
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from platformdirs import user_cache_path
from torch import Tensor
from torch.nn.functional import cross_entropy

from fda_core import assets
from fda_core.clients import Trainer
from fda_core.config import ExperimentConfig
from fda_core.data.partition import dirichlet_partition
from fda_core.data.reviews import LABELS, reviews
from fda_core.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.machine import processor
from fda_core.models import anatomy, packaged
from fda_core.models.adapted import adapt
from fda_core.models.cohort import CohortTrainer
from fda_core.models.plain import PlainTrainer
from fda_core.models.prefix import hidden_states
from fda_core.models.tokens import Tokens, tokenize
from fda_core.network import Network
from fda_core.types import Progress, Tick

PACKAGES = ("torch", "transformers", "peft", "datasets", "numpy")


@dataclass(frozen=True)
class Score:
    """Quality of the global model on the test set; `accuracy` in 0…1."""

    test_loss: float
    accuracy: float


@dataclass
class Lab:
    """One experiment, ready to run; shared by its lanes. `tick` is called before every local step and may raise."""

    config: ExperimentConfig
    trainer: Trainer
    test_labels: Tensor
    partition: list[np.ndarray]
    network: Network
    initial: Tensor
    facts: dict[str, Any]
    tick: Tick = field(default=lambda: None)

    @property
    def model_bytes(self) -> int:
        return self.trainer.layout.size * WIRE_BYTES_PER_PARAMETER

    def score(self, weights: Tensor) -> Score:
        logits = self.trainer.logits(weights)
        loss = cross_entropy(logits.double(), self.test_labels).item()
        return Score(loss, (logits.argmax(1) == self.test_labels).double().mean().item())

    @staticmethod
    def versions() -> dict[str, Any]:
        return {
            "python": platform.python_version(), **{name: version(name) for name in PACKAGES},
            "platform": f"{sys.platform} {platform.machine()}", "processor": processor(),
            "threads": torch.get_num_threads(),
        }  # fmt: skip


_elsewhere: ContextVar[Path | None] = ContextVar("elsewhere", default=None)


@contextmanager
def caching_in(folder: Path) -> Iterator[None]:
    """Computed prefixes are looked for and kept there, by this thread."""
    token = _elsewhere.set(folder)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def cache_folder() -> Path:
    """Where computed prefixes are kept: FDA_OPT_LAB_CACHE, or the user's cache folder."""
    given = os.environ.get("FDA_OPT_LAB_CACHE")
    return _elsewhere.get() or Path(given or user_cache_path("fda-opt-lab", appauthor=False))


def prepare(config: ExperimentConfig, progress: Progress = lambda done, total: None) -> Lab:
    """Loads model and data. `progress(done, total)` counts texts of the frozen prefix; it may raise to cancel.

    Raises `MissingAssets` and `ConfigError`.
    """
    train, test = texts(config.train_examples, config.test_examples, config.max_tokens)
    model = adapt(packaged.load_classifier(len(LABELS), config.model), config.lora, config.seed)
    plain = PlainTrainer(model, train, test)
    labels = train.labels.numpy()
    partition = dirichlet_partition(labels, config.clients, config.alpha, config.seed)
    facts = {
        "model": packaged.NAMES[config.model],
        "weights": f"{assets.WEIGHTS[0]}, sha256 {assets.SHA256[assets.WEIGHTS][:16]}",
        "dataset": f"{config.dataset}: {len(train)} training and {len(test)} test examples",
        "trainable_parameters": plain.layout.size,
        "wire_bytes_per_parameter": WIRE_BYTES_PER_PARAMETER,
        "model_bytes": plain.layout.size * WIRE_BYTES_PER_PARAMETER,
        "seconds_per_step": seconds_per_step(plain, config.batch_size),
        "clients": [
            {"id": str(k), "examples": len(rows), "labels": np.bincount(labels[rows], minlength=len(LABELS)).tolist()}
            for k, rows in enumerate(partition)
        ],
    }
    return Lab(
        config=config, trainer=fastest(plain, model, config, progress), test_labels=test.labels, partition=partition,
        network=Network.of(config.link, config.clients, config.seed), initial=plain.layout.flatten(model), facts=facts,
    )  # fmt: skip


def fastest(plain: PlainTrainer, model, config: ExperimentConfig, progress: Progress) -> Trainer:
    """The cohort path where it is proven equal to the plain one: adapters on the last layer only."""
    if config.lora.layers > 1 or not anatomy.known(model):
        return plain
    depth, total = model.config.num_hidden_layers - 1, len(plain.train) + len(plain.test)
    encoder = anatomy.encoder(model)
    weights = assets.SHA256[assets.WEIGHTS]

    def hidden(tokens: Tokens, before: int) -> Tensor:
        report = lambda done, _: progress(before + done, total)  # noqa: E731
        return hidden_states(encoder, depth, tokens, weights, cache_folder(), report)

    # The test set first: it is the same for every size of the training set.
    test = hidden(plain.test, 0)
    return CohortTrainer(model, plain.train, plain.test, hidden(plain.train, len(plain.test)), test)


@lru_cache(maxsize=2)
def texts(train_examples: int, test_examples: int, max_tokens: int) -> tuple[Tokens, Tokens]:
    data, tokenizer = reviews(train_examples, test_examples), packaged.load_tokenizer()
    return tokenize(data["train"], tokenizer, max_tokens), tokenize(data["test"], tokenizer, max_tokens)


def seconds_per_step(plain: PlainTrainer, batch_size: int, repeats: int = 5) -> float:
    """Measured seconds of one local step of a single client without any of this engine's shortcuts (median)."""
    weights = plain.layout.flatten(plain.model)[None]
    out = torch.empty_like(weights)
    times = []
    for i in range(repeats + 1):
        rows = (torch.arange(batch_size) + i * batch_size)[None] % len(plain.train)
        began = perf_counter()
        plain.gradients(weights, rows, torch.ones(rows.shape, dtype=torch.bool), out)
        times.append(perf_counter() - began)
    return statistics.median(times[1:])
