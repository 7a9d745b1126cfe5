"""Asks a run's models about texts of one's own: before training, and as their lanes left them.

The same tokenizer, frozen prefix and classifier as in training, on an encoder of their own: a training under way in
another thread is not disturbed. Texts are neither kept nor logged. torch is loaded by whoever trains, never from here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fda_core.checkpoint import CheckpointError, load
from fda_core.config import ExperimentConfig, Lora
from fda_core.runs.store import CHECKPOINTS

if TYPE_CHECKING:
    from torch import Tensor

    from fda_core.clients import Trainer
    from fda_core.models.tokens import Tokens

LONGEST = 300  # characters
ENCODERS = 2  # kept in memory with their adapters, 90 MB each
LIBRARIES = "fda_core.lab"

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

    labels: how many the run's data has. Call it once `ready`. Raises `MissingAssets`, and `ConfigError` where the model
    cannot be built.
    """
    with _one_at_a_time:
        reader = reader_of(config.model, config.lora, config.seed, labels)
        models = {None: (0, reader.initial), **checkpoints(config, folder, len(reader.initial))}
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
    """The encoder of a run, its tokenizer, and the weights that its training starts from (`initial`, [d])."""

    def __init__(self, model: str, lora: Lora, seed: int, labels: int):
        from fda_core.models import packaged
        from fda_core.models.adapted import Layout, adapt

        self.lora = lora
        self.tokenizer = packaged.load_tokenizer()
        self.model = adapt(packaged.load_classifier(labels, model), lora, seed)
        self.initial = Layout.of(self.model).flatten(self.model)

    def shares(self, texts: Sequence[str], models: Sequence[Tensor], max_tokens: int) -> Tensor:
        """Probabilities [models, texts, labels]; of [K, d] weights the mean over the K."""
        import torch

        from fda_core.models.tokens import tokenize

        data = {"text": list(texts), "label": [0] * len(texts)}  # labels are what is asked for: these are never read
        trainer = self._trainer(tokenize(data, self.tokenizer, max_tokens))
        shares = [
            torch.stack([trainer.logits(one).softmax(1) for one in weights.reshape(-1, weights.shape[-1])])
            for weights in models
        ]
        return torch.stack([share.mean(0) for share in shares])

    def _trainer(self, tokens: Tokens) -> Trainer:
        """The fast way where training takes it, else the plain one (`lab.fastest`)."""
        from fda_core.models import anatomy
        from fda_core.models.cohort import CohortTrainer
        from fda_core.models.plain import PlainTrainer
        from fda_core.models.prefix import compute

        if self.lora.layers > 1 or not anatomy.known(self.model):
            return PlainTrainer(self.model, tokens, tokens)
        depth = self.model.config.num_hidden_layers - 1
        hidden = compute(anatomy.encoder(self.model), depth, tokens, lambda done, total: None)
        return CohortTrainer(self.model, tokens, tokens, hidden, hidden)


@lru_cache(maxsize=ENCODERS)
def reader_of(model: str, lora: Lora, seed: int, labels: int) -> Reader:
    return Reader(model, lora, seed, labels)
