"""Asks a run's models about texts of one's own: before training, and as their lanes left them.

The same tokenizer, frozen prefix and classifier as in training, on an encoder of their own: a training under way in
another thread is not disturbed. Texts are neither kept nor logged. torch is loaded by whoever trains, never from here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fda_core.algorithm.checkpoint import CheckpointError, load
from fda_core.analysis.summary import started
from fda_core.runs.snapshot import stored
from fda_core.runs.store import CHECKPOINTS
from fda_core.settings.config import MODELS, ExperimentConfig

if TYPE_CHECKING:
    from torch import Tensor

    from fda_core.federation.clients import Trainer
    from fda_core.models.tokens import Tokens

LONGEST = 300  # characters
READ = ("model", "lora", "seed", "trained", "trained_layers")  # settings that a reader depends on
ENCODERS = 2  # kept in memory, 90 MB each if embedded
LIBRARIES = "fda_core.setup"

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """lane: None for the untrained model, from which all start. round: the last one in it.

    shares: a probability for each label, in the order of the run's facts.
    """

    lane: str | None
    round: int
    shares: tuple[float, ...]


def ready() -> bool:
    """Whether the libraries are loaded: seconds of work that no page should wait for."""
    return hasattr(sys.modules.get(LIBRARIES), "prepare")  # defined after everything that module imports


def kept(folder: Path) -> bool:
    """Whether the run has checkpoints: records from elsewhere come without, and a young run has none yet."""
    return any((folder / CHECKPOINTS).glob("*.safetensors"))


def answers(config: ExperimentConfig, folder: Path, text: str, labels: int = 2) -> list[Answer]:
    """The untrained model's answer, then one for each lane with a checkpoint in the run's folder, in their order.

    labels: how many the run's data has. Call it once `ready`. Raises `MissingAssets`, and another `LabError` where the
    model cannot be built, or is no longer what the run began with.
    """
    with _one_at_a_time:
        reader = reader_for(config, folder, labels)
        models: dict[str | None, tuple[int, Tensor]] = {None: (0, reader.initial)}
        models.update(checkpoints(config, folder, len(reader.initial)).items())
        weights = [weights for _, weights in models.values()]
        shares = reader.shares([text.strip()[:LONGEST]], weights, config.max_tokens)[:, 0].tolist()
    return [Answer(lane, round, tuple(own)) for (lane, (round, _)), own in zip(models.items(), shares, strict=True)]


def checkpoints(config: ExperimentConfig, folder: Path, size: int) -> dict[str, tuple[int, Tensor]]:
    """Per lane its last checkpoint's round and weights: [d], or [K, d] where every client has a model of its own.

    Left out are lanes without one, and damaged ones; size: d.
    """
    found = {}
    for lane in config.lanes:
        try:
            checkpoint = load(folder / CHECKPOINTS / f"{lane.id}.safetensors")
            weights = checkpoint.state.get("models", checkpoint.state["server"]["weights"])
            fits = weights.shape[-1] == size
        except (CheckpointError, KeyError, TypeError, AttributeError, IndexError):
            continue
        if fits:
            found[lane.id] = checkpoint.round, weights
    return found


class Reader:
    """The encoder of a run, its tokenizer, and the weights that its training starts from (`initial`, [d]).

    labels: how many the run's data has; before: the run's facts, which say what its model's files were.
    """

    def __init__(self, config: ExperimentConfig, labels: int = 2, before: Mapping[str, Any] | None = None):
        from fda_core.algorithm.flat_parameters import FlatParameters
        from fda_core.models import choice, memory

        chosen = choice.choose(config.model, labels, None, before)
        memory.check_weights(choice.plan(chosen, config).parameters, chosen.name)
        self.config, self.chosen, self.tokenizer = config, chosen, chosen.tokenizer(lambda *_: None)
        model, sha256 = chosen.load(lambda *_: None)
        choice.unchanged(chosen, sha256, before or {})
        self.model = chosen.ready(model, config, lambda *_: None)
        self.initial = FlatParameters.of(self.model).flatten(self.model)

    def shares(self, texts: Sequence[str], models: Sequence[Tensor], max_tokens: int) -> Tensor:
        """Probabilities [models, texts, labels]; of [K, d] weights the mean over the K."""
        import torch

        from fda_core.models import choice
        from fda_core.models.tokens import padding, tokenize

        data = {"text": list(texts), "label": [0] * len(texts)}  # labels are what is asked for: these are never read
        tokens = tokenize(data, self.tokenizer, max_tokens)
        if isinstance(self.chosen, choice.External):
            tokens = replace(tokens, pad=padding(self.chosen.config))
            choice.readable(self.chosen, [tokens], self.config)
        trainer = self._trainer(tokens)
        shares = [
            torch.stack([trainer.logits(one).softmax(1) for one in weights.reshape(-1, weights.shape[-1])])
            for weights in models
        ]
        return torch.stack([share.mean(0) for share in shares])

    def _trainer(self, tokens: Tokens) -> Trainer:
        """A fast way where training takes one, else the plain one (`models/trainers/choose.py`)."""
        from fda_core.models import architectures, choice
        from fda_core.models.frozen_prefix import hidden_states
        from fda_core.models.trainers.choose import fast_trainer
        from fda_core.models.trainers.plain import PlainTrainer

        if not choice.fast(self.model, self.config):
            return PlainTrainer(self.model, tokens, tokens)
        depth = choice.frozen_layers(self.model, self.config)
        hidden = hidden_states(architectures.encoder(self.model), depth, tokens, "", None, lambda *_: None)
        return fast_trainer(self.model, self.config, tokens, tokens, hidden, hidden)


def reader_for(config: ExperimentConfig, folder: Path, labels: int) -> Reader:
    """Of the run in this folder; runs that differ in nothing that its reader depends on share one."""
    start = None if config.model in MODELS else started(stored(folder).events)
    facts = start.facts if start else {}
    words = {name: facts.get(name) for name in ("revision", "weights_sha256")}
    return reader_of(ExperimentConfig(**{name: getattr(config, name) for name in READ}), labels, tuple(words.items()))


@lru_cache(maxsize=ENCODERS)
def reader_of(config: ExperimentConfig, labels: int, before: tuple[tuple[str, str | None], ...] = ()) -> Reader:
    """Kept for as long as few others are asked for; before: as in `Reader`, in a form that can be compared."""
    return Reader(config, labels, {name: value for name, value in before if value})
