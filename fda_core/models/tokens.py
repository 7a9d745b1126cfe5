"""Texts as token numbers, stored end to end: the lengths differ, and no memory goes into padding."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:  # seconds to import, for nothing but these names
    from datasets import Dataset
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tokens:
    """`ids` [ΣT] of all texts end to end, `starts` [n + 1], `labels` [n].

    types: [ΣT] 0 in a first text and 1 in a second; None where the encoder knows one type only. pad: what fills up the
    shorter texts of a batch: a few architectures look at it in spite of the mask.
    """

    ids: torch.Tensor
    starts: torch.Tensor
    labels: torch.Tensor
    types: torch.Tensor | None = None
    pad: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def lengths(self) -> torch.Tensor:
        """Tokens of each text, [n]."""
        return self.starts.diff()

    def padded(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token numbers and attention mask of some rows, both [*rows.shape, T]."""
        places, mask = self.places(rows)
        return torch.where(mask, self.ids[places], self.pad), mask

    def extra(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the encoder is given of some rows besides numbers and mask, each [*rows.shape, T]."""
        if self.types is None:
            return {}
        places, mask = self.places(rows)
        return {"token_type_ids": self.types[places] * mask}

    def places(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the tokens of some rows stand in `ids`, and which of these places are real: [*rows.shape, T]."""
        first = self.starts[rows]
        lengths = self.lengths[rows]
        steps = torch.arange(int(lengths.max()))
        mask = steps < lengths[..., None]
        return torch.where(mask, first[..., None] + steps, first[..., None]), mask

    def laid_out(self, rows: torch.Tensor, widths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows [m] end to end, each filled up to its own width [m]: places in `ids`, and which are padding; [ΣW]."""
        ends = widths.cumsum(0)
        steps = torch.arange(int(ends[-1])) - (ends - widths).repeat_interleave(widths)
        first = self.starts[rows].repeat_interleave(widths)
        padding = steps >= self.lengths[rows].repeat_interleave(widths)
        return first + steps.masked_fill_(padding, 0), padding


def tokenize(data: "Dataset | dict", tokenizer: "PreTrainedTokenizerBase", max_tokens: int, types: int = 1) -> Tokens:
    """The texts of a dataset with columns `text`, perhaps `text_pair`, and `label`, cut to `max_tokens`.

    Of a pair the longer text is cut first. types: how many types of tokens the encoder knows.
    """
    pairs = data["text_pair"][:] if "text_pair" in getattr(data, "column_names", data) else None
    typed = pairs is not None and types > 1
    found = tokenizer(
        data["text"][:], pairs, truncation=True, max_length=max_tokens, return_token_type_ids=typed
    )  # fmt: skip
    starts = np.cumsum([0, *map(len, found["input_ids"])])
    flat = torch.from_numpy(np.concatenate(found["input_ids"]).astype(np.int64, copy=False))  # floats if all are empty
    return Tokens(
        flat, torch.from_numpy(starts), torch.tensor(data["label"][:]),
        torch.from_numpy(np.concatenate(found["token_type_ids"])) if typed else None,
    )  # fmt: skip


def types_of(config: "PreTrainedConfig") -> int:
    """How many types of tokens an encoder knows; 1 where it has no table of them."""
    return getattr(config, "type_vocab_size", 1) or 1


def padding(config: "PreTrainedConfig") -> int:
    """The number of the token that the encoder was trained to be filled up with; 0 where it has none."""
    return getattr(config, "pad_token_id", None) or 0
