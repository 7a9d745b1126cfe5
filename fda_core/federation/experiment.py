"""One experiment, ready to run, and how good its global model is."""

import platform
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fda_core.algorithm.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.algorithm.network import Network
from fda_core.federation.clients import Trainer
from fda_core.federation.metrics import matthews
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Ready, Tick, at_once
from fda_core.support.machine import processor

PACKAGES = ("torch", "transformers", "peft", "datasets", "numpy")


@dataclass(frozen=True)
class Score:
    """Quality of the global model on the test set; `accuracy` in 0…1, `mcc` (Matthews) in -1…1."""

    test_loss: float
    accuracy: float
    mcc: float | None = None

    @property
    def metrics(self) -> dict[str, float | None]:
        """What there is besides loss and accuracy, by name."""
        return {} if self.mcc is None else {"mcc": self.mcc}


@dataclass
class Experiment:
    """One experiment, ready to run; shared by its lanes. `tick` is called before every local step and may raise,
    `ready` before a round with the rows that it trains on."""

    config: ExperimentConfig
    trainer: Trainer
    test_labels: Tensor
    partition: list[np.ndarray]
    network: Network
    initial: Tensor
    facts: dict[str, Any]
    tick: Tick = field(default=lambda: None)
    ready: Ready = field(default=at_once)

    @property
    def model_bytes(self) -> int:
        """|w|: what the trainable weights take on the wire."""
        return self.trainer.layout.size * WIRE_BYTES_PER_PARAMETER

    def score(self, weights: Tensor) -> Score:
        """Of weights [d] on the whole test set; the loss is a mean over its examples, in float64."""
        logits = self.trainer.logits(weights)
        loss = cross_entropy(logits.double(), self.test_labels).item()
        answers = logits.argmax(1)
        accuracy = (answers == self.test_labels).double().mean().item()
        return Score(loss, accuracy, matthews(answers.numpy(), self.test_labels.numpy()))

    @staticmethod
    def versions() -> dict[str, Any]:
        """What numbers may depend on besides the settings: libraries, machine, torch's threads."""
        return {
            "python": platform.python_version(), **{name: version(name) for name in PACKAGES},
            "platform": f"{sys.platform} {platform.machine()}", "processor": processor(),
            "threads": torch.get_num_threads(),
        }  # fmt: skip
