"""Everything a run needs before its first round: model, data, partition, network, initial weights and facts."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from platformdirs import user_cache_path
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from fda_core.algorithm.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.algorithm.network import Network
from fda_core.data.examples import Examples, Split, owners
from fda_core.data.reviews import reviews
from fda_core.data.sources import examples
from fda_core.data.table_files import PREFIX, needs_table
from fda_core.federation.batches import cohort_of
from fda_core.federation.experiment import Experiment
from fda_core.models import choice, devices, embedded, memory
from fda_core.models.tokens import Tokens, padding, tokenize, types_of
from fda_core.models.trainers.choose import ModelTrainer, fastest
from fda_core.models.trainers.plain import PlainTrainer, seconds_per_step
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress, Tick, at_once
from fda_core.support.errors import ConfigError


@dataclass(kw_only=True)
class Prepared(Experiment):
    """An experiment of a real model; shape: what of the model its memory depends on."""

    trainer: ModelTrainer
    shape: memory.Shape


def cache_folder() -> Path:
    """Where outputs of the frozen layers are kept: FDA_OPT_LAB_CACHE, or the user's cache folder."""
    return Path(os.environ.get("FDA_OPT_LAB_CACHE") or user_cache_path("fda-opt-lab", appauthor=False))


def prepare(
    config: ExperimentConfig, progress: Progress = lambda *_: None, models_folder: Path | None = None,
    before: Mapping[str, Any] | None = None, home: Path | None = None, data: Examples | None = None, keep: bool = True,
    whole: bool = True, fast: bool = True,
) -> Prepared:  # fmt: skip
    """Loads model and data. `progress(done, total)` counts texts of the frozen prefix; it may raise to cancel.

    models_folder: where the folders of models are looked up, FDA_OPT_LAB_MODELS if left out; whoever gives another
    vouches for it. before: the facts of a run that is gone on with. home: the run's folder, for a table of the user's
    own and all that is computed from it. data: the examples, if they are not to be looked for. keep: whether outputs of
    the frozen layers are kept on disk. whole: whether those of all texts are there before this returns; else only those
    of the first round, and others once they are needed. fast: whether a trainer that is proven equal to the plain one
    may take its place. Raises `MissingAssets`, `ConfigError`, `TableError`,
    `HubError`, `ModelError` and `NotEnoughMemory`.
    """
    data = data or examples(config, home, progress)
    chosen = choice.choose(config.model, len(data.labels), models_folder, before, progress)
    with chosen.understood():
        chosen.read_alike([*data.train.texts, *(data.train.pairs or ())], progress)
        types = types_of(chosen.skeleton().config)
        train, test = tokens_of(config, types, own_tokenizer(chosen, progress), data.train, data.test)
    some_tokens(chosen.name, train, test)
    if isinstance(chosen, choice.External):
        train, test = (replace(tokens, pad=padding(chosen.config)) for tokens in (train, test))
    choice.readable(chosen, [train, test], config)
    planned = choice.plan(chosen, config, len(train.ids) + len(test.ids))
    device = devices.chosen()
    memory.check(planned.memory, chosen.name, devices.free_bytes(device))
    bare, sha256 = chosen.load(progress)
    choice.unchanged(chosen, sha256, before or {})
    model = chosen.ready(bare, config, progress)
    plain = PlainTrainer(model, train, test, device)
    labels, partition = data.train.labels, data.partition(config)
    names = data.clients if config.partition == "column" else ()
    cache = states_folder(config, home) if keep else None
    with chosen.understood():
        plain.read_longest()
        seconds = seconds_per_step(plain, config.batch_size)
        first = None if whole else first_round(config, partition)
        trainer, ready = fastest(plain, model, config, progress, sha256, cache, first) if fast else (plain, at_once)
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
        "path": "fast" if planned.fast and fast else "plain",
        **devices.facts(device),
        "memory_bytes": planned.memory,
        "seconds_per_step": seconds,
        "labels": list(data.labels),
        "pairs": data.train.pairs is not None,
        "clients": owners(partition, labels, len(data.labels), names),
        **({"rows": asdict(data.notes)} if data.notes.rows else {}),
    }
    return Prepared(
        config=config, trainer=trainer, test_labels=test.labels,
        partition=partition, network=Network.of(config.link, config.clients, config.seed),
        initial=plain.layout.flatten(model).to(device), facts=facts, shape=planned.shape, ready=ready,
    )  # fmt: skip


def ahead(config: ExperimentConfig, tick: Tick) -> None:
    """Computes what a run of this configuration will ask of the frozen layers, in the order in which it needs it.

    `tick` may raise, and what was computed by then is kept for the run that comes. Raises what `prepare` raises.
    """
    experiment = prepare(config, lambda *_: tick(), whole=False)
    experiment.ready(torch.arange(len(experiment.trainer.train)), tick)


def first_round(config: ExperimentConfig, partition: list[np.ndarray]) -> Tensor:
    """The rows of the training set that round 1 trains on."""
    clients = cohort_of(config.clients, config.cohort_size, config.seed, 1)
    return torch.from_numpy(np.concatenate([partition[client] for client in clients]))


def states_folder(config: ExperimentConfig, home: Path | None) -> Path:
    """What is computed from somebody's own texts is theirs too: it is kept in the run's folder and goes with it."""
    if not needs_table(config):
        return cache_folder()
    assert home is not None, "a run on a table of the user's own has a folder"
    return home / PREFIX


def own_tokenizer(chosen: choice.Choice, progress: Progress) -> PreTrainedTokenizerBase | None:
    """None for the embedded models, which share one."""
    return None if isinstance(chosen, choice.Embedded) else chosen.tokenizer(progress)


def tokens_of(
    config: ExperimentConfig, types: int, tokenizer: PreTrainedTokenizerBase | None, train: Split, test: Split
) -> tuple[Tokens, Tokens]:
    """Both splits as tokens. types: of tokens that the encoder knows; tokenizer: None for the embedded one."""
    if config.dataset == "reviews":
        return texts(config.train_examples, config.test_examples, config.max_tokens, tokenizer)
    tokenizer = tokenizer or embedded.load_tokenizer()
    return (
        tokenize(train.as_columns(), tokenizer, config.max_tokens, types),
        tokenize(test.as_columns(), tokenizer, config.max_tokens, types),
    )


def some_tokens(model: str, *splits: Tokens) -> None:
    """Raises `ConfigError` for texts that the tokenizer turns into nothing: there is nothing to classify."""
    if count := sum(int((tokens.lengths == 0).sum()) for tokens in splits):
        raise ConfigError("data.no_tokens", count=count, name=model)


@lru_cache(maxsize=2)
def texts(
    train_examples: int, test_examples: int, max_tokens: int, tokenizer: PreTrainedTokenizerBase | None = None
) -> tuple[Tokens, Tokens]:
    """The training and the test set; tokenizer: the embedded one if left out."""
    data, tokenizer = reviews(train_examples, test_examples), tokenizer or embedded.load_tokenizer()
    return tokenize(data["train"], tokenizer, max_tokens), tokenize(data["test"], tokenizer, max_tokens)
