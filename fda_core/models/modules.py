"""Which modules of a classifier are its head, its layers and the linear maps of its attention.

Known architectures say so in `architectures.py`. Of the others it is read from the model itself: the head is what
stands outside the encoder, with the encoder's pooler; the layers are its lists of as many modules as there are layers,
side by side where a layer is spread over several (XLM). `probe.py` asks the model whether that is so.
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
    """Names of modules in the classifier. fresh: parts of the head that start as random numbers.

    layers: the modules of each. maps: the linear maps of each layer's attention, by the settings' names for them.
    """

    head: tuple[str, ...]
    fresh: tuple[str, ...]
    layers: tuple[tuple[str, ...], ...]
    maps: tuple[dict[str, tuple[str, ...]], ...]

    def last(self, count: int, setting: str) -> tuple[str, ...]:
        """The modules of the last layers. Raises `ConfigError` for more than there are."""
        self._there_are(count, setting)
        return tuple(name for layer in self.layers[len(self.layers) - count :] for name in layer)

    def targets(self, names: tuple[str, ...], layers: int) -> list[str]:
        """The linear maps that get adapters. Raises `ConfigError` where a layer has none of a name."""
        self._there_are(layers, "lora.layers")
        found: dict[str, None] = {}  # three targets may share one map
        for maps in self.maps[len(self.maps) - layers :]:
            for name in names:
                if not maps[name]:
                    raise ConfigError("models.no_target", name=name)
                found.update(dict.fromkeys(maps[name]))
        return list(found)

    def _there_are(self, count: int, setting: str) -> None:
        if count > len(self.layers):
            raise ConfigError("models.too_many_layers", setting=setting, count=count, most=len(self.layers))


def of(model: "PreTrainedModel") -> ModelModules:
    """Of a classifier without adapters."""
    parts = architectures.ARCHITECTURES.get(model.config.model_type)
    if parts is None:
        return discovered(model)
    layers = [parts.layer(number) for number in range(model.config.num_hidden_layers)]
    maps: list[dict[str, tuple[str, ...]]] = [
        {name: (f"{layer}.{inner}",) for name, inner in parts.attention.items()} for layer in layers
    ]
    return ModelModules(parts.trained, parts.fresh, tuple((layer,) for layer in layers), tuple(maps))


def discovered(model: "PreTrainedModel") -> ModelModules:
    """By the model's own structure, for an architecture that is not known here; without a list, it has no layers.

    Where query, key and value are one map, it stands for all three.
    """
    prefix = model.base_model_prefix
    encoder = getattr(model, prefix)
    outside = tuple(
        name for name, part in model.named_children() if part is not encoder and any(True for _ in part.parameters())
    )
    pooler = (f"{prefix}.pooler",) if isinstance(getattr(encoder, "pooler", None), nn.Module) else ()
    layers = tuple(layers_of(encoder, prefix, model.config.num_hidden_layers))
    maps = tuple({name: called(name, maps_in(model, layer)) for name in CALLED} for layer in layers)
    return ModelModules((*pooler, *outside), outside, layers, maps)


def layers_of(encoder: nn.Module, prefix: str, depth: int) -> list[tuple[str, ...]]:
    """The modules of each layer, by their names in the classifier: of outermost lists as long as the model is deep,
    side by side in one module; else of the only outermost list (ALBERT uses one layer again and again)."""
    lists = {name: part for name, part in encoder.named_modules() if isinstance(part, nn.ModuleList) and len(part)}
    outer = {
        name: flat(f"{prefix}.{name}", part)
        for name, part in lists.items()
        if not any(name.startswith(f"{other}.") for other in lists)
    }
    deep = {name: layers for name, layers in outer.items() if len(layers) == depth}
    first = next(iter(deep), None) or (next(iter(outer)) if len(outer) == 1 else None)
    if first is None:
        return []
    beside = [layers for name, layers in outer.items() if name.rpartition(".")[0] == first.rpartition(".")[0]]
    return list(zip(*(layers for layers in beside if len(layers) == len(outer[first])), strict=True))


def flat(name: str, modules: nn.ModuleList) -> list[str]:
    """The names of a list's modules, of lists in it (Funnel's blocks) of theirs."""
    found = []
    for number, part in enumerate(modules):
        inner = f"{name}.{number}"
        found += flat(inner, part) if isinstance(part, nn.ModuleList) else [inner]
    return found


def maps_in(model: nn.Module, layer: tuple[str, ...]) -> list[str]:
    """Names of the linear maps in a layer, beside which adapters can stand."""
    return [
        f"{name}.{inner}".removesuffix(".")
        for name in layer
        for inner, part in model.get_submodule(name).named_modules()
        if isinstance(part, nn.Linear)
    ]


def called(target: str, inside: list[str]) -> tuple[str, ...]:
    """Those of the linear maps that have this purpose."""
    ends = (*CALLED[target], *(FUSED if target != "out_lin" else ()))
    return tuple(name for name in inside if any(name.endswith(f".{end}") for end in ends))
