"""all-MiniLM-L6-v2 in three classes of transformers: genuine pretrained weights that need no hub.

It is a BERT encoder. RoBERTa and DistilBERT compute what BERT computes once the embedding of token type 0, the only
type there is here, has its place: in RoBERTa's one-row table of types, or added to every position of DistilBERT.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    BertForSequenceClassification,
    DistilBertForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaForSequenceClassification,
)

from fda_core.models import architectures
from fda_core.support import assets
from fda_core.support.errors import ConfigError
from fda_core.support.streams import torch_generator

DEFAULT = "minilm-distilbert"

NAMES = {
    DEFAULT: "all-MiniLM-L6-v2 weights in the DistilBERT architecture (6 layers, width 384)",
    "minilm-roberta": "all-MiniLM-L6-v2 weights in the RoBERTa architecture (6 layers, width 384)",
    "minilm-bert": "all-MiniLM-L6-v2 weights in the BERT architecture (6 layers, width 384)",
}

TYPES = "embeddings.token_type_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"


def bert_state(file: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of BERT's encoder with its pooler; the position numbers 0…511 of older files are not weights."""
    return {name: tensor for name, tensor in file.items() if not name.endswith("position_ids")}


def roberta_state(file: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of BERT for RoBERTa's encoder, which numbers positions from 1 on and keeps row 0 for padding."""
    state = {name: tensor for name, tensor in bert_state(file).items() if not name.startswith("pooler.")}
    positions = state[POSITIONS]
    return state | {
        TYPES: state[TYPES][:1].clone(),
        POSITIONS: torch.cat([positions.new_zeros(1, positions.shape[1]), positions]),
    }


def distilbert_state(file: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of BERT under the names of DistilBERT's encoder."""
    theirs, ours = architectures.ARCHITECTURES["bert"], architectures.ARCHITECTURES["distilbert"]
    renamed = {theirs.attention[name]: ours.attention[name] for name in theirs.attention}
    for part in ("attention_norm", "widen", "narrow", "output_norm"):
        renamed[getattr(theirs, part)] = getattr(ours, part)
    state = {}
    for name, tensor in bert_state(file).items():
        if name.startswith(theirs.layers):
            number, rest = name.removeprefix(f"{theirs.layers}.").split(".", 1)
            stem, kind = rest.rsplit(".", 1)
            state[f"{ours.layers}.{number}.{renamed[stem]}.{kind}"] = tensor
        elif not name.startswith("pooler.") and name != TYPES:
            state[name] = tensor
    return state | {POSITIONS: state[POSITIONS] + file[TYPES][0]}


@dataclass(frozen=True)
class EmbeddedKind:
    """A class that takes the embedded weights: its settings, and what the weights are called in its encoder."""

    of: type[PreTrainedModel]
    settings: dict[str, Any]
    state: Callable[[dict[str, Tensor]], dict[str, Tensor]]

    def build(self, labels: int) -> PreTrainedModel:
        """The classifier as it is before it takes the weights: random numbers of torch's global generator."""
        configuration: Callable[..., PreTrainedConfig] | None = self.of.config_class
        assert configuration is not None, "every class of one architecture has one"
        return self.of(configuration(num_labels=labels, **self.settings))


# The sizes of MiniLM-L6; dropout is 0 in every path, see docs/method.md.
BERT_SETTINGS = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout": 0.0,
    "pad_token_id": 0,
}
DISTILBERT_SETTINGS = {
    "vocab_size": 30522,
    "max_position_embeddings": 512,
    "dim": 384,
    "hidden_dim": 1536,
    "n_layers": 6,
    "n_heads": 12,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "seq_classif_dropout": 0.0,
}

MODELS = {
    DEFAULT: EmbeddedKind(DistilBertForSequenceClassification, DISTILBERT_SETTINGS, distilbert_state),
    "minilm-roberta": EmbeddedKind(
        RobertaForSequenceClassification,
        BERT_SETTINGS | {"max_position_embeddings": 513, "type_vocab_size": 1},
        roberta_state,
    ),
    "minilm-bert": EmbeddedKind(
        BertForSequenceClassification,
        BERT_SETTINGS | {"max_position_embeddings": 512, "type_vocab_size": 2},
        bert_state,
    ),
}


def load_classifier(labels: int = 2, model: str = DEFAULT) -> PreTrainedModel:
    """The pretrained encoder with a fresh classification head (random numbers of torch's global generator).

    model: a name of `MODELS`. Raises `MissingAssets`, and `ConfigError` for another name.
    """
    if model not in MODELS:
        raise ConfigError("models.unknown", model=model, models=", ".join(MODELS))
    path, kind = assets.locate(assets.WEIGHTS), MODELS[model]
    with torch_generator:
        classifier = kind.build(labels)
    # Strict: a weight that is missing or left over is an error.
    architectures.encoder(classifier).load_state_dict(kind.state(load_file(path)))
    return classifier.eval()


def load_tokenizer() -> PreTrainedTokenizerFast:
    """The WordPiece tokenizer of the weights. Raises `MissingAssets`."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(assets.locate(assets.TOKENIZER)),
        unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip
