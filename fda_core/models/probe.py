"""What a model answers is asked of the model, before a round is played: which of its numbers have a part in that?

Names and structure promise nothing: a pooler may stand beside a head that does not read it, and an attention may need
a GPU's code to be more than zeros. So one small batch goes through the model, there and back. What no gradient reaches
is neither trained nor sent; what the answers depend on and no gradient reaches, though it was to be trained, is
refused.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from fda_core.models.architectures import Classifier
from fda_core.models.external import ModelError
from fda_core.models.modules import ModelModules
from fda_core.models.tokens import Tokens, padding, tokenize, types_of
from fda_core.settings.config import ExperimentConfig
from fda_core.support.streams import torch_generator

SENTENCES = ("A good film, and never dull.", "The end is bad.")  # of unlike length, so that one is padded
ADAPTER = "lora_"
UP = "lora_B"  # of an adapter's two matrices the one that starts as zeros and hides the other's gradient
SHAKE = 0.1  # of a number's own size, and as much again for those that are 0
EQUAL = 1e-4  # of the largest answer: what summing in another order may change


@dataclass
class Inside:
    """Modules of a classifier before adapters are put into it: those stand around them, and names change.

    attention: the weights of the maps of the first and the last layer's attention; Longformer's first position, which
    its head reads, passes by those of the last. layers: the modules of each.
    """

    name: str
    architecture: str
    attention: list[nn.Parameter]
    layers: list[list[nn.Module]]

    @classmethod
    def of(cls, model: Classifier, parts: ModelModules, name: str) -> "Inside":
        """parts: of the same model; name: as sentences call it."""
        ends = parts.maps[:1] + parts.maps[1:][-1:]
        maps = [found for maps in ends for target in ("q_lin", "k_lin", "v_lin") for found in maps[target]]
        layers = [[model.get_submodule(part) for part in layer] for layer in parts.layers]
        return cls(name, model.config.model_type, [model.get_parameter(f"{found}.weight") for found in maps], layers)


def settle(model: Classifier, inside: Inside, config: ExperimentConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    """Takes `requires_grad` from what no gradient reaches. Raises `ModelError`, and whatever a model raises that
    cannot run.

    The batch is always the same: whoever prepares the same model trains the same numbers.
    """
    said = {"name": inside.name, "architecture": inside.architecture}
    with torch_generator, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        batch = words(model, tokenizer)
        answers_well(model, batch, said)
        if config.trained in ("lora", "last") and not in_order(model, inside, batch):
            raise ModelError("models.layers_unknown", **said)
        reached = with_gradient(model, inside.attention, batch)
        if inside.attention and not any(part in reached for part in inside.attention):
            raise ModelError("models.attention_unused", **said)
        unreached = [(name, part) for name, part in trained(model) if part not in reached]
        for name, part in unreached:
            if config.trained in ("lora", "last") and matters(model, part, batch):
                raise ModelError("models.no_gradient", part=name[:80], **said)
            part.requires_grad_(False)
        model.zero_grad(set_to_none=True)
    left = [name for name, _ in trained(model)]
    if not left or (config.trained == "lora" and not any(ADAPTER in name for name in left)):
        raise ModelError("models.nothing_trained", name=inside.name, trained=config.trained)


def words(model: Classifier, tokenizer: PreTrainedTokenizerBase) -> dict[str, Tensor]:
    """The batch as the trainers give it to the model: two rows, the second padded."""
    tokens = tokenize({"text": list(SENTENCES), "label": [0, 0]}, tokenizer, 16, types_of(model.config))
    if min(tokens.lengths) == 0:  # a vocabulary of other signs, and no special tokens
        ids = torch.arange(10) % model.config.vocab_size
        tokens = Tokens(ids, torch.tensor([0, 6, 10]), torch.zeros(2, dtype=torch.long))
    ids, mask = replace(tokens, pad=padding(model.config)).padded(torch.arange(2))
    return {"input_ids": ids, "attention_mask": mask.long()}


def trained(model: Classifier) -> Iterable[tuple[str, nn.Parameter]]:
    """What is to be trained, by name."""
    return ((name, part) for name, part in model.named_parameters() if part.requires_grad)


@torch.no_grad()
def answers_well(model: Classifier, batch: dict[str, Tensor], said: dict[str, str]) -> None:
    """Raises `ModelError` unless the answers are numbers, and the same every time."""
    first = model(**batch).logits
    if first.shape != (2, model.config.num_labels) or not first.isfinite().all():
        raise ModelError("models.no_numbers", name=said["name"])
    if unlike(first, model(**batch).logits):
        raise ModelError("models.not_repeatable", **said)


def unlike(first: Tensor, second: Tensor) -> bool:
    """Whether two answers differ by more than rounding."""
    return bool((first - second).abs().max() > EQUAL * first.abs().max())


@torch.no_grad()
def in_order(model: Classifier, inside: Inside, batch: dict[str, Tensor]) -> bool:
    """Whether the layers are computed one after the other, the last one last, and each of their modules is.

    A module counts as soon as one within it is called: SqueezeBERT calls `forward` of its layers, past all hooks.
    """
    calls: list[tuple[int, int]] = []

    def watch(layer: int, module: int) -> Callable:
        return lambda *_: calls.append((layer, module))

    hooks = [
        part.register_forward_pre_hook(watch(layer, number))
        for layer, modules in enumerate(inside.layers)
        for number, module in enumerate(modules)
        for part in module.modules()
        if any(True for _ in part.parameters())  # an activation may be one module for all layers
    ]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    order = [layer for layer, _ in calls]
    return order == sorted(order) and len(set(calls)) == sum(map(len, inside.layers)) > 0


def with_gradient(model: Classifier, attention: list[nn.Parameter], batch: dict[str, Tensor]) -> set[nn.Parameter]:
    """What a gradient reaches: of the weights to be trained, and of the attention's maps.

    Numbers that start as zeros hide others' gradients: adapters are given other numbers meanwhile. A gradient that is
    zero throughout counts only where the numbers matter after all.
    """
    wanted = list(dict.fromkeys([*(part for _, part in trained(model)), *attention]))
    frozen = [part for part in wanted if not part.requires_grad]
    ups = {part: part.detach().clone() for name, part in trained(model) if UP in name}
    for part in ups:
        nn.init.normal_(part, std=SHAKE)
    for part in frozen:
        part.requires_grad_(True)
    try:
        logits = model(**batch).logits
        loss = (logits * torch.randn(logits.shape)).sum()
        slopes = torch.autograd.grad(loss, wanted, allow_unused=True) if loss.requires_grad else [None] * len(wanted)
        return {
            part
            for part, slope in zip(wanted, slopes, strict=True)
            if slope is not None and (slope.any() or matters(model, part, batch))
        }
    finally:
        for part in frozen:
            part.requires_grad_(False)
        with torch.no_grad():
            for part, before in ups.items():
                part.copy_(before)


@torch.no_grad()
def matters(model: Classifier, part: nn.Parameter, batch: dict[str, Tensor]) -> bool:
    """Whether other numbers in this tensor give other answers."""
    before, first = part.detach().clone(), model(**batch).logits
    part.add_(SHAKE * torch.randn_like(part) * (part.abs() + part.abs().mean() + SHAKE))
    try:
        return not torch.equal(first, model(**batch).logits)
    finally:
        part.copy_(before)
