"""A model's trainable weights as one flat vector, which is all that the method knows of a model."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch


@dataclass(frozen=True)
class FlatParameters:
    """Where each trainable tensor stands in the flat vector."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, model: torch.nn.Module) -> "FlatParameters":
        """All weights that ask for a gradient, in the model's order."""
        trained = [(name, tuple(p.shape)) for name, p in model.named_parameters() if p.requires_grad]
        return cls(*map(tuple, zip(*trained, strict=True)))

    @property
    def size(self) -> int:
        """d, the number of trainable weights."""
        return self.ends[-1]

    @cached_property
    def ends(self) -> list[int]:
        """Where each tensor ends in the flat vector, after a 0."""
        return np.cumsum([0, *map(math.prod, self.shapes)]).tolist()

    def split(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        """Views of a [..., d] tensor as named tensors [..., *shape]; no copy."""
        return {
            name: flat[..., a:b].unflatten(-1, shape)
            for name, shape, (a, b) in zip(self.names, self.shapes, pairwise(self.ends), strict=True)
        }

    def flatten(self, model: torch.nn.Module) -> torch.Tensor:
        """The trainable weights of a model, [d] float32."""
        named = dict(model.named_parameters())
        return torch.cat([named[name].detach().reshape(-1) for name in self.names]).cpu()
