"""Attention of one query position per text over all its tokens, for texts of different lengths.

The states that are attended to are frozen and lie end to end; only the queries are differentiated. Texts of like
length are handled together, so that hardly any padding is read or multiplied.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

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
    """Some texts, ready to be attended to: their states at position 0 [*, D], the order that sorts them by length."""

    first: Tensor
    order: Tensor
    groups: list[Group]


class FrozenStates:
    """Frozen states [ΣT, D] of texts and the memory they are gathered into: new pages cost more than copying."""

    def __init__(self, tokens: Tokens, hidden: Tensor):
        self.tokens, self.hidden = tokens, hidden
        self.buffer = hidden.new_empty(0, hidden.shape[1])

    def batch(self, rows: Tensor) -> Batch:
        """The texts `rows`, of any shape. It overwrites the batch before, which must have had its backward pass."""
        flat = rows.flatten()
        lengths = self.tokens.lengths[flat]
        order = lengths.argsort(stable=True)
        spans = list(pairwise([*range(0, len(flat), TOGETHER), len(flat)]))
        need = sum((end - start) * int(lengths[order[end - 1]]) for start, end in spans)
        if len(self.buffer) < need:
            self.buffer = self.hidden.new_empty(need, self.hidden.shape[1])
        groups, filled = [], 0
        for start, end in spans:
            places, real = self.tokens.places(flat[order[start:end]])
            room = self.buffer[filled : filled + places.numel()]
            filled += len(room)
            torch.index_select(self.hidden, 0, places.flatten(), out=room)
            groups.append(Group(slice(start, end), room.view(*places.shape, -1), ~real))
        return Batch(self.hidden[self.tokens.starts[rows]], order, groups)


class Attend(torch.autograd.Function):
    """softmax(asked · states) · states: asked [M, H, D], one row of M a text; the result [M, H, D]."""

    @staticmethod
    def forward(ctx, asked: Tensor, batch: Batch) -> Tensor:
        ctx.groups, ctx.order, ctx.back = batch.groups, batch.order, batch.order.argsort()
        asked, result, ctx.weights = asked.index_select(0, ctx.order), torch.empty_like(asked), []
        for group in ctx.groups:
            scores = asked[group.span] @ group.states.transpose(1, 2)
            weights = scores.masked_fill_(group.padding[:, None, :], -math.inf).softmax(-1)
            torch.bmm(weights, group.states, out=result[group.span])
            ctx.weights.append(weights)
        return result.index_select(0, ctx.back)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        gradient, result = gradient.index_select(0, ctx.order), torch.empty_like(gradient)
        for group, weights in zip(ctx.groups, ctx.weights, strict=True):
            slopes = gradient[group.span] @ group.states.transpose(1, 2)
            slopes = weights * (slopes - (slopes * weights).sum(-1, keepdim=True))
            torch.bmm(slopes, group.states, out=result[group.span])
        return result.index_select(0, ctx.back), None
