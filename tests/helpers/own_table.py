"""A small table of somebody's own, for tests: Japanese texts from three sites, with words that occur nowhere else."""

import numpy as np
import pandas as pd

from fda_core.data import fitting
from fda_core.data.sheet import Sheet
from fda_core.data.table import Columns, Table, normalise
from fda_core.settings.config import ExperimentConfig

SITES = ("東京", "大阪", "札幌")
UNIQUE = "zebraquux"  # in every text
COLUMNS = Columns("本文", "評価", client="支店")


def rows(count: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    good = rng.permutation(np.arange(count) % 2)
    texts = [f"{'とても良い' if yes else 'ひどい'}対応でした {UNIQUE} {i}" for i, yes in enumerate(good)]
    return pd.DataFrame(
        {"番号": range(count), "本文": texts, "評価": np.where(good, "良い", "悪い"),
         "支店": [SITES[int(i)] for i in rng.integers(0, 3, count)]}
    )  # fmt: skip


def csv(encoding: str = "cp932", count: int = 60) -> bytes:
    return rows(count).to_csv(index=False).encode(encoding)


def table(count: int = 60) -> Table:
    return normalise(Sheet(rows(count), ""), COLUMNS)


def config(table: Table, **changes) -> ExperimentConfig:
    """A quick run on it."""
    return fitting.build(table, {"rounds": 2, "max_tokens": 16, "seed": 3} | changes)
