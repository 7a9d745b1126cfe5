"""Texts as token numbers, stored end to end: the lengths differ, and no memory goes into padding."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:  # seconds to import, for nothing but these names
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tokens:
    """`ids` [ΣT] of all texts end to end, `starts` [n + 1], `labels` [n]."""

    ids: torch.Tensor
    starts: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def lengths(self) -> torch.Tensor:
        """Tokens of each text, [n]."""
        return self.starts.diff()

    def padded(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token numbers and attention mask of some rows, both [*rows.shape, T]; padding is 0."""
        places, mask = self.places(rows)
        return self.ids[places] * mask, mask

    def places(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the tokens of some rows stand in `ids`, and which of these places are real: [*rows.shape, T]."""
        first = self.starts[rows]
        lengths = self.lengths[rows]
        steps = torch.arange(int(lengths.max()))
        mask = steps < lengths[..., None]
        return torch.where(mask, first[..., None] + steps, first[..., None]), mask


def tokenize(data: "Dataset", tokenizer: "PreTrainedTokenizerBase", max_tokens: int) -> Tokens:
    """The texts of a dataset with columns `text` and `label`, cut to `max_tokens`."""
    ids = tokenizer(data["text"][:], truncation=True, max_length=max_tokens)["input_ids"]
    starts = np.cumsum([0, *map(len, ids)])
    flat = np.concatenate(ids)
    return Tokens(torch.from_numpy(flat), torch.from_numpy(starts), torch.tensor(data["label"][:]))
