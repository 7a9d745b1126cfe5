"""Which modules of a classifier are its head, its layers and the linear maps of its attention.

Known architectures say so in `architectures.py`. Of the others it is read from the model itself: the head is what
stands outside the encoder, with the encoder's pooler; the layers are the longest list of modules in the encoder.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from fda_core.models import architectures
from fda_core.support.errors import ConfigError

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from transformers import PreTrainedModel

# What the linear maps of an attention are called in transformers, by the end of their names.
CALLED = {
    "q_lin": ("q_lin", "query", "query_proj", "q_proj", "q"),
    "k_lin": ("k_lin", "key", "key_proj", "k_proj", "k"),
    "v_lin": ("v_lin", "value", "value_proj", "v_proj", "v"),
    "out_lin": ("out_lin", "attention.output.dense", "attention.dense", "attn.o", "attn.Wo", "out_proj", "o_proj"),
}
FUSED = ("Wqkv", "in_proj", "qkv_proj")  # one map for query, key and value


@dataclass(frozen=True)
class ModelModules:
    """Names of modules in the classifier. fresh: parts of the head that start as random numbers."""

    head: tuple[str, ...]
    fresh: tuple[str, ...]
    layers: tuple[str, ...]
    maps: dict[str, tuple[str, ...]]  # in a layer, by the settings' names for them

    def last(self, count: int, setting: str) -> tuple[str, ...]:
        """The last layers. Raises `ConfigError` for more than there are."""
        if count > len(self.layers):
            raise ConfigError("models.too_many_layers", setting=setting, count=count, most=len(self.layers))
        return self.layers[len(self.layers) - count :]

    def targets(self, names: tuple[str, ...], layers: int) -> list[str]:
        """The linear maps that get adapters. Raises `ConfigError` where the model has none of a name."""
        for name in names:
            if not self.maps[name]:
                raise ConfigError("models.no_target", name=name)
        inner = dict.fromkeys(found for name in names for found in self.maps[name])  # three targets may share one map
        return [f"{layer}.{found}" for layer in self.last(layers, "lora.layers") for found in inner]


def of(model: "PreTrainedModel") -> ModelModules:
    """Of a classifier without adapters."""
    parts = architectures.ARCHITECTURES.get(model.config.model_type)
    if parts is None:
        return discovered(model)
    layers = tuple(parts.layer(number) for number in range(model.config.num_hidden_layers))
    return ModelModules(parts.trained, parts.fresh, layers, {name: (inner,) for name, inner in parts.attention.items()})


def discovered(model: "PreTrainedModel") -> ModelModules:
    """By the model's own structure, for an architecture that is not known here; without a list, it has no layers.

    Maps are looked for in the last layer; where query, key and value are one map, it stands for all three.
    """
    prefix = model.base_model_prefix
    encoder = getattr(model, prefix)
    outside = tuple(
        name for name, part in model.named_children() if part is not encoder and any(True for _ in part.parameters())
    )
    pooler = (f"{prefix}.pooler",) if isinstance(getattr(encoder, "pooler", None), nn.Module) else ()
    lists = {name: part for name, part in encoder.named_modules() if isinstance(part, nn.ModuleList)}
    longest = max(lists, key=lambda name: (len(lists[name]), -name.count(".")), default=None)
    layers = [] if longest is None else [f"{prefix}.{longest}.{number}" for number in range(len(lists[longest]))]
    inside = [] if longest is None else [name for name, part in lists[longest][-1].named_modules() if linear(part)]
    return ModelModules((*pooler, *outside), outside, tuple(layers), {name: called(name, inside) for name in CALLED})


def linear(part: nn.Module) -> bool:
    """Whether it is a linear map, which adapters can stand beside."""
    return isinstance(part, nn.Linear)


def called(target: str, inside: list[str]) -> tuple[str, ...]:
    """The linear maps of a layer with this purpose."""
    ends = (*CALLED[target], *(FUSED if target != "out_lin" else ()))
    return tuple(name for name in inside if any(name == end or name.endswith(f".{end}") for end in ends))
