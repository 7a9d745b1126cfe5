"""Encoders of a few thousand random weights with tokenizers of their own, saved the way real ones are."""

import json
from pathlib import Path

WORDS = (
    "a the and of to is it film movie story good bad great dull fun funny warm boring best worst plot cast acting love"
    " hate not very well made never always watch again scene end ending character director performance"
)
LAYERS, WIDTH, HEADS, INNER, POSITIONS = 3, 16, 2, 32, 80
BERT = {
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
}  # fmt: skip
DISTILBERT = {
    "dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER, "max_position_embeddings": POSITIONS,
}  # fmt: skip
DEBERTA = BERT | {
    "type_vocab_size": 0, "relative_attention": True, "max_relative_positions": -1, "position_buckets": 8,
    "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False, "pooler_hidden_size": WIDTH, "pooler_dropout": 0.1, "layer_norm_eps": 1e-7,
}  # fmt: skip
# Architectures with a place of their own in `anatomy.py`, with dropout as they come.
SETTINGS = {
    "distilbert": DISTILBERT,
    "roberta": BERT | {"type_vocab_size": 1, "layer_norm_eps": 1e-5},
    "bert": BERT,
    "deberta-v2": DEBERTA,
}
# And some that have none.
OTHERS = {
    "electra": BERT | {"embedding_size": WIDTH},
    "albert": BERT | {"embedding_size": 8},
    "mpnet": BERT,
    "xlm-roberta": BERT | {"type_vocab_size": 1},
    "modernbert": BERT | {"global_attn_every_n_layers": 2, "local_attention": 16, "reference_compile": False},
}
# Whatever else transformers calls an encoder of texts, for those who go through all of them.
MORE = {
    kind: BERT
    for kind in (
        "big_bird", "camembert", "data2vec-text", "deberta", "ernie", "esm", "esmc", "eurobert", "fnet", "gte", "ibert",
        "jina_embeddings_v3", "layoutlm", "megatron-bert", "mra", "nomic_bert", "nystromformer", "roberta-prelayernorm",
        "roformer", "tapas", "ultrabert", "xlm-roberta-xl", "yoso",
    )
} | {
    "xlm": {"emb_dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "max_position_embeddings": POSITIONS},
    "flaubert": {"emb_dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "max_position_embeddings": POSITIONS},
    "squeezebert": BERT | {"embedding_size": WIDTH},
    "longformer": BERT | {"attention_window": 8},
    "mobilebert": BERT | {"embedding_size": WIDTH, "true_hidden_size": WIDTH, "intra_bottleneck_size": WIDTH},
    "luke": BERT | {"entity_vocab_size": 10, "entity_emb_size": 8},
    "roc_bert": BERT | {"shape_vocab_size": 10, "pronunciation_vocab_size": 10, "shape_embed_dim": 8,
                        "pronunciation_embed_dim": 8},
    "rembert": BERT | {"input_embedding_size": 8, "output_embedding_size": 8},
    "convbert": BERT | {"embedding_size": WIDTH, "head_ratio": 1, "conv_kernel_size": 3},
    "xmod": BERT | {"languages": ["en_XX"], "default_language": "en_XX"},
    "reformer": {
        "hidden_size": WIDTH, "attention_head_size": 8, "num_attention_heads": HEADS, "feed_forward_size": INNER,
        "axial_pos_embds": False, "max_position_embeddings": POSITIONS, "attn_layers": ["local", "lsh", "local"],
        "local_attn_chunk_length": 8, "lsh_attn_chunk_length": 8, "is_decoder": False,
    },
    "perceiver": {"d_model": WIDTH, "d_latents": WIDTH, "num_latents": 4, "num_self_attends_per_block": 1,
                  "max_position_embeddings": POSITIONS},
}  # fmt: skip


def tokenizer():
    """Word pieces of the words above, the letters, and BERT's special tokens."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'\"-"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys([*pieces, *WORDS.split()]))}
    inner = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    inner.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=POSITIONS - 4,
    )  # fmt: skip


def save(kind: str, folder: Path, seed: int = 0, labels: int = 2, whole: bool = False, **settings) -> Path:
    """A model folder of an architecture: config.json, model.safetensors, tokenizer files.

    whole: with a classification head, as somebody's finished classifier; otherwise the encoder alone, as pretrained.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    words = tokenizer()
    config = AutoConfig.for_model(
        kind, vocab_size=len(words), pad_token_id=0, num_labels=labels,
        **(SETTINGS | OTHERS | MORE)[kind] | settings,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = (AutoModelForSequenceClassification if whole else AutoModel).from_config(config)
        for parameter in model.parameters():  # unlike enough that mistakes show
            parameter.data += 0.2 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def edit(folder: Path, **changes) -> Path:
    """Other settings in config.json, with the weights as they are; None removes one."""
    file = folder / "config.json"
    settings = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: value for name, value in settings.items() if value is not None}))
    return folder
