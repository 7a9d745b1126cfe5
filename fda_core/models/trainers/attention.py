"""Attention of one query position per text over all its tokens, for texts of different lengths.

The states that are attended to are frozen and lie end to end; gradients are those of the queries. Texts of like
length are handled together, so that hardly any padding is read or multiplied.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from fda_core.models import devices
from fda_core.models.tokens import Tokens

TOGETHER = 16


@dataclass
class Group:
    """Texts of like length: which of the sorted texts, their states [m, T, D], which places are padding [m, T]."""

    span: slice
    states: Tensor
    padding: Tensor


@dataclass
class Batch:
    """Some texts, ready to be attended to: their states at position 0 [*, D] and the frozen queries of these [*, D],
    the order [M] that sorts them by length and the one that undoes it."""

    first: Tensor
    query: Tensor
    order: Tensor
    back: Tensor
    groups: list[Group]


class FrozenStates:
    """Frozen states [ΣT, D] of texts, the frozen queries [n, D] of their position 0, and the memory that states are
    gathered into: new pages cost more than copying.

    Each thread gathers into memory of its own. The states may be on a GPU. Which places of them a batch takes is worked
    out from the tokens, in main memory.
    """

    def __init__(self, tokens: Tokens, hidden: Tensor, queries_of: Callable[[Tensor], Tensor]):
        self.tokens, self.hidden, self.queries_of = tokens, hidden, queries_of
        self.queries = hidden.new_zeros(len(tokens), hidden.shape[1])
        self.known = torch.zeros(len(tokens), dtype=torch.bool)
        self.mine = threading.local()

    @torch.no_grad()
    def read(self, rows: Tensor) -> None:
        """Forms the queries of texts whose states are there; two threads that do the same find the same numbers."""
        new = rows[~self.known[rows]]
        if len(new):
            places = devices.send(self.tokens.starts[new], self.hidden.device)
            self.queries[devices.send(new, self.hidden.device)] = self.queries_of(self.hidden[places])
            self.known[new] = True

    def batch(self, rows: Tensor) -> Batch:
        """The texts `rows`, of any shape. It overwrites this thread's batch before, which must have had its way
        back."""
        flat, device = rows.flatten(), self.hidden.device
        order = self.tokens.lengths[flat].argsort(stable=True)
        texts = flat[order]
        spans = list(pairwise([*range(0, len(flat), TOGETHER), len(flat)]))
        widest = self.tokens.lengths[texts[[end - 1 for _, end in spans]]].tolist()
        sizes = [(end - start) * width for (start, end), width in zip(spans, widest, strict=True)]
        widths = torch.tensor(widest).repeat_interleave(torch.tensor([end - start for start, end in spans]))
        places, padding = (devices.send(each, device) for each in self.tokens.laid_out(texts, widths))
        buffer = getattr(self.mine, "buffer", self.hidden[:0])
        if len(buffer) < len(places):
            buffer = self.mine.buffer = self.hidden.new_empty(len(places), self.hidden.shape[1])
        states = buffer[: len(places)]
        torch.index_select(self.hidden, 0, places, out=states)
        groups = [
            Group(slice(*span), room.unflatten(0, (-1, width)), blank.unflatten(0, (-1, width)))
            for span, width, room, blank in zip(spans, widest, states.split(sizes), padding.split(sizes), strict=True)
        ]
        first = self.hidden[devices.send(self.tokens.starts[rows], device)]
        query = self.queries[devices.send(rows, device)]
        return Batch(first, query, devices.send(order, device), devices.send(order.argsort(), device), groups)


def attend(asked: Tensor, groups: list[Group]) -> tuple[Tensor, list[Tensor]]:
    """softmax(asked · states) · states and the weights of each group [m, H, T], which the way back needs.

    asked [M, H, D], one row of M a text, by length; the result [M, H, D].
    """
    result, kept = asked.new_empty(asked.shape), []
    for group in groups:
        scores = asked[group.span] @ group.states.mT
        weights = scores.masked_fill_(group.padding[:, None, :], -math.inf).softmax(-1)
        torch.bmm(weights, group.states, out=result[group.span])
        kept.append(weights)
    return result, kept


def attend_back(slope: Tensor, groups: list[Group], kept: list[Tensor]) -> Tensor:
    """The gradient [M, H, D] of what is asked, where that of the result is `slope`; the states are frozen."""
    result = slope.new_empty(slope.shape)
    for group, weights in zip(groups, kept, strict=True):
        slopes = slope[group.span] @ group.states.mT
        slopes = weights * (slopes - (slopes * weights).sum(-1, keepdim=True))
        torch.bmm(slopes, group.states, out=result[group.span])
    return result
