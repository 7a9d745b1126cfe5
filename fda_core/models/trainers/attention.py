"""Attention of one query position per text over all its tokens, for texts of different lengths.

The states that are attended to are frozen and lie end to end; only the queries are differentiated. Texts of like
length are handled together, so that hardly any padding is read or multiplied.
"""

import math
import threading
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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
    """Some texts, ready to be attended to: their states at position 0 [*, D], the order that sorts them by length and
    the one that undoes it."""

    first: Tensor
    order: Tensor
    back: Tensor
    groups: list[Group]

    def sort(self, x: Tensor) -> Tensor:
        """The same texts by length: x [*, ...] in the order of `first`, the result [M, ...]."""
        return Reorder.apply(x.flatten(0, self.first.dim() - 2), self.order, self.back)

    def unsort(self, x: Tensor) -> Tensor:
        """The way back: x [M, ...], the result [*, ...]."""
        return Reorder.apply(x, self.back, self.order).unflatten(0, self.first.shape[:-1])


class FrozenStates:
    """Frozen states [ΣT, D] of texts and the memory they are gathered into: new pages cost more than copying.

    Each thread gathers into memory of its own. The states may be on a GPU. Which places of them a batch takes is worked
    out from the tokens, in main memory.
    """

    def __init__(self, tokens: Tokens, hidden: Tensor):
        self.tokens, self.hidden = tokens, hidden
        self.mine = threading.local()

    def batch(self, rows: Tensor) -> Batch:
        """The texts `rows`, of any shape. It overwrites this thread's batch before, which must have had its backward
        pass."""
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
        return Batch(first, devices.send(order, device), devices.send(order.argsort(), device), groups)


class Reorder(torch.autograd.Function):
    """x[order], for an order that is undone by `back`: the gradient is gathered too, which costs less than adding."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor, back: Tensor) -> Tensor:
        """x [M, ...], order and back [M]."""
        ctx.back = back
        return x.index_select(0, order)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The gradient [M, ...] of x alone."""
        return gradient.index_select(0, ctx.back), None, None


class Attend(torch.autograd.Function):
    """softmax(asked · states) · states: asked [M, H, D], one row of M a text, by length; the result [M, H, D]."""

    @staticmethod
    def forward(ctx: Any, asked: Tensor, groups: list[Group]) -> Tensor:
        """Keeps the attention weights [m, H, T] of each group for the way back."""
        ctx.groups, ctx.weights, result = groups, [], torch.empty_like(asked)
        for group in groups:
            scores = asked[group.span] @ group.states.transpose(1, 2)
            weights = scores.masked_fill_(group.padding[:, None, :], -math.inf).softmax(-1)
            torch.bmm(weights, group.states, out=result[group.span])
            ctx.weights.append(weights)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient [M, H, D] of the queries: the states are frozen."""
        result = torch.empty_like(gradient)
        for group, weights in zip(ctx.groups, ctx.weights, strict=True):
            slopes = gradient[group.span] @ group.states.transpose(1, 2)
            slopes = weights * (slopes - (slopes * weights).sum(-1, keepdim=True))
            torch.bmm(slopes, group.states, out=result[group.span])
        return result, None
