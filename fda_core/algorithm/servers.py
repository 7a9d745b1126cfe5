"""Server optimisers: the mean drift, turned around, is the gradient of an ordinary optimiser on the global weights.

All but Yogi are PyTorch's, with PyTorch's defaults (Adam and AdamW: β 0.9 and 0.999, ε 1e-8; AdamW: weight decay 0.01;
Adagrad: ε 1e-10, accumulator from 0), as in the reference code; Reddi et al. (2021) use others.
"""

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from fda_core.algorithm.checkpoint import State
from fda_core.settings.methods import SERVERS


class Server:
    """The global weights [d] and the optimiser that moves them."""

    def __init__(self, name: str, lr: float, weights: Tensor):
        self.weights = weights.clone()
        self.optimizer = SERVERS[name].of(self.weights, lr)

    def step(self, mean_drift: Tensor) -> None:
        """Applies the pseudo-gradient g = -mean u_k; plain SGD with lr 1 is averaging."""
        self.weights.grad = -mean_drift
        self.optimizer.step()

    def state(self) -> State:
        """The weights [d] themselves, no copy, and the optimiser's moments by its own names for them."""
        moments = self.optimizer.state_dict()["state"].get(0, {})
        return {"weights": self.weights, "moments": {name: m for name, m in moments.items() if m is not None}}

    def restore(self, state: State) -> None:
        """Undoes `state`; the learning rate stays that of the settings."""
        self.weights.copy_(state["weights"])
        if state["moments"]:
            groups = self.optimizer.state_dict()["param_groups"]
            self.optimizer.load_state_dict({"state": {0: state["moments"]}, "param_groups": groups})


class Yogi(torch.optim.Optimizer):
    """Adam whose second moment moves by at most (1 - β₂)g² a step (Zaheer et al. 2018, algorithm 2).

    As FedYogi (Reddi et al. 2021, algorithm 2): no bias correction, ε = 1e-3 and v₀ = ε²; β₂ = 0.999 as the others
    here. Neither PyTorch nor any package used here has it.
    """

    def __init__(self, params: ParamsT, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-3):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # without a closure, which a server has no use for
        """One step along the weights' `grad`; every weight needs one."""
        for group in self.param_groups:
            (first, second), eps = group["betas"], group["eps"]
            for weights in group["params"]:
                moments = self.state[weights]
                if not moments:
                    moments["m"], moments["v"] = torch.zeros_like(weights), torch.full_like(weights, eps**2)
                m, v, squared = moments["m"], moments["v"], weights.grad.square()
                m.lerp_(weights.grad, 1 - first)
                v.addcmul_(torch.sign(squared - v), squared, value=1 - second)
                weights.addcdiv_(m, v.sqrt() + eps, value=-group["lr"])
