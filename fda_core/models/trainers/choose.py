"""The trainer of a run: a fast one where it is proven equal to the plain one."""

from pathlib import Path

from torch import Tensor

from fda_core.federation.clients import Trainer
from fda_core.models import architectures, choice
from fda_core.models.frozen_prefix import hidden_states
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.head import HeadTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress


def fastest(
    plain: PlainTrainer, model, config: ExperimentConfig, progress: Progress, weights: str, cache: Path | None
) -> Trainer:
    """Adapters on the last layer, or the head alone, have a fast trainer; `plain` itself for everything else.

    weights: digest of the model's files. cache: the folder in which outputs of the frozen layers are kept, if any.
    """
    if not choice.fast(model, config):
        return plain
    depth, total = choice.frozen_layers(model, config), len(plain.train) + len(plain.test)
    encoder = architectures.encoder(model)

    def hidden(tokens: Tokens, before: int) -> Tensor:
        report = lambda done, _: progress(before + done, total)  # noqa: E731
        return hidden_states(encoder, depth, tokens, weights, cache, report)

    # The test set first: it is the same for every size of the training set.
    test = hidden(plain.test, 0)
    return fast_trainer(config)(model, plain.train, plain.test, hidden(plain.train, len(plain.test)), test)


def fast_trainer(config: ExperimentConfig) -> type[HeadTrainer | CohortTrainer]:
    """The fast one for what is trained."""
    return HeadTrainer if config.trained == "head" else CohortTrainer
