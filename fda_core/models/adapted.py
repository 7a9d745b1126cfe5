"""The encoder with LoRA adapters and a trainable head, and its trainable weights as one flat vector."""

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel

from fda_core.config import Lora
from fda_core.models import anatomy
from fda_core.streams import integer, torch_generator

# peft 0.21 still asks transformers for a property under its old name; nothing a user could do about it.
warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)


def adapt(model: PreTrainedModel, lora: Lora, seed: int) -> PeftModel:
    """Adapters on the last layers of `model`, which is changed in place; everything else but the head is frozen.

    The initial adapters and head depend on the seed alone. Raises `ConfigError` for an unknown architecture.
    """
    parts = anatomy.of(model.config)
    depth = model.config.num_hidden_layers
    with torch_generator, torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer(seed, "init"))
        for head in map(model.get_submodule, parts.fresh):
            torch.nn.init.normal_(head.weight, std=model.config.initializer_range)
            torch.nn.init.zeros_(head.bias)
        return get_peft_model(
            model,
            LoraConfig(
                task_type=TaskType.SEQ_CLS,
                r=lora.rank,
                lora_alpha=lora.alpha,
                lora_dropout=0.0,
                # In full, for peft compares the ends of names: `output.dense` is found in two places of BERT's layers.
                target_modules=[
                    f"{parts.layer(number)}.{parts.attention[target]}"
                    for number in range(depth - lora.layers, depth)
                    for target in lora.targets
                ],
                modules_to_save=list(parts.trained),
            ),
        ).eval()


@dataclass(frozen=True)
class Layout:
    """Where each trainable tensor stands in the flat vector."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, model: torch.nn.Module) -> "Layout":
        trained = [(name, tuple(p.shape)) for name, p in model.named_parameters() if p.requires_grad]
        return cls(*map(tuple, zip(*trained, strict=True)))

    @property
    def size(self) -> int:
        """d, the number of trainable weights."""
        return sum(map(int, map(np.prod, self.shapes)))

    def split(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        """Views of a [..., d] tensor as named tensors [..., *shape]; no copy."""
        ends = np.cumsum([0, *map(int, map(np.prod, self.shapes))]).tolist()
        return {
            name: flat[..., a:b].unflatten(-1, shape)
            for name, shape, (a, b) in zip(self.names, self.shapes, pairwise(ends), strict=True)
        }

    def flatten(self, model: torch.nn.Module) -> torch.Tensor:
        """The trainable weights of a model, [d] float32."""
        named = dict(model.named_parameters())
        return torch.cat([named[name].detach().reshape(-1) for name in self.names])
