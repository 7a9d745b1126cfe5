"""The plain way: one client after the other through transformers and peft, nothing cached, nothing merged.

Slow and obvious; it is what every faster way is tested against, and the only one for whatever no faster way is proven
for. Model and flat weights are on the device, texts in main memory.
"""

import statistics
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import devices
from fda_core.models.tokens import Tokens


class PlainTrainer:
    """Losses, gradients and test scores of an adapted model as functions of its flat trainable weights."""

    concurrent = False  # the weights are put into the one model

    def __init__(self, model: nn.Module, train: Tokens, test: Tokens, device: str = devices.CPU):
        self.model, self.train, self.test, self.device = model.to(device), train, test, device
        self.layout = FlatParameters.of(model)
        named = dict(model.named_parameters())
        self.parameters = [named[name] for name in self.layout.names]

    def gradients(
        self, weights: torch.Tensor, rows: torch.Tensor, mask: torch.Tensor, out: torch.Tensor
    ) -> torch.Tensor:
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones.
        """
        losses = []
        for k in range(len(weights)):
            mine = rows[k][mask[k]]
            self.model.zero_grad(set_to_none=True)
            labels = devices.send(self.train.labels[mine], self.device)
            loss = cross_entropy(self._logits(weights[k], self.train, mine), labels)
            loss.backward()
            if any(parameter.grad is None for parameter in self.parameters):
                out[k].zero_()  # some weights no text makes use of
            slots = zip(self.layout.split(out[k]).values(), self.parameters, strict=True)
            copy([(slot, parameter.grad) for slot, parameter in slots if parameter.grad is not None])
            losses.append(loss.detach())
        return torch.stack(losses)

    @torch.no_grad()
    def logits(self, weights: Tensor) -> Tensor:
        """Scores [n, labels] of the test set under weights [d]."""
        parts = torch.arange(len(self.test)).split(64)
        return torch.cat([self._logits(weights, self.test, rows) for rows in parts]).cpu()

    @torch.no_grad()
    def read_longest(self) -> None:
        """Reads the longest text of all, so that a model which cannot says so now and not in some later round."""
        tokens = max(self.train, self.test, key=lambda tokens: int(tokens.lengths.max()))
        self._logits(self.layout.flatten(self.model), tokens, tokens.lengths.argmax()[None])

    def _logits(self, weights: Tensor, tokens: Tokens, rows: Tensor) -> Tensor:
        with torch.no_grad():
            copy(list(zip(self.parameters, self.layout.split(weights).values(), strict=True)))
        ids, mask = tokens.padded(rows)
        inputs = {"input_ids": ids, "attention_mask": mask.long(), **tokens.extra(rows)}
        return self.model(**{name: devices.send(tensor, self.device) for name, tensor in inputs.items()}).logits


def copy(pairs: list[tuple[Tensor, Tensor]]) -> None:
    """Fills the first of each pair with the second, in one order: a GPU is done sooner than a hundred are given."""
    if pairs:
        into, origin = map(list, zip(*pairs, strict=True))
        torch._foreach_copy_(into, origin)


def seconds_per_step(plain: PlainTrainer, batch_size: int, repeats: int = 3) -> float:
    """Measured seconds of one local step of a single client without any of this engine's shortcuts (median)."""
    weights = plain.layout.flatten(plain.model).to(plain.device)[None]
    out = torch.empty_like(weights)
    times = []
    for i in range(repeats + 1):
        rows = (torch.arange(batch_size) + i * batch_size)[None] % len(plain.train)
        began = perf_counter()
        plain.gradients(weights, rows, torch.ones(rows.shape, dtype=torch.bool), out)
        devices.finish()
        times.append(perf_counter() - began)
    return statistics.median(times[1:])
