"""Models from outside, from the hub or a folder: looked at before they are loaded, and never believed.

config.json is data: what in it could start code, fetch something or choose another way of loading is left out, weights
are read from safetensors only, and the classes are those of transformers.
"""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils import logging as loud

from fda_core.models import modules
from fda_core.models.hub_files import Repository
from fda_core.models.payload import LONGEST_CONFIG
from fda_core.settings import model_names
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError, LabError
from fda_core.support.messages import Message, because
from fda_core.support.streams import torch_generator

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
# Any of these makes a tokenizer; the others belong to some of them.
VOCABULARIES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "spm.model", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip
BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
MOST_LAYERS = 200
# Settings that say how to load or run a model, instead of what it is.
LEFT_OUT = {
    "auto_map", "quantization_config", "attn_implementation", "experts_implementation", "dtype", "torch_dtype",
    "num_labels", "id2label", "label2id", "problem_type", "reference_compile", "transformers_version",
}  # fmt: skip

loud.set_verbosity_error()  # what it would say about fresh heads is known here
loud.disable_progress_bar()


class ModelError(LabError):
    """A model that cannot be used; the text says what is wrong with it and what to do."""


class Folder:
    """A model in a folder of this machine; pages and records know the folder's last name only."""

    revision = None

    def __init__(self, model: str, models_folder: Path | None):
        """Raises `ConfigError` when there is no such folder; models_folder: where its name is looked up."""
        self.name = model.removeprefix(model_names.FOLDER)
        if models_folder is None:
            raise ConfigError("models.folder_unknown", name=self.name, setting=model_names.MODELS_FOLDER)
        self.folder = models_folder / self.name
        try:
            self.sizes = {path.name: path.stat().st_size for path in self.folder.iterdir() if path.is_file()}
        except OSError as error:
            raise ConfigError("models.folder_not_read", name=self.name, reason=because(error)) from None

    def fetch(self, names: list[str], progress: Progress) -> Path:
        """The folder itself, as of a repository: whatever is in it is here already."""
        return self.folder


Source = Folder | Repository


def find(model: str, models_folder: Path | None, revision: str | None, progress: Progress) -> Source:
    """Where a model's files are. Raises `ConfigError` and `HubError`."""
    return Folder(model, models_folder) if model_names.is_folder(model) else Repository(model, revision, progress)


def describe(source: Source, labels: int, progress: Progress) -> PreTrainedConfig:
    """The model's configuration, without dropout and with so many labels. Raises `ModelError`."""
    name = source.name
    if CONFIG not in source.sizes:
        raise ModelError("models.no_config", name=name, file=CONFIG)
    if source.sizes[CONFIG] > LONGEST_CONFIG:
        raise damaged(name, Message("part.too_large"))
    folder = source.fetch([CONFIG], progress)
    try:
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(name, str(error)) from None
    if not isinstance(settings, dict) or not isinstance(settings.get("model_type"), str):
        raise damaged(name, Message("part.no_model_type"))
    encoder_only(name, settings)
    return configured(name, settings, labels)


def damaged(name: str, problem: str | Message) -> ModelError:
    """The error to raise about a config.json; of what somebody else's code says, at most 120 characters are shown."""
    shown = " ".join(problem.split())[:120] if isinstance(problem, str) else problem
    return ModelError("models.config_damaged", file=CONFIG, name=name, reason=shown)


def encoder_only(name: str, settings: dict[str, Any]) -> None:
    """Raises `ModelError` for what is no encoder that transformers can put a classifier on."""
    kind = settings["model_type"]
    known = kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES and kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if not known or settings.get("is_decoder") is True or settings.get("is_encoder_decoder") is True:
        raise ModelError("models.no_encoder", name=name, architecture=kind[:40])
    if settings.get("quantization_config"):
        raise ModelError("models.quantised", name=name)


def configured(name: str, settings: dict[str, Any], labels: int) -> PreTrainedConfig:
    """The configuration from what config.json says, without what could start code and without dropout.

    Raises `ModelError`.
    """
    plain = {key: value for key, value in settings.items() if key not in LEFT_OUT and not key.startswith("_")}
    try:
        config = CONFIG_MAPPING[settings["model_type"]].from_dict(plain, num_labels=labels)
        depth = config.num_hidden_layers
    except Exception as error:  # whatever a wrong value sets off in one of hundreds of classes
        raise damaged(name, str(error)) from None
    if config.is_encoder_decoder:
        encoder_only(name, settings | {"is_encoder_decoder": True})
    if not isinstance(depth, int) or not 0 < depth <= MOST_LAYERS:
        raise damaged(name, Message("part.layers", count=depth))
    for key, value in vars(config).items():
        if "dropout" in key and type(value) in (int, float):  # none in any path, see docs/method.md
            setattr(config, key, 0.0)
    return config


def skeleton(config: PreTrainedConfig, name: str) -> PreTrainedModel:
    """The classifier without any weights: shapes only, no memory. Raises `ModelError`."""
    try:
        with torch.device("meta"):
            return AutoModelForSequenceClassification.from_config(config)
    except Exception as error:  # as in `configured`
        raise damaged(name, str(error)) from None


def weight_files(source: Source, progress: Progress) -> list[str]:
    """The safetensors files, by the index where there are several. Raises `ModelError`."""
    if "adapter_config.json" in source.sizes and isinstance(source, Folder):
        raise ModelError("models.adapters_beside", name=source.name)
    if WEIGHTS in source.sizes:
        return [WEIGHTS]
    if INDEX not in source.sizes:
        raise ModelError("models.no_safetensors", name=source.name)
    folder = source.fetch([INDEX], progress)
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
    head = tuple(f"{part}." for part in modules.of(model).head)
    absent = [*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])]
    if lost := [key for key in absent if not key.startswith(head)]:
        raise ModelError("models.weights_do_not_fit", name=name, file=CONFIG, count=len(lost))
    return model.eval(), digest(folder, weights)


def load_tokenizer(source: Source, progress: Progress) -> PreTrainedTokenizerBase:
    """Raises `ModelError` and `HubError`."""
    found = [name for name in VOCABULARIES if name in source.sizes]
    if not found:
        raise ModelError("models.no_tokenizer", name=source.name)
    if all(name.endswith(".model") for name in found) and find_spec("sentencepiece") is None:
        raise ModelError("models.sentencepiece", name=source.name)
    wanted = [name for name in (CONFIG, *VOCABULARIES, *BESIDE) if name in source.sizes]
    folder = source.fetch(wanted, progress)
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # as above
        raise ModelError("models.tokenizer_not_read", name=source.name, error=type(error).__name__) from None


def digest(folder: Path, weights: list[str]) -> str:
    """sha256 of what the model computes with: its configuration and weights."""
    total = hashlib.sha256()
    for name in (CONFIG, *weights):
        with open(folder / name, "rb") as file:
            total.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
