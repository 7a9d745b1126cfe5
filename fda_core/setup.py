"""Everything a run needs before its first round: model, data, partition, network, initial weights and facts."""

import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping
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

from fda_core.algorithm.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.algorithm.network import Network
from fda_core.data.reviews import reviews
from fda_core.data.sources import Examples, Half, examples, owners
from fda_core.data.table_files import PREFIX, needs_table
from fda_core.federation.clients import Trainer
from fda_core.federation.metrics import matthews
from fda_core.models import architectures, choice, embedded, memory
from fda_core.models.adapters import adapt
from fda_core.models.frozen_prefix import hidden_states
from fda_core.models.tokens import Tokens, tokenize, types_of
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.head import HeadTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import ExperimentConfig
from fda_core.support import assets
from fda_core.support.callbacks import Progress, Tick
from fda_core.support.machine import processor

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
    shape: memory.Shape | None = None

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


def prepare(
    config: ExperimentConfig, progress: Progress = lambda *_: None, shelf: Path | None = None,
    before: Mapping[str, Any] | None = None, home: Path | None = None, data: Examples | None = None,
) -> Lab:  # fmt: skip
    """Loads model and data. `progress(done, total)` counts texts of the frozen prefix; it may raise to cancel.

    shelf: where the folders of models are looked up, FDA_OPT_LAB_MODELS if left out; whoever gives another vouches for
    it. before: the facts of a run that is gone on with. home: the run's folder, for a table of the user's own and all
    that is computed from it. data: the examples, if they are not to be looked for. Raises `MissingAssets`,
    `ConfigError`, `TableError`, `HubError`, `ModelError` and `NotEnoughMemory`.
    """
    data = data or examples(config, home, progress)
    chosen = choice.choose(config.model, len(data.labels), shelf, before, progress)
    types = types_of(chosen.skeleton().config)
    train, test = tokens_of(config, types, own_tokenizer(chosen, progress), data.train, data.test)
    choice.readable(chosen, [train, test], config)
    planned = choice.plan(chosen, config, len(train.ids) + len(test.ids))
    memory.check(planned.memory, chosen.name)
    model, sha256 = chosen.load(progress)
    choice.unchanged(chosen, sha256, before or {})
    model = adapt(model, config.lora, config.seed, config.trained, config.trained_layers)
    device = "cuda" if torch.cuda.is_available() and not planned.fast else "cpu"
    plain = PlainTrainer(model, train, test, device)
    labels, partition = data.train.labels, data.partition(config)
    names = data.clients if config.partition == "column" else ()
    facts = {
        "model": chosen.name,
        "weights": chosen.weights(sha256),
        choice.REVISION: chosen.revision,
        choice.SHA256: sha256,
        "dataset": f"{config.dataset}: {len(train)} training and {len(test)} test examples",
        "parameters": planned.parameters,
        "trainable_parameters": plain.layout.size,
        "wire_bytes_per_parameter": WIRE_BYTES_PER_PARAMETER,
        "model_bytes": plain.layout.size * WIRE_BYTES_PER_PARAMETER,
        "path": "fast" if planned.fast else "plain",
        "device": device,
        "memory_bytes": planned.memory,
        "seconds_per_step": seconds_per_step(plain, config.batch_size),
        "labels": list(data.labels),
        "pairs": data.train.pairs is not None,
        "clients": owners(partition, labels, len(data.labels), names),
    }
    return Lab(
        config=config, trainer=fastest(plain, model, config, progress, sha256, home), test_labels=test.labels,
        partition=partition, network=Network.of(config.link, config.clients, config.seed),
        initial=plain.layout.flatten(model), facts=facts, shape=planned.shape,
    )  # fmt: skip


def own_tokenizer(chosen: choice.Choice, progress: Progress):
    """None for the embedded models, which share one."""
    return None if isinstance(chosen, choice.Embedded) else chosen.tokenizer(progress)


def fastest(
    plain: PlainTrainer, model, config: ExperimentConfig, progress: Progress,
    weights: str = assets.SHA256[assets.WEIGHTS], home: Path | None = None,
) -> Trainer:  # fmt: skip
    """A fast way where it is proven equal to the plain one: adapters on the last layer, or the head alone.

    weights: digest of the model's files.
    """
    if not choice.fast(model, config):
        return plain
    depth, total = choice.frozen_layers(model, config), len(plain.train) + len(plain.test)
    encoder = architectures.encoder(model)
    # What is computed from somebody's own texts is theirs too: it goes when their run goes.
    cache = home / PREFIX if needs_table(config) else cache_folder()

    def hidden(tokens: Tokens, before: int) -> Tensor:
        report = lambda done, _: progress(before + done, total)  # noqa: E731
        return hidden_states(encoder, depth, tokens, weights, cache, report)

    # The test set first: it is the same for every size of the training set.
    test = hidden(plain.test, 0)
    return way(config)(model, plain.train, plain.test, hidden(plain.train, len(plain.test)), test)


def way(config: ExperimentConfig) -> type[HeadTrainer | CohortTrainer]:
    """The fast one for what is trained."""
    return HeadTrainer if config.trained == "head" else CohortTrainer


def tokens_of(config: ExperimentConfig, types: int, tokenizer, *halves: Half) -> tuple[Tokens, Tokens]:
    """Both halves as tokens. types: of tokens that the encoder knows; tokenizer: None for the packaged one."""
    if config.dataset == "reviews":
        return texts(config.train_examples, config.test_examples, config.max_tokens, tokenizer)
    tokenizer = tokenizer or embedded.load_tokenizer()
    return tuple(tokenize(half.as_columns(), tokenizer, config.max_tokens, types) for half in halves)


@lru_cache(maxsize=2)
def texts(train_examples: int, test_examples: int, max_tokens: int, tokenizer=None) -> tuple[Tokens, Tokens]:
    """The training and the test set; tokenizer: the packaged one if left out."""
    data, tokenizer = reviews(train_examples, test_examples), tokenizer or embedded.load_tokenizer()
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
