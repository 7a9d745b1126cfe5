"""What the parts of an encoder are called: all that differs between the architectures a fast way is proven for.

BERT, RoBERTa and DistilBERT are stacks of the same layer: softmax attention, add and normalise, two linear maps with
GELU between them, add and normalise; then two linear maps at position 0 (Devlin et al. 2019, Liu et al. 2019, Sanh
et al. 2019). DeBERTa's attention is another one (He et al. 2021), so it is trained the plain way only. The names are
those of the `...ForSequenceClassification` classes in transformers 5 (`modeling_*.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Union, cast

import torch
from torch import Tensor
from torch.nn.functional import gelu

from fda_core.support.errors import ConfigError

if TYPE_CHECKING:  # seconds to import, for nothing but these names
    from peft import PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

# A classifier of transformers, with adapters or without.
Classifier = Union["PreTrainedModel", "PeftModel"]


@dataclass(frozen=True)
class Architecture:
    """Names of the modules of one architecture."""

    encoder: str  # in the classifier
    layers: str  # in the encoder
    # In a layer: the linear maps of the attention under the names that settings have for them, and the rest.
    attention: dict[str, str]
    attention_norm: str
    widen: str
    narrow: str
    output_norm: str
    # In the classifier: its two linear maps, which of them start as random numbers, what stands between them, and the
    # modules that peft is to train in full (two linear maps together, or each by itself).
    head: tuple[str, str]
    fresh: tuple[str, ...]
    squash: Callable[[Tensor], Tensor]
    trained: tuple[str, ...]
    cohort: bool = True  # whether `CohortTrainer` computes what this architecture computes

    def layer(self, number: int) -> str:
        """The name of a layer in the classifier."""
        return f"{self.encoder}.{self.layers}.{number}"


with_bert_layers = partial(
    Architecture,
    layers="encoder.layer",
    attention={
        "q_lin": "attention.self.query",
        "k_lin": "attention.self.key",
        "v_lin": "attention.self.value",
        "out_lin": "attention.output.dense",
    },
    attention_norm="attention.output.LayerNorm",
    widen="intermediate.dense",
    narrow="output.dense",
    output_norm="output.LayerNorm",
)

ARCHITECTURES = {
    "distilbert": Architecture(
        encoder="distilbert",
        layers="transformer.layer",
        attention={name: f"attention.{name}" for name in ("q_lin", "k_lin", "v_lin", "out_lin")},
        attention_norm="sa_layer_norm",
        widen="ffn.lin1",
        narrow="ffn.lin2",
        output_norm="output_layer_norm",
        head=("pre_classifier", "classifier"),
        fresh=("pre_classifier", "classifier"),
        squash=torch.relu,
        trained=("pre_classifier", "classifier"),
    ),
    "roberta": with_bert_layers(
        encoder="roberta",
        head=("classifier.dense", "classifier.out_proj"),
        fresh=("classifier.dense", "classifier.out_proj"),
        squash=torch.tanh,
        trained=("classifier",),
    ),
    "bert": with_bert_layers(
        encoder="bert",
        head=("bert.pooler.dense", "classifier"),
        fresh=("classifier",),  # the pooler belongs to what was pretrained
        squash=torch.tanh,
        trained=("bert.pooler.dense", "classifier"),
    ),
    "deberta-v2": with_bert_layers(
        encoder="deberta",
        attention={
            "q_lin": "attention.self.query_proj",
            "k_lin": "attention.self.key_proj",
            "v_lin": "attention.self.value_proj",
            "out_lin": "attention.output.dense",
        },
        head=("pooler.dense", "classifier"),
        fresh=("pooler.dense", "classifier"),
        squash=gelu,
        trained=("pooler.dense", "classifier"),
        cohort=False,
    ),
}


def known(model: Classifier) -> bool:
    """Whether the cohort way is proven equal to the plain one for this classifier, with adapters or without.

    Others take the plain way.
    """
    classifier = _unwrapped(model)
    config, architecture = classifier.config, ARCHITECTURES.get(classifier.config.model_type)
    activation = getattr(config, "activation", None) or getattr(config, "hidden_act", None)
    return (
        architecture is not None
        and architecture.cohort
        and type(classifier).__name__.endswith("ForSequenceClassification")  # the head is another one in other tasks
        and activation == "gelu"
        and not getattr(config, "is_decoder", False)  # then positions see only those before them
    )


def of(config: "PreTrainedConfig") -> Architecture:
    """The names of an architecture. Raises `ConfigError`."""
    if config.model_type not in ARCHITECTURES:
        raise ConfigError("models.no_fast_way", architecture=config.model_type, known=", ".join(ARCHITECTURES))
    return ARCHITECTURES[config.model_type]


def encoder(model: Classifier) -> "PreTrainedModel":
    """The encoder in a classifier, with adapters or without."""
    return getattr(_unwrapped(model), of(model.config).encoder)


def epsilon(config: "PreTrainedConfig") -> float:
    """What layer normalisation adds to the variance; DistilBERT has no setting for it."""
    return getattr(config, "layer_norm_eps", 1e-12)


def _unwrapped(model: Classifier) -> "PreTrainedModel":
    """The classifier inside peft's wrapper, if there is one."""
    return cast("PreTrainedModel", getattr(model, "get_base_model", lambda: model)())
