"""Server optimisers: the mean drift, turned around, is the gradient of an ordinary optimiser on the global weights.

Names with FedOpt and FDA: sgd FedAvg/FDA-SGD, sgdm FedAvgM/FDA-SGDM, adam FedAdam/FDA-Adam. All other settings are
PyTorch's defaults (β₂ 0.999, ε 1e-8), as in the reference code; Reddi et al. (2021) use others.
"""

import torch
from torch import Tensor

OPTIMIZERS = {
    "sgd": lambda weights, lr: torch.optim.SGD([weights], lr=lr),
    "sgdm": lambda weights, lr: torch.optim.SGD([weights], lr=lr, momentum=0.9),
    "adam": lambda weights, lr: torch.optim.Adam([weights], lr=lr),
}


class Server:
    """The global weights [d] and the optimiser that moves them."""

    def __init__(self, name: str, lr: float, weights: Tensor):
        self.weights = weights.clone()
        self.optimizer = OPTIMIZERS[name](self.weights, lr)

    def step(self, mean_drift: Tensor) -> None:
        """Applies the pseudo-gradient g = -mean u_k; plain SGD with lr 1 is averaging."""
        self.weights.grad = -mean_drift
        self.optimizer.step()
