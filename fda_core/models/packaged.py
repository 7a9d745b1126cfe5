"""all-MiniLM-L6-v2 in the DistilBERT class of transformers: genuine pretrained weights that need no hub.

BERT computes what DistilBERT computes once the embedding of token type 0 is added to every position embedding and
the pooler is left out; the names of the layers are all that differs otherwise.
"""

import torch
from safetensors.torch import load_file
from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedTokenizerFast

from fda_core import assets

NAME = "all-MiniLM-L6-v2 weights in the DistilBERT architecture (6 layers, width 384)"

RENAMED = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}


def architecture(labels: int) -> DistilBertConfig:
    """The sizes of MiniLM-L6; dropout is 0 in every path, see docs/method.md."""
    return DistilBertConfig(
        vocab_size=30522,
        max_position_embeddings=512,
        dim=384,
        hidden_dim=1536,
        n_layers=6,
        n_heads=12,
        dropout=0.0,
        attention_dropout=0.0,
        seq_classif_dropout=0.0,
        num_labels=labels,
    )


def distilbert_state(bert: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of a BERT encoder under the names of DistilBERT's encoder."""
    state = {
        "embeddings.word_embeddings.weight": bert["embeddings.word_embeddings.weight"],
        "embeddings.position_embeddings.weight": bert["embeddings.position_embeddings.weight"]
        + bert["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": bert["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": bert["embeddings.LayerNorm.bias"],
    }
    for name, tensor in bert.items():
        if name.startswith("encoder.layer."):
            number, rest = name.removeprefix("encoder.layer.").split(".", 1)
            stem, kind = rest.rsplit(".", 1)
            state[f"transformer.layer.{number}.{RENAMED[stem]}.{kind}"] = tensor
    return state


def load_classifier(labels: int = 2) -> DistilBertForSequenceClassification:
    """The pretrained encoder with a fresh classification head (random numbers of torch's global generator).

    Raises `MissingAssets`.
    """
    path = assets.locate(assets.WEIGHTS)
    model = DistilBertForSequenceClassification(architecture(labels))
    model.distilbert.load_state_dict(distilbert_state(load_file(path)))
    return model.eval()


def load_tokenizer() -> PreTrainedTokenizerFast:
    """The WordPiece tokenizer of the weights. Raises `MissingAssets`."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(assets.locate(assets.TOKENIZER)),
        unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip
