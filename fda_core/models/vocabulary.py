"""The tokenizer of a model from outside: what its tokenizer.json says, not what a class makes of it.

transformers builds many tokenizers anew from their vocabulary and forgets what else the file says (capitals, accents).
"""

import re
from collections.abc import Sequence
from importlib.util import find_spec

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from fda_core.models.external import CONFIG, ModelError, Source, fetched
from fda_core.support.callbacks import Progress

WHOLE = "tokenizer.json"
# Any of these makes a tokenizer; the others belong to some of them.
VOCABULARIES = (WHOLE, "vocab.txt", "vocab.json", "spm.model", "spiece.model", "sentencepiece.bpe.model")
BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
# What tokenizers of transformers import, and what to install where the names differ.
PACKAGES = {
    "fugashi": "fugashi", "unidic_lite": "unidic-lite", "unidic": "unidic", "ipadic": "ipadic", "rhoknp": "rhoknp",
    "sudachipy": "sudachipy", "sudachidict_core": "sudachidict_core", "Mykytea": "kytea", "pythainlp": "pythainlp",
    "rjieba": "rjieba", "jieba": "jieba", "sacremoses": "sacremoses", "sentencepiece": "sentencepiece",
    "tiktoken": "tiktoken", "protobuf": "protobuf", "google": "protobuf", "emoji": "emoji", "ftfy": "ftfy",
    "spacy": "spacy", "jinja2": "jinja2", "blobfile": "blobfile", "MeCab": "mecab-python3", "nltk": "nltk",
}  # fmt: skip
SAMPLE = 200  # texts that both readings are compared on


def load_tokenizer(source: Source, progress: Progress) -> PreTrainedTokenizerBase:
    """Raises `ModelError` and `HubError`."""
    found = [name for name in VOCABULARIES if name in source.sizes]
    if not found:
        raise ModelError("models.no_tokenizer", name=source.name)
    if all(name.endswith(".model") for name in found) and find_spec("sentencepiece") is None:
        raise ModelError("models.package", name=source.name, package="sentencepiece")
    wanted = [name for name in (CONFIG, *VOCABULARIES, *BESIDE) if name in source.sizes]
    folder = source.fetch(wanted, progress)
    fetched(source, folder, wanted)
    kind = PreTrainedTokenizerFast if WHOLE in found else AutoTokenizer
    try:
        return kind.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # what damaged files and missing packages set off
        if package := missing(error):
            raise ModelError("models.package", name=source.name, package=package) from None
        raise ModelError("models.tokenizer_not_read", name=source.name, error=type(error).__name__) from None


def missing(error: BaseException) -> str | None:
    """The package that an error is about, as pip calls it: None where it is about something else."""
    said: list[str] = []
    while error is not None:
        if isinstance(error, ImportError) and error.name:
            said.append(error.name.partition(".")[0])
        said += re.findall(r"\w+", str(error)) if isinstance(error, ImportError) else []
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    absent = (PACKAGES[word] for word in said if word in PACKAGES)
    return next(absent, None)


def compare(source: Source, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], progress: Progress) -> None:
    """Raises `ModelError` where some of the texts are other tokens by tokenizer.json, if there is one."""
    if WHOLE not in source.sizes:
        return
    alone = Tokenizer.from_file(str(source.fetch([WHOLE], progress) / WHOLE))
    alone.no_padding()
    alone.no_truncation()
    some = list(texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE])
    for text, found in zip(some, tokenizer(some)["input_ids"], strict=True):
        if alone.encode(text).ids != found:
            raise ModelError("models.tokenizer_differs", name=source.name, file=WHOLE)
