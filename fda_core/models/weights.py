"""The weights of a model from outside: safetensors alone, and every number of the encoder in its place.

The loader of transformers leaves out what it has no place for and makes up what is missing. Here both are an error, but
for heads, which start afresh.
"""

import hashlib
import json
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import AutoModel, AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedModel

from fda_core.models import modules
from fda_core.models.external import ADAPTERS, CONFIG, INDEX, WEIGHTS, Folder, ModelError, Source, fetched
from fda_core.support.callbacks import Progress
from fda_core.support.streams import torch_generator

# What heads are called in files that have the encoder's parts without a prefix; with one, all else belongs to heads.
HEADS = ("cls", "lm_head", "classifier", "pre_classifier", "predictions", "qa_outputs", "score", "sop_classifier")
# Numbers of positions, not weights, that older files hold.
COUNTED = ("position_ids", "token_type_ids", "inv_freq")
QUANTISED = ("I8", "U8", "F8", "F4", "I4", "U4")


def weight_files(source: Source, progress: Progress) -> list[str]:
    """The safetensors files, by the index where there are several. Raises `ModelError`."""
    if ADAPTERS in source.sizes and isinstance(source, Folder):
        raise ModelError("models.adapters_beside", name=source.name)
    if WEIGHTS in source.sizes:
        return [WEIGHTS]
    if INDEX not in source.sizes:
        raise ModelError("models.no_safetensors", name=source.name)
    folder = source.fetch([INDEX], progress)
    fetched(source, folder, [INDEX])
    try:
        files = sorted(set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise broken(source.name) from None
    if not files or any(file not in source.sizes for file in files):
        raise broken(source.name)
    return [INDEX, *files]


def broken(name: str) -> ModelError:
    """The error to raise about weights that cannot be read."""
    return ModelError("models.weights_damaged", name=name)


def load_classifier(source: Source, config: PreTrainedConfig, progress: Progress) -> tuple[PreTrainedModel, str]:
    """The pretrained encoder in float32 with some head, which `adapt` makes afresh, and the digest of its files.

    Raises `ModelError` and `HubError`.
    """
    name, weights = source.name, weight_files(source, progress)
    folder = source.fetch([CONFIG, *weights], progress)
    fetched(source, folder, weights)
    kinds = stored(name, [folder / file for file in weights if file != INDEX])
    if any(kind.startswith(QUANTISED) for kind in kinds.values()):
        raise ModelError("models.quantised", name=name)
    try:
        # A pooler that was not saved starts as random numbers: the same ones every time.
        with torch_generator, torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model, found = AutoModelForSequenceClassification.from_pretrained(
                folder, config=config, use_safetensors=True, trust_remote_code=False, local_files_only=True,
                dtype=torch.float32, ignore_mismatched_sizes=True, output_loading_info=True,
            )  # fmt: skip
    except Exception:  # what damaged files set off in the libraries that read them
        raise broken(name) from None
    in_place(name, model, found, kinds)
    return model.eval(), digest(folder, weights)


def stored(name: str, files: list[Path]) -> dict[str, str]:
    """Which tensors the files hold, and how their numbers are written (`F32`, `BF16`). Raises `ModelError`."""
    kinds = {}
    try:
        for path in files:
            with safe_open(path, "pt") as file:
                kinds.update({tensor: file.get_slice(tensor).get_dtype() for tensor in file.keys()})  # noqa: SIM118
    except Exception:  # as in `load_classifier`
        raise broken(name) from None
    return kinds


def in_place(name: str, model: PreTrainedModel, found: dict, kinds: dict[str, str]) -> None:
    """Raises `ModelError` where the encoder lacks weights, or the file has some that the encoder does not use.

    found: what the loader says. The size of a pooler is the encoder's matter, for it was pretrained.
    """
    parts = modules.of(model)
    head, fresh = (tuple(f"{part}." for part in some) for some in (parts.head, parts.fresh))
    lost = [key for key in found["missing_keys"] if not key.startswith(head)]
    lost += [key for key, *_ in found["mismatched_keys"] if not key.startswith(fresh)]
    if lost or found.get("error_msgs") or found.get("conversion_errors"):
        raise ModelError("models.weights_do_not_fit", name=name, file=CONFIG, count=max(1, len(lost)))
    if left := unused(model, sorted(found["unexpected_keys"]), list(kinds)):
        raise ModelError("models.weights_unused", name=name, file=CONFIG, count=len(left), example=left[0][:80])


def unused(model: PreTrainedModel, unexpected: list[str], names: list[str]) -> list[str]:
    """Weights of the encoder, of all in the file, that it has no place for.

    Not among them: other heads; what the whole encoder has and transformers leaves out of a classifier (a pooler that
    its head does not read, Funnel's decoder); counted positions.
    """
    prefix = f"{model.base_model_prefix}."
    whole = any(name.startswith(prefix) for name in names)
    mine = [key for key in unexpected if key.startswith(prefix) or not whole]
    inner = {key: key.removeprefix(prefix) for key in mine if key.rpartition(".")[2] not in COUNTED}
    if not inner:
        return []
    with torch.device("meta"):
        known = AutoModel.from_config(model.config).state_dict().keys()
    return [key for key, name in inner.items() if name not in known and (whole or name.partition(".")[0] not in HEADS)]


def digest(folder: Path, weights: list[str]) -> str:
    """sha256 of what the model computes with: its configuration and weights."""
    total = hashlib.sha256()
    for name in (CONFIG, *weights):
        with open(folder / name, "rb") as file:
            total.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
