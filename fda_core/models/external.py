"""Models from outside, from the hub or a folder: looked at before they are loaded, and never believed.

config.json is data: what in it could start code, fetch something or choose another way of loading is left out, weights
are read from safetensors only, and the classes are those of transformers.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils import logging as loud

from fda_core.models import ignored
from fda_core.models.hub_files import Repository
from fda_core.models.payload import LONGEST_CONFIG
from fda_core.settings import model_names
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError, LabError
from fda_core.support.messages import Message, because

CONFIG, ADAPTERS = "config.json", "adapter_config.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
POINTER = b"version https://git-lfs"  # how a file of Git LFS begins that was never fetched
MOST_LAYERS = 200
# Settings that say how to load or run a model, instead of what it is.
LEFT_OUT = {
    "auto_map", "quantization_config", "attn_implementation", "experts_implementation", "dtype", "torch_dtype",
    "num_labels", "id2label", "label2id", "problem_type", "reference_compile", "transformers_version",
    "return_dict", "use_return_dict", "torchscript", "output_attentions", "output_hidden_states",
}  # fmt: skip

log = logging.getLogger(__name__)
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

    def models_below(self) -> list[str]:
        """Folders in this one that look like models."""
        found = [path.parent for depth in ("*", "*/*") for path in self.folder.glob(f"{depth}/{CONFIG}")]
        whole = [path for path in found if (path / WEIGHTS).is_file() or (path / INDEX).is_file()]
        return [path.relative_to(self.folder).as_posix() for path in sorted(whole)]


Source = Folder | Repository


def find(model: str, models_folder: Path | None, revision: str | None, progress: Progress) -> Source:
    """Where a model's files are. Raises `ConfigError` and `HubError`."""
    return Folder(model, models_folder) if model_names.is_folder(model) else Repository(model, revision, progress)


def describe(source: Source, labels: int, progress: Progress) -> PreTrainedConfig:
    """The model's configuration, without dropout and with so many labels. Raises `ModelError`."""
    name = source.name
    if CONFIG not in source.sizes:
        raise no_model(source, progress)
    settings = read(source, CONFIG, progress)
    if not isinstance(settings.get("model_type"), str):
        raise damaged(name, Message("part.no_model_type"))
    encoder_only(name, settings)
    config = configured(name, settings, labels)
    if other := ignored.twin(settings):
        raise ModelError(
            "models.other_architecture", file=CONFIG, name=name, architecture=settings["model_type"], other=other[:40]
        )
    if found := ignored.first(settings, skeleton(config, name)):
        raise ModelError(
            "models.setting_ignored", file=CONFIG, name=name, setting=found, value=str(settings[found])[:40],
            architecture=settings["model_type"],
        )  # fmt: skip
    return config


def read(source: Source, file: str, progress: Progress) -> dict[str, Any]:
    """A JSON file with settings. Raises `ModelError`."""
    if source.sizes[file] > LONGEST_CONFIG:
        raise damaged(source.name, Message("part.too_large"), file)
    folder = source.fetch([file], progress)
    fetched(source, folder, [file])
    try:
        settings = json.loads((folder / file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise damaged(source.name, because(error), file) from None
    except (ValueError, RecursionError) as error:
        raise damaged(source.name, str(error), file) from None
    if not isinstance(settings, dict):
        raise damaged(source.name, Message("part.no_model_type"), file)
    return settings


def no_model(source: Source, progress: Progress) -> ModelError:
    """The error to raise about what has no config.json: adapters alone, a folder too high, or no model at all."""
    if ADAPTERS in source.sizes:
        base = str(read(source, ADAPTERS, progress).get("base_model_name_or_path") or "")
        base = base if base.count("/") == 1 and base[:1] not in "./~" else base.rstrip("/").rpartition("/")[2]
        return ModelError("models.adapters_alone", name=source.name, base=base[:80] or "…")
    below = source.models_below() if isinstance(source, Folder) else []
    if below:
        return ModelError("models.model_below", name=source.name, below=below[0])
    return ModelError("models.no_config", name=source.name, file=CONFIG)


def fetched(source: Source, folder: Path, names: list[str]) -> None:
    """Raises `ModelError` for a file that stands for another one which Git LFS has not fetched."""
    for name in names:
        if source.sizes[name] < 1024:
            try:
                with open(folder / name, "rb") as file:
                    pointer = file.read(len(POINTER)) == POINTER
            except OSError:
                continue  # what is wrong with it is said when it is read
            if pointer:
                raise ModelError("models.pointer", name=source.name, file=name)


def damaged(name: str, problem: str | Message, file: str = CONFIG) -> ModelError:
    """The error to raise about a config.json; of what somebody else's code says, at most 120 characters are shown."""
    return ModelError("models.config_damaged", file=file, name=name, reason=brief(problem))


def brief(problem: str | Message) -> str | Message:
    """What somebody else's code says, on one line and without a path of this machine."""
    if isinstance(problem, Message):
        return problem
    return " ".join("…" if word.strip("'\"(").startswith("/") else word for word in problem.split())[:120].rstrip(". ")


@contextmanager
def understood(name: str, architecture: str) -> Iterator[None]:
    """Whatever goes wrong within is said of the model: hundreds of architectures fail in ways of their own.

    Raises `ModelError` for it; errors that have a sentence, such as a stop, pass.
    """
    try:
        yield
    except LabError:
        raise
    except Exception as error:
        log.info("the model %s", name, exc_info=True)
        said = brief(f"{type(error).__name__}: {error}")
        raise ModelError("models.does_not_run", name=name, architecture=architecture[:40], error=said) from error


def encoder_only(name: str, settings: dict[str, Any]) -> None:
    """Raises `ModelError` for what is no encoder that transformers can put a classifier on."""
    kind = settings["model_type"]
    known = kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES and kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if kind not in CONFIG_MAPPING and settings.get("auto_map"):
        raise ModelError("models.own_code", name=name, architecture=kind[:40])
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
    except Exception as error:  # whatever a wrong value sets off in one of hundreds of classes
        raise damaged(name, str(error)) from None
    depth = getattr(config, "num_hidden_layers", None)
    if depth is None:
        raise ModelError("models.no_encoder", name=name, architecture=settings["model_type"][:40])
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
