"""The trainer of a run: a fast one where it is proven equal to the plain one."""

from pathlib import Path

import torch
from peft import PeftModel
from torch import Tensor

from fda_core.models import architectures, choice, devices
from fda_core.models.architectures import Classifier
from fda_core.models.frozen_outputs import FrozenOutputs
from fda_core.models.frozen_prefix import hidden_states, outputs
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.head import HeadTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS, Progress, Ready, Tick, at_once

ModelTrainer = PlainTrainer | HeadTrainer | CohortTrainer


def fastest(
    plain: PlainTrainer, model: Classifier, config: ExperimentConfig, progress: Progress, weights: str,
    cache: Path | None, first: Tensor | None = None,
) -> tuple[ModelTrainer, Ready]:  # fmt: skip
    """Adapters on the last layer, or the head alone, have a fast trainer; `plain` itself for everything else.

    weights: digest of the model's files. cache: the folder in which outputs of the frozen layers are kept, if any.
    first: the training texts that are to be ready at once, all of them if left out; others become ready when they are
    asked for. A GPU is given all of them.
    """
    if not choice.fast(model, config):
        return plain, at_once
    depth = choice.frozen_layers(model, config)
    encoder = architectures.encoder(model)
    rows = torch.arange(len(plain.train))
    if first is not None and config.trained == "lora" and model.device.type == devices.CPU:
        rows = first
    total = len(rows) + len(plain.test)

    def report(before: int) -> Progress:
        return lambda done, _, stage=TEXTS: progress(before + done, total)

    # The test set first: it is the same for every size of the training set.
    test = hidden_states(encoder, depth, plain.test, weights, cache, report(0))
    train = outputs(encoder, depth, plain.train, weights, cache)
    train.need_all(rows, report(len(plain.test)))
    there = train.done.nonzero()[:, 0]  # all, if they were kept on disk
    trainer = fast_trainer(model, config, plain.train, plain.test, train.hidden, test, there)
    if len(there) == len(plain.train) or not isinstance(trainer, CohortTrainer):
        return trainer, at_once
    return trainer, WhenAsked(train, trainer)


class WhenAsked:
    """Computes what is not there yet of the rows that are asked for."""

    def __init__(self, train: FrozenOutputs, trainer: CohortTrainer):
        self.train, self.trainer = train, trainer

    def __call__(self, rows: Tensor, tick: Tick) -> None:
        """See `Ready`."""
        self.train.need(rows, tick)
        self.trainer.read(rows)


def fast_trainer(
    model: Classifier, config: ExperimentConfig, train: Tokens, test: Tokens, train_hidden: Tensor,
    test_hidden: Tensor, read: Tensor | None = None,
) -> HeadTrainer | CohortTrainer:  # fmt: skip
    """The fast one for what is trained; train_hidden, test_hidden: outputs [ΣT, D] of the frozen layers.

    read: the training texts whose outputs are there, all of them if left out.
    """
    if config.trained == "head":
        return HeadTrainer(model, train, test, train_hidden, test_hidden)
    assert isinstance(model, PeftModel), "adapters are all else that has a fast trainer"
    return CohortTrainer(model, train, test, train_hidden, test_hidden, read)
