"""The plain way: one client after the other through transformers and peft, nothing cached, nothing merged.

Slow and obvious; it is what every faster way is tested against.
"""

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy

from fda_core.models.adapted import Layout
from fda_core.models.tokens import Tokens


class PlainTrainer:
    """Losses, gradients and test scores of an adapted model as functions of its flat trainable weights."""

    def __init__(self, model: PeftModel, train: Tokens, test: Tokens):
        self.model, self.train, self.test = model, train, test
        self.layout = Layout.of(model)
        named = dict(model.named_parameters())
        self.parameters = {name: named[name] for name in self.layout.names}

    def gradients(self, weights: torch.Tensor, rows: torch.Tensor, mask: torch.Tensor, out: torch.Tensor):
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones.
        """
        losses = []
        for k in range(len(weights)):
            mine = rows[k][mask[k]]
            self.model.zero_grad(set_to_none=True)
            loss = cross_entropy(self._logits(weights[k], self.train, mine), self.train.labels[mine])
            loss.backward()
            for name, view in self.layout.split(out[k]).items():
                view.copy_(self.parameters[name].grad)
            losses.append(loss.detach())
        return torch.stack(losses)

    @torch.no_grad()
    def logits(self, weights: torch.Tensor) -> torch.Tensor:
        """Scores [n, labels] of the test set under weights [d]."""
        return torch.cat([self._logits(weights, self.test, rows) for rows in torch.arange(len(self.test)).split(64)])

    def _logits(self, weights: torch.Tensor, tokens: Tokens, rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            for name, view in self.layout.split(weights).items():
                self.parameters[name].copy_(view)
        ids, mask = tokens.padded(rows)
        return self.model(input_ids=ids, attention_mask=mask.long(), **tokens.extra(rows)).logits
