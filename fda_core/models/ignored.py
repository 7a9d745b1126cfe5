"""Settings of a config.json that say what a model computes, and that the class of transformers does not read.

A class takes any setting and keeps silent about those it makes nothing of: weights that were trained with relative
positions would run without them. So whether its source reads the setting is looked up there.
"""

import inspect
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import nn
from transformers.models.auto import modeling_auto

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from transformers import PreTrainedModel

# Each changes what the same weights compute, and cannot be told from their shapes.
POSITIONS = "position_embedding_type"
SWITCHES = (
    POSITIONS, "pruned_heads", "relative_attention", "add_cross_attention", "pre_norm", "prenorm", "norm_first",
    "alibi", "use_alibi", "rope_theta", "rope_scaling", "rope_parameters", "rotary_emb_base", "rotary_emb_fraction",
    "rotary_value", "partial_rotary_factor", "sliding_window", "local_attention", "attention_window", "causal",
    "embedding_scale", "scale_embedding", "scale_embeddings", "rescale_embeddings", "use_rms_norm", "adapters",
    "adapter_fusion", "prefix_projection", "pre_seq_len", "prefix_tuning", "use_mup", "parallel_attn", "quant_mode",
)  # fmt: skip
NORMS = ("layer_norm_eps", "layer_norm_epsilon", "norm_eps", "rms_norm_eps")
ACTIVATIONS = ("hidden_act", "activation", "activation_function", "hidden_activation")
# The classes that transformers has for a model_type, by what they are for.
CLASSES = (
    modeling_auto.MODEL_MAPPING_NAMES, modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_PRETRAINING_MAPPING_NAMES, modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
)  # fmt: skip
ALIKE = frozenset({"roberta", "xlm-roberta", "camembert"})  # one computation under three names
OFF: tuple[Any, ...] = (None, False, 0, "", "none", "absolute", [], {})


def twin(settings: dict[str, Any]) -> str | None:
    """The class that the weights were saved from, where it is of another architecture than `model_type` names.

    Architectures share names and shapes of their weights and compute different things: RoBERTa counts positions from 2.
    """
    saved = settings.get("architectures")
    saved = saved[0] if isinstance(saved, list) and saved and isinstance(saved[0], str) else ""
    kinds = {kind for mapping in CLASSES for kind, names in mapping.items() if saved in names_of(names)}
    kind = settings["model_type"]
    return None if not kinds or kind in kinds or (kind in ALIKE and kinds & ALIKE) else saved


def names_of(names: str | Sequence[str]) -> Sequence[str]:
    """A mapping of transformers has one class, or several, for a kind of model."""
    return (names,) if isinstance(names, str) else names


def first(settings: dict[str, Any], model: "PreTrainedModel") -> str | None:
    """The first setting that changes what the weights mean and that the classifier, built without weights, ignores."""
    source = inspect.getsource(sys.modules[type(model).__module__])
    for name in (*SWITCHES, *NORMS, *ACTIVATIONS):
        if name in settings and not followed(name, settings[name], model, source):
            return name
    return None


def followed(name: str, value: Any, model: "PreTrainedModel", source: str) -> bool:
    """Whether the class computes what the setting says, or would do so without it; source: of its module."""
    if value in OFF or (isinstance(value, dict) and not any(value.values())):
        return True
    if name == POSITIONS:
        return reads(name, source) and f'"{value}"' in source
    if name in model.config.attribute_map or reads(name, source):
        return True
    if name in ACTIVATIONS:
        return value in {getattr(model.config, other, None) for other in ACTIVATIONS if reads(other, source)}
    if name in NORMS:
        return all(part.eps == value for part in model.modules() if isinstance(part, nn.LayerNorm))
    return name.startswith(("rope", "rotary", "partial_rotary")) and "rotary" in source


def reads(name: str, source: str) -> bool:
    """Whether the setting is named in the source."""
    return re.search(rf"\b{name}\b", source) is not None
