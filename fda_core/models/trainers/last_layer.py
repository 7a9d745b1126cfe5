"""The last layer of an encoder for all clients of a round at once, and the way back through it, by hand.

Only position 0 is read from it, so one query per text is enough. With a single query, keys and values need not be
formed: q·(W h_t) = (Wᵀq)·h_t and Σ p_t (W h_t) = W Σ p_t h_t. An adapter adds s·B A to a linear map (Hu et al. 2021,
arXiv 2106.09685, §4.1); everything else is frozen, and so are the states h_t below the layer.

Shapes: K clients, B texts each, M = K·B texts in all, D wide, H heads, r the rank. What belongs to the clients is in
their order, [K, B, ...]; what belongs to the attention is by length, [M, ...], as `attention.Batch` sorts it.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import gelu, linear

from fda_core.models.architectures import Architecture
from fda_core.models.frozen_outputs import LEAST, one_thread
from fda_core.models.trainers.attention import Batch, attend, attend_back


@dataclass
class Adapter:
    """A [K, r, D] and B [K, D, r] of one linear map, the scale s, and where their gradients go."""

    down: Tensor
    up: Tensor
    scale: float
    down_slot: Tensor | None = None
    up_slot: Tensor | None = None

    def add(self, shared: Tensor, x: Tensor) -> Tensor:
        """shared [K, B, D] + s·B A x, for x [K, B, D]."""
        return torch.baddbmm(shared, x @ self.down.mT, self.up.mT, alpha=self.scale)

    def back(self, slope: Tensor, x: Tensor) -> Tensor:
        """The gradient [K, B, D] of x where that of the sum is `slope`."""
        low = slope @ self.up * self.scale
        torch.mul(slope.mT @ (x @ self.down.mT), self.scale, out=self.up_slot)
        torch.bmm(low.mT, x, out=self.down_slot)
        return low @ self.down


class LastLayer:
    """Frozen weights of the layer, by their names in it."""

    def __init__(self, parts: Architecture, frozen: dict[str, Tensor], heads: int, epsilon: float):
        self.parts, self.frozen, self.heads, self.epsilon = parts, frozen, heads, epsilon
        # One matrix per head, [H, D/H, D].
        self.keys, self.values = (
            frozen[f"{parts.attention[name]}.weight"].unflatten(0, (heads, -1)) for name in ("k_lin", "v_lin")
        )

    def queries(self, first: Tensor) -> Tensor:
        """Frozen queries of states at position 0, both [n, D], the same whatever others they are formed with."""
        with one_thread():
            enough = first.repeat(-(-LEAST // max(len(first), 1)), 1)
            return self.linear(self.parts.attention["q_lin"], enough)[: len(first)]

    def linear(self, name: str, x: Tensor) -> Tensor:
        """A linear map of the layer as it was pretrained."""
        return linear(x, self.frozen[f"{name}.weight"], self.frozen[f"{name}.bias"])

    def linear_back(self, name: str, slope: Tensor) -> Tensor:
        """The gradient of its input where that of its output is `slope`."""
        return slope @ self.frozen[f"{name}.weight"]


class Pass:
    """One batch on its way through the layer and back. `adapters` by the names that settings have for linear maps."""

    def __init__(self, layer: LastLayer, adapters: dict[str, Adapter], batch: Batch):
        self.layer, self.adapters, self.batch = layer, adapters, batch
        self.clients, self.texts, self.width = batch.first.shape
        self.norms: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def forward(self) -> Tensor:
        """What the layer says at position 0, [K, B, D]."""
        parts = self.layer.parts
        averaged, self.weights = attend(self._asked(self._query()), self.batch.groups)
        self.summed = self._values(averaged)
        out = self._add("out_lin", self.layer.linear(parts.attention["out_lin"], self.summed), self.summed)
        mixed = self._norm(parts.attention_norm, out + self.batch.first)
        self.inner = self.layer.linear(parts.widen, mixed)
        return self._norm(parts.output_norm, self.layer.linear(parts.narrow, gelu(self.inner)) + mixed)

    def backward(self, slope: Tensor) -> None:
        """Writes the adapters' gradients, where the gradient of what the layer says is `slope`."""
        parts = self.layer.parts
        narrowed = self._norm_back(parts.output_norm, slope)
        inner = torch.ops.aten.gelu_backward(self.layer.linear_back(parts.narrow, narrowed), self.inner)
        out = self._norm_back(parts.attention_norm, self.layer.linear_back(parts.widen, inner) + narrowed)
        summed = self.layer.linear_back(parts.attention["out_lin"], out)
        if adapter := self.adapters.get("out_lin"):
            summed = summed + adapter.back(out, self.summed)
        if self.adapters.keys() & {"q_lin", "k_lin", "v_lin"}:
            averaged = self._values_back(summed)
            if self.adapters.keys() & {"q_lin", "k_lin"}:
                self._query_back(self._asked_back(attend_back(averaged, self.batch.groups, self.weights)))

    def _query(self) -> Tensor:
        """[K, B, D], divided by √(D/H)."""
        return self._add("q_lin", self.batch.query, self.batch.first) / math.sqrt(self.width // self.layer.heads)

    def _query_back(self, slope: Tensor) -> None:
        if adapter := self.adapters.get("q_lin"):
            adapter.back(slope / math.sqrt(self.width // self.layer.heads), self.batch.first)

    def _asked(self, query: Tensor) -> Tensor:
        """Wₖᵀq per head, [M, H, D]. The key bias adds the same to every position, which softmax ignores."""
        asked = (self._sorted(query) @ self.layer.keys).transpose(0, 1)
        if adapter := self.adapters.get("k_lin"):
            self.query = query
            low = self._of_heads(query) @ self._of_heads(adapter.up.mT).mT  # [K, H, B, r]
            self.low_keys = low.transpose(1, 2).flatten(1, 2)  # [K, B·H, r]
            added = (self.low_keys @ adapter.down).unflatten(1, (-1, self.layer.heads)).flatten(0, 1)
            asked = asked + adapter.scale * added.index_select(0, self.batch.order)
        return asked

    def _asked_back(self, slope: Tensor) -> Tensor:
        """The gradient [K, B, D] of the query, where that of Wₖᵀq is `slope` [M, H, D]."""
        query = self._by_client(slope.transpose(0, 1) @ self.layer.keys.mT)
        if adapter := self.adapters.get("k_lin"):
            mine = self._unsorted(slope)
            torch.mul(self.low_keys.mT @ mine, adapter.scale, out=adapter.down_slot)
            low = (mine @ adapter.down.mT).unflatten(1, (-1, self.layer.heads)).transpose(1, 2)  # [K, H, B, r]
            self._keep_up(adapter, self._of_heads(self.query).mT @ low)
            query = query + adapter.scale * (low @ self._of_heads(adapter.up.mT)).transpose(1, 2).flatten(2)
        return query

    def _values(self, averaged: Tensor) -> Tensor:
        """W_v applied per head to the averaged states [M, H, D], joined to [K, B, D]."""
        values = self._by_client(averaged.transpose(0, 1) @ self.layer.values.mT)
        if adapter := self.adapters.get("v_lin"):
            self.averaged = self._unsorted(averaged)
            low = adapter.down @ self.averaged.mT  # [K, r, B·H]: faster than its transpose
            self.low_values = low.unflatten(2, (-1, self.layer.heads)).permute(0, 3, 2, 1)  # [K, H, B, r]
            added = self.low_values @ self._of_heads(adapter.up.mT)
            values = values + adapter.scale * added.transpose(1, 2).flatten(2)
        return values + self.layer.frozen[f"{self.layer.parts.attention['v_lin']}.bias"]

    def _values_back(self, slope: Tensor) -> Tensor:
        """The gradient [M, H, D] of the averaged states, where that of the joined values is `slope` [K, B, D]."""
        averaged = (self._sorted(slope) @ self.layer.values).transpose(0, 1)
        if adapter := self.adapters.get("v_lin"):
            mine = self._of_heads(slope)  # [K, H, B, D/H]
            self._keep_up(adapter, mine.mT @ self.low_values)
            low = (mine @ self._of_heads(adapter.up.mT).mT * adapter.scale).transpose(1, 2).flatten(1, 2)
            torch.bmm(low.mT, self.averaged, out=adapter.down_slot)
            added = (low @ adapter.down).unflatten(1, (-1, self.layer.heads)).flatten(0, 1)
            averaged = averaged + added.index_select(0, self.batch.order)
        return averaged

    def _add(self, name: str, shared: Tensor, x: Tensor) -> Tensor:
        """A linear map of x [K, B, D]: `shared` as it was pretrained, with the clients' adapters where it has them."""
        adapter = self.adapters.get(name)
        return adapter.add(shared, x) if adapter else shared

    def _keep_up(self, adapter: Adapter, slope: Tensor) -> None:
        """The gradient of B, from that per head and before the scale, [K, H, D/H, r]."""
        torch.mul(slope.flatten(1, 2), adapter.scale, out=adapter.up_slot)

    def _of_heads(self, x: Tensor) -> Tensor:
        """[K, n, D] as [K, H, n, D/H]."""
        return x.unflatten(2, (self.layer.heads, -1)).transpose(1, 2)

    def _sorted(self, x: Tensor) -> Tensor:
        """[K, B, D] by length and head, [H, M, D/H]."""
        by_length = x.flatten(0, 1).index_select(0, self.batch.order)
        return by_length.unflatten(1, (self.layer.heads, -1)).transpose(0, 1)

    def _by_client(self, x: Tensor) -> Tensor:
        """The way back from [H, M, D/H]."""
        joined = x.transpose(0, 1).flatten(1).index_select(0, self.batch.back)
        return joined.unflatten(0, (self.clients, self.texts))

    def _unsorted(self, x: Tensor) -> Tensor:
        """[M, H, D] in the clients' order, [K, B·H, D]."""
        return x.index_select(0, self.batch.back).view(self.clients, -1, self.width)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.layer.frozen[f"{name}.weight"], self.layer.frozen[f"{name}.bias"]
        result, mean, rate = torch.native_layer_norm(x, [self.width], weight, bias, self.layer.epsilon)
        self.norms[name] = x, mean, rate
        return result

    def _norm_back(self, name: str, slope: Tensor) -> Tensor:
        weight, bias = self.layer.frozen[f"{name}.weight"], self.layer.frozen[f"{name}.bias"]
        wanted = [True, False, False]
        return torch.ops.aten.native_layer_norm_backward(
            slope, self.norms[name][0], [self.width], *self.norms[name][1:], weight, bias, wanted
        )[0]
