"""Whether a model's tokenizer knows the language of texts; without torch, so that a page can ask before a run begins.

A text in another language than the tokenizer's falls apart into unknown tokens and single letters. Chinese characters
are one token each in many models that read them well: of these only unknown ones count.
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from tokenizers import Tokenizer

from fda_core.settings import model_names
from fda_core.settings.config import MODELS
from fda_core.support import assets

SAMPLE, CHARACTERS = 200, 1000  # texts looked at, and of each so many characters
# By the embedded models: English 0 to 5 %, French and German 12 %, Japanese 85 %, Russian and Korean above 90.
FOREIGN = 0.5
UNKNOWN = ("[UNK]", "<unk>")
# Of the hub, for many languages; both are encoders this lab can train.
MULTILINGUAL = ("distilbert-base-multilingual-cased", "xlm-roberta-base")


def tokenizer_of(model: str) -> Tokenizer | None:
    """The model's, where its tokenizer.json is on this computer already. Raises `MissingAssets`."""
    file = file_of(model)
    if file is None or not file.is_file():
        return None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # damaged: loading the model says so, with the reason
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def file_of(model: str) -> Path | None:
    """Where that file is, or would be; nothing is fetched."""
    if model in MODELS:
        return assets.locate(assets.TOKENIZER)
    if model_names.is_folder(model):
        place = model_names.models_folder()
        return place / model.removeprefix(model_names.FOLDER) / "tokenizer.json" if place else None
    from fda_core.models.hub_files import already_here  # a third of a second, for models of the hub alone

    return already_here(model, "tokenizer.json")


def unread(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """Share of the tokens with letters in them that are unknown, or one letter of a longer word; 0 without any. Of at
    most `SAMPLE` texts, of each the first `CHARACTERS`."""
    unknown = {number for word in UNKNOWN if (number := tokenizer.token_to_id(word)) is not None}
    strange = total = 0
    for text in islice(texts, SAMPLE):
        found = tokenizer.encode(text[:CHARACTERS], add_special_tokens=False)
        for number, (start, end) in zip(found.ids, found.offsets, strict=True):
            if any(map(str.isalpha, text[start:end])):
                strange += number in unknown or torn(text, start, end)
                total += 1
    return strange / total if total else 0.0


def torn(text: str, start: int, end: int) -> bool:
    """Whether this is one letter out of a longer word; a Chinese character is a word of its own."""
    beside = text[max(start - 1, 0) : start] + text[end : end + 1]
    return end - start == 1 and not "\u3400" <= text[start] <= "\u9fff" and any(map(str.isalpha, beside))


def foreign(model: str, texts: Iterable[str]) -> float | None:
    """The share of `unread` where it says that the model does not know the language; None where it does, or where its
    tokenizer is not here. Raises `MissingAssets`."""
    tokenizer = tokenizer_of(model)
    share = unread(tokenizer, texts) if tokenizer else 0.0
    return share if share > FOREIGN else None
