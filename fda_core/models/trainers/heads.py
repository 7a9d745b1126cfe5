"""The clients' own classifiers, two linear maps with a function between them, and the way back through them, by hand.

The head holds most of the trainable weights: its gradients are written where they are wanted.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from fda_core.models.architectures import Architecture

# The slope of a function from its value.
SLOPES: dict[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] = {
    torch.relu: lambda value: value > 0,
    torch.tanh: lambda value: 1 - value * value,
}
Named = dict[str, Tensor]  # by their names in the flat vector, [K, *shape]


class ClientHeads:
    """One head a client. names: what the flat vector calls the weights of the classifier's two linear maps."""

    def __init__(self, parts: Architecture, names: dict[str, str]):
        self.parts, self.names = parts, names

    def scores(self, weights: Named, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs [K, B, labels] for x [K, B, D], and before them what is between the two maps, [K, B, D]."""
        before, after = self.parts.head
        squashed = self.parts.squash(self._map(before, weights, x))
        return squashed, self._map(after, weights, squashed)

    def learn(self, weights: Named, slots: Named, x: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss per client [K], and the gradient of the first map's outputs [K, B, D]; `slots` take the weights'.

        labels, mask [K, B]: cross-entropy over the real ones.
        """
        before, after = self.parts.head
        squashed, scores = self.scores(weights, x)
        each = mask / mask.sum(1, keepdim=True)  # an example's share in its client's mean loss
        chances = scores.log_softmax(-1)
        losses = -(chances.gather(2, labels[..., None])[..., 0] * each).sum(1)
        slope = (chances.exp() - one_hot(labels, scores.shape[-1])) * each[..., None]
        self._keep(after, slots, squashed, slope)
        slope = slope @ weights[self.names[f"{after}.weight"]] * SLOPES[self.parts.squash](squashed)
        self._keep(before, slots, x, slope)
        return losses, slope

    def back(self, weights: Named, slope: Tensor) -> Tensor:
        """The gradient [K, B, D] of x, from that of the first map's outputs."""
        return slope @ weights[self.names[f"{self.parts.head[0]}.weight"]]

    def _map(self, name: str, weights: Named, x: Tensor) -> Tensor:
        weight, bias = weights[self.names[f"{name}.weight"]], weights[self.names[f"{name}.bias"]]
        return torch.baddbmm(bias[:, None, :], x, weight.mT)

    def _keep(self, name: str, slots: Named, x: Tensor, slope: Tensor) -> None:
        torch.bmm(slope.mT, x, out=slots[self.names[f"{name}.weight"]])
        torch.sum(slope, 1, out=slots[self.names[f"{name}.bias"]])
