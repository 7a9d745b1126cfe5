"""All clients of a round in one graph: their trainable tensors are stacked, the frozen weights are shared.

Three ideas, each exact. (1) Frozen layers are computed once per text (`prefix.py`). (2) The losses of K clients do
not depend on one another, so one backward pass over their sum gives each client its own gradient. (3) The classifier
reads position 0 alone, so the last layer needs one query per text; with a single query, keys and values need not be
formed either: q·(W h_t) = (Wᵀq)·h_t and Σ p_t (W h_t) = W Σ p_t h_t.
"""

import math
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from torch import Tensor
from torch.autograd import grad
from torch.nn.functional import cross_entropy, gelu, layer_norm, linear

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import architectures, devices
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.attention import Attend, Batch, FrozenStates

TEST_TEXTS = 256  # scored at a time
WRAP = "base_model.model."  # what peft puts before every name


class CohortTrainer:
    """Same interface and same results as `PlainTrainer`, for adapters on the last layer of an encoder that
    `architectures.known` knows."""

    def __init__(self, model: PeftModel, train: Tokens, test: Tokens, train_hidden: Tensor, test_hidden: Tensor):
        """train_hidden, test_hidden: states [ΣT, D] below the last layer, in main memory; model: on the device."""
        self.layout = FlatParameters.of(model)
        self.train, self.test, self.device = train, test, model.device
        self.concurrent = self.device.type == devices.CPU
        self.train_states = FrozenStates(train, train_hidden.to(self.device))
        # The test set is always read as a whole: it is gathered once.
        hidden = test_hidden.to(self.device)
        self.test_batches = [
            FrozenStates(test, hidden).batch(rows[None]) for rows in torch.arange(len(test)).split(TEST_TEXTS)
        ]
        config = model.config
        self.parts, self.epsilon = architectures.of(config), architectures.epsilon(config)
        adapters = model.peft_config["default"]
        assert isinstance(adapters, LoraConfig), "made by `adapters.with_adapters`"
        self.scale = adapters.lora_alpha / adapters.r
        self.layer = f"{WRAP}{self.parts.layer(config.num_hidden_layers - 1)}."
        self.heads = config.num_attention_heads
        # Where in the flat vector the head stands: peft wraps one linear map, or two together.
        self.head = {
            name.removeprefix(WRAP).replace(".modules_to_save.default", ""): name
            for name in self.layout.names
            if not name.startswith(self.layer)
        }
        self.frozen = {
            name.removeprefix(self.layer).replace(".base_layer", ""): p.detach()
            for name, p in model.named_parameters()
            if name.startswith(self.layer) and not p.requires_grad
        }

    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones.
        """
        stacked, slots = self.layout.split(weights), self.layout.split(out)
        adapters = [name for name in stacked if name.startswith(self.layer)]
        for name in adapters:
            stacked[name] = stacked[name].detach().requires_grad_()
        labels, mask = devices.send(self.train.labels[rows], self.device), devices.send(mask, self.device)
        scores = self._scores(stacked, self.train_states.batch(rows), slots)
        each = cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none").view_as(rows)
        losses = (each * mask).sum(1) / mask.sum(1)
        for name, gradient in zip(adapters, grad(losses.sum(), [stacked[name] for name in adapters]), strict=True):
            slots[name].copy_(gradient)
        return losses.detach()

    @torch.no_grad()
    def logits(self, weights: Tensor) -> Tensor:
        """Scores [n, labels] of the test set under weights [d]."""
        stacked = self.layout.split(weights[None])
        return torch.cat([self._scores(stacked, batch, {})[0] for batch in self.test_batches]).cpu()

    def _scores(self, stacked: dict, batch: Batch, slots: dict) -> Tensor:
        """Classifier outputs [K, B, labels] of K·B texts; backward writes the head's gradients into `slots`."""
        adapters = {
            name.removeprefix(self.layer): tensor for name, tensor in stacked.items() if name.startswith(self.layer)
        }
        mixed = self._attend(adapters, batch)
        mixed = self._norm(self.parts.attention_norm, mixed + batch.first)
        inner = gelu(self._frozen(self.parts.widen, mixed))
        pooled = self._norm(self.parts.output_norm, self._frozen(self.parts.narrow, inner) + mixed)
        before, after = self.parts.head
        return self._head(after, self.parts.squash(self._head(before, pooled, stacked, slots)), stacked, slots)

    def _attend(self, adapters: dict[str, Tensor], batch: Batch) -> Tensor:
        """Attention output [K, B, D] at position 0: one query per head and text, over all real positions."""
        query = self._project(adapters, "q_lin", batch.first) / math.sqrt(batch.first.shape[-1] // self.heads)
        averaged = Attend.apply(self._transposed_keys(adapters, query, batch), batch.groups)
        return self._project(adapters, "out_lin", self._values(adapters, averaged, batch))

    def _transposed_keys(self, adapters: dict[str, Tensor], query: Tensor, batch: Batch) -> Tensor:
        """Wₖᵀq per head, [M, H, D] by length. The key bias adds the same to every position, which softmax ignores."""
        shared = self._heads_of(self.frozen[f"{self.parts.attention['k_lin']}.weight"], 0)  # [H, D/H, D]
        asked = torch.einsum("mhe,hed->mhd", self._heads_of(batch.sort(query)), shared)
        if pair := self._pair(adapters, "k_lin"):
            down, up = pair
            low = torch.einsum("kbhe,kher->kbhr", self._heads_of(query), self._heads_of(up, 1)).flatten(1, 2)
            asked = asked + self.scale * batch.sort((low @ down).unflatten(1, (-1, self.heads)))
        return asked

    def _values(self, adapters: dict[str, Tensor], averaged: Tensor, batch: Batch) -> Tensor:
        """W_v applied per head to the averaged states [M, H, D] by length, joined to [K, B, D]."""
        shared = self._heads_of(self.frozen[f"{self.parts.attention['v_lin']}.weight"], 0)
        values = batch.unsort(torch.einsum("mhd,hed->mhe", averaged, shared))
        if pair := self._pair(adapters, "v_lin"):
            down, up = pair
            low = (batch.unsort(averaged).flatten(1, 2) @ down.transpose(1, 2)).unflatten(1, (-1, self.heads))
            values = values + self.scale * torch.einsum("kbhr,kher->kbhe", low, self._heads_of(up, 1))
        return values.flatten(2) + self.frozen[f"{self.parts.attention['v_lin']}.bias"]

    def _project(self, adapters: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
        """A linear map of the attention on x [K, B, D], with the clients' adapters where it has them."""
        shared = self._frozen(self.parts.attention[name], x)
        if pair := self._pair(adapters, name):
            down, up = pair
            shared = shared + self.scale * (x @ down.transpose(1, 2) @ up.transpose(1, 2))
        return shared

    def _frozen(self, name: str, x: Tensor) -> Tensor:
        """A linear map of the layer as it was pretrained."""
        return linear(x, self.frozen[f"{name}.weight"], self.frozen[f"{name}.bias"])

    def _pair(self, adapters: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor] | None:
        """The adapter matrices A [K, r, D] and B [K, D, r] of a linear map, if it has any."""
        stem = f"{self.parts.attention[name]}.lora_{{}}.default.weight"
        return (adapters[stem.format("A")], adapters[stem.format("B")]) if stem.format("A") in adapters else None

    def _heads_of(self, x: Tensor, dim: int = -1) -> Tensor:
        """D of x as [H, D/H]."""
        return x.unflatten(dim, (self.heads, -1))

    def _norm(self, name: str, x: Tensor) -> Tensor:
        return layer_norm(x, x.shape[-1:], self.frozen[f"{name}.weight"], self.frozen[f"{name}.bias"], self.epsilon)

    def _head(self, name: str, x: Tensor, stacked: dict[str, Tensor], slots: dict[str, Tensor]) -> Tensor:
        weight, bias = self.head[f"{name}.weight"], self.head[f"{name}.bias"]
        return StackedLinear.apply(x, stacked[weight], stacked[bias], slots.get(weight), slots.get(bias))


class StackedLinear(torch.autograd.Function):
    """One linear map per client: x [K, B, i], weight [K, o, i], bias [K, o].

    The head holds most of the trainable weights, so backward writes its gradients where they are wanted.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, weight_slot: Tensor | None, bias_slot: Tensor | None
    ) -> Tensor:
        """[K, B, o]; the slots [K, o, i] and [K, o] take the gradients, None where no backward pass follows."""
        ctx.save_for_backward(x, weight)
        ctx.slots = weight_slot, bias_slot
        return torch.baddbmm(bias[:, None, :], x, weight.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        """The gradient [K, B, i] of x; those of weight and bias go into the slots."""
        x, weight = ctx.saved_tensors
        weight_slot, bias_slot = ctx.slots
        torch.bmm(gradient.transpose(1, 2), x, out=weight_slot)
        torch.sum(gradient, 1, out=bias_slot)
        return gradient @ weight, None, None, None, None
