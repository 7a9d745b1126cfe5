"""Everything a run needs before its first round: model, data, partition, network, initial weights and facts."""

import os
import platform
import statistics
import sys
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
from fda_core.data import shelf
from fda_core.data.reviews import reviews
from fda_core.data.source import Half, examples, owners
from fda_core.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.machine import processor
from fda_core.metrics import matthews
from fda_core.models import anatomy, packaged
from fda_core.models.adapted import adapt
from fda_core.models.cohort import CohortTrainer
from fda_core.models.plain import PlainTrainer
from fda_core.models.prefix import hidden_states
from fda_core.models.tokens import Tokens, tokenize, types_of
from fda_core.network import Network
from fda_core.types import Progress, Tick

PACKAGES = ("torch", "transformers", "peft", "datasets", "numpy")


@dataclass(frozen=True)
class Score:
    """Quality of the global model on the test set; `accuracy` in 0…1, `mcc` (Matthews) in -1…1."""

    test_loss: float
    accuracy: float
    mcc: float | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """What there is besides loss and accuracy, by name."""
        return {} if self.mcc is None else {"mcc": self.mcc}


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
        answers = logits.argmax(1)
        accuracy = (answers == self.test_labels).double().mean().item()
        return Score(loss, accuracy, matthews(answers.numpy(), self.test_labels.numpy()))

    @staticmethod
    def versions() -> dict[str, Any]:
        return {
            "python": platform.python_version(), **{name: version(name) for name in PACKAGES},
            "platform": f"{sys.platform} {platform.machine()}", "processor": processor(),
            "threads": torch.get_num_threads(),
        }  # fmt: skip


def cache_folder() -> Path:
    """Where computed prefixes are kept: FDA_OPT_LAB_CACHE, or the user's cache folder."""
    return Path(os.environ.get("FDA_OPT_LAB_CACHE") or user_cache_path("fda-opt-lab", appauthor=False))


def prepare(config: ExperimentConfig, progress: Progress = lambda done, total: None, home: Path | None = None) -> Lab:
    """Loads model and data. `progress(done, total)` counts texts of the frozen prefix; it may raise to cancel.

    home: the run's folder, for a table of the user's own and all that is computed from it. Raises `MissingAssets`,
    `ConfigError`, `TableError`.
    """
    data = examples(config, home, progress)
    model = adapt(packaged.load_classifier(len(data.labels), config.model), config.lora, config.seed)
    train, test = tokens_of(config, types_of(model.config), data.train, data.test)
    plain = PlainTrainer(model, train, test)
    labels, partition = data.train.labels, data.partition(config)
    names = data.clients if config.partition == "column" else ()
    facts = {
        "model": packaged.NAMES[config.model],
        "weights": f"{assets.WEIGHTS[0]}, sha256 {assets.SHA256[assets.WEIGHTS][:16]}",
        "dataset": f"{config.dataset}: {len(train)} training and {len(test)} test examples",
        "trainable_parameters": plain.layout.size,
        "wire_bytes_per_parameter": WIRE_BYTES_PER_PARAMETER,
        "model_bytes": plain.layout.size * WIRE_BYTES_PER_PARAMETER,
        "seconds_per_step": seconds_per_step(plain, config.batch_size),
        "labels": list(data.labels),
        "pairs": data.train.pairs is not None,
        "clients": owners(partition, labels, len(data.labels), names),
    }
    return Lab(
        config=config, trainer=fastest(plain, model, config, progress, home), test_labels=test.labels,
        partition=partition, initial=plain.layout.flatten(model), facts=facts,
        network=Network.of(config.link, config.clients, config.seed),
    )  # fmt: skip


def fastest(
    plain: PlainTrainer, model, config: ExperimentConfig, progress: Progress, home: Path | None = None
) -> Trainer:
    """The cohort path where it is proven equal to the plain one: adapters on the last layer only."""
    if config.lora.layers > 1 or not anatomy.known(model):
        return plain
    depth, total = model.config.num_hidden_layers - 1, len(plain.train) + len(plain.test)
    encoder = anatomy.encoder(model)
    weights = assets.SHA256[assets.WEIGHTS]
    # What is computed from somebody's own texts is theirs too: it goes when their run goes.
    cache = home / shelf.PREFIX if shelf.needs_table(config) else cache_folder()

    def hidden(tokens: Tokens, before: int) -> Tensor:
        report = lambda done, _: progress(before + done, total)  # noqa: E731
        return hidden_states(encoder, depth, tokens, weights, cache, report)

    # The test set first: it is the same for every size of the training set.
    test = hidden(plain.test, 0)
    return CohortTrainer(model, plain.train, plain.test, hidden(plain.train, len(plain.test)), test)


def tokens_of(config: ExperimentConfig, types: int, *halves: Half) -> tuple[Tokens, Tokens]:
    """Both halves as tokens. types: how many types of tokens the encoder knows."""
    if config.dataset == "reviews":
        return texts(config.train_examples, config.test_examples, config.max_tokens)
    tokenizer = packaged.load_tokenizer()
    return tuple(tokenize(half.as_columns(), tokenizer, config.max_tokens, types) for half in halves)


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
