"""The trainer of a run: a fast one where it is proven equal to the plain one."""

from pathlib import Path

from peft import PeftModel
from torch import Tensor

from fda_core.models import architectures, choice
from fda_core.models.architectures import Classifier
from fda_core.models.frozen_prefix import hidden_states
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.head import HeadTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS, Progress

ModelTrainer = PlainTrainer | HeadTrainer | CohortTrainer


def fastest(
    plain: PlainTrainer, model: Classifier, config: ExperimentConfig, progress: Progress, weights: str,
    cache: Path | None,
) -> ModelTrainer:  # fmt: skip
    """Adapters on the last layer, or the head alone, have a fast trainer; `plain` itself for everything else.

    weights: digest of the model's files. cache: the folder in which outputs of the frozen layers are kept, if any.
    """
    if not choice.fast(model, config):
        return plain
    depth, total = choice.frozen_layers(model, config), len(plain.train) + len(plain.test)
    encoder = architectures.encoder(model)

    def hidden(tokens: Tokens, before: int) -> Tensor:
        def report(done: int, _: int, stage: str = TEXTS, /) -> None:
            progress(before + done, total)

        return hidden_states(encoder, depth, tokens, weights, cache, report)

    # The test set first: it is the same for every size of the training set.
    test = hidden(plain.test, 0)
    return fast_trainer(model, config, plain.train, plain.test, hidden(plain.train, len(plain.test)), test)


def fast_trainer(
    model: Classifier, config: ExperimentConfig, train: Tokens, test: Tokens, train_hidden: Tensor, test_hidden: Tensor
) -> HeadTrainer | CohortTrainer:
    """The fast one for what is trained; train_hidden, test_hidden: outputs [ΣT, D] of the frozen layers."""
    if config.trained == "head":
        return HeadTrainer(model, train, test, train_hidden, test_hidden)
    assert isinstance(model, PeftModel), "adapters are all else that has a fast trainer"
    return CohortTrainer(model, train, test, train_hidden, test_hidden)
