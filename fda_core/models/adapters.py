"""The encoder with a fresh head and whatever is trained of it."""

import warnings

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel

from fda_core.models import modules
from fda_core.settings.config import Lora
from fda_core.support.streams import integer, torch_generator

# peft 0.21 still asks transformers for a property under its old name; nothing a user could do about it.
warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)

INITIAL_SPREAD = 0.02  # of random weights, where the model's configuration does not say


def adapt(
    model: PreTrainedModel, lora: Lora, seed: int, trained: str = "lora", layers: int = 1
) -> PeftModel | PreTrainedModel:
    """Makes a classifier ready: a fresh head, and `requires_grad` for what is trained. `model` is changed in place.

    trained: `lora` for adapters on the last layers, `head` for nothing but the head, `last` for the last `layers` in
    full, `full` for everything. The initial adapters and head depend on the seed alone. Raises `ConfigError` for what
    the model does not have.
    """
    parts = modules.of(model)
    with torch_generator, torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer(seed, "init"))
        for head in map(model.get_submodule, parts.fresh):
            begin_afresh(head, getattr(model.config, "initializer_range", INITIAL_SPREAD))
        if trained == "lora":
            return with_adapters(model, parts, lora).eval()
    model.requires_grad_(trained == "full")
    for name in (*parts.head, *(parts.last(layers, "trained_layers") if trained == "last" else ())):
        model.get_submodule(name).requires_grad_(True)
    return model.eval()


def begin_afresh(head: torch.nn.Module, spread: float) -> None:
    """Random numbers for linear maps, and norms that change nothing."""
    for part in head.modules():
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=spread)
        elif isinstance(part, torch.nn.LayerNorm):
            torch.nn.init.ones_(part.weight)
        if isinstance(part, torch.nn.Linear | torch.nn.LayerNorm) and part.bias is not None:
            torch.nn.init.zeros_(part.bias)


def with_adapters(model: PreTrainedModel, parts: modules.ModelModules, lora: Lora) -> PeftModel:
    """Low-rank adapters without dropout, and the head in full. Raises `ConfigError` for targets it does not have."""
    return get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=lora.rank,
            lora_alpha=lora.alpha,  # type: ignore[arg-type]  # only divided by r: a fraction will do
            lora_dropout=0.0,
            # In full, for peft compares the ends of names: `output.dense` is found in two places of BERT's layers.
            target_modules=parts.targets(lora.targets, lora.layers),
            modules_to_save=list(parts.head),
        ),
    )
