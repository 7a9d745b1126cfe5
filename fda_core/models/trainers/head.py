"""Nothing but the head is trained: what the encoder says of a text never changes, so it is computed once.

The classifiers that `architectures.known` knows read position 0 alone. Each client's head is two linear maps on that.
"""

import torch
from torch import Tensor

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import architectures, devices
from fda_core.models.architectures import Classifier
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.heads import ClientHeads


class HeadTrainer:
    """Same interface and same results as `PlainTrainer`, for a model of which only the head is trained."""

    def __init__(self, model: Classifier, train: Tokens, test: Tokens, train_hidden: Tensor, test_hidden: Tensor):
        """train_hidden, test_hidden: states [ΣT, D] after the last layer, in main memory; model: on the device."""
        self.layout = FlatParameters.of(model)
        self.heads = ClientHeads(architectures.of(model.config), {name: name for name in self.layout.names})
        self.train, self.test, self.device = train, test, model.device
        self.concurrent = self.device.type == devices.CPU
        self.features = train_hidden[train.starts[:-1]].to(self.device)
        self.test_features = test_hidden[test.starts[:-1]].to(self.device)

    @torch.no_grad()
    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones.
        """
        labels = devices.send(self.train.labels[rows], self.device)
        rows, mask = devices.send(rows, self.device), devices.send(mask, self.device)
        split = self.layout.split
        return self.heads.learn(split(weights), split(out), self.features[rows], labels, mask)[0]

    @torch.no_grad()
    def logits(self, weights: Tensor) -> Tensor:
        """Scores [n, labels] of the test set under weights [d]."""
        return self.heads.scores(self.layout.split(weights[None]), self.test_features[None])[1][0].cpu()
