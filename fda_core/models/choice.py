"""The model of a run: what is known of it before its weights are loaded, then the model itself."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import architectures, embedded, external, memory, modules, probe, vocabulary, weights
from fda_core.models.adapters import adapt
from fda_core.models.architectures import Classifier
from fda_core.models.memory import Shape
from fda_core.models.tokens import Tokens
from fda_core.settings import model_names
from fda_core.settings.config import MODELS, ExperimentConfig
from fda_core.support import assets
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError

REVISION, SHA256 = "revision", "weights_sha256"  # in a run's facts


class Embedded:
    """One of the embedded models; it needs no hub and no folder."""

    revision = None

    def __init__(self, model: str, labels: int):
        self.model, self.labels, self.name = model, labels, embedded.NAMES[model]

    def skeleton(self) -> PreTrainedModel:
        """The classifier without any weights: shapes only, no memory."""
        with torch.device("meta"):
            return embedded.MODELS[self.model].build(self.labels)

    def tokenizer(self, progress: Progress) -> PreTrainedTokenizerBase:
        """The one that all embedded models share; there is nothing to wait for. Raises `MissingAssets`."""
        return embedded.load_tokenizer()

    def read_alike(self, texts: Sequence[str], progress: Progress) -> None:
        """There is one way only to read its tokenizer."""

    def understood(self) -> AbstractContextManager[None]:
        """What goes wrong with these models is a defect here, and is shown as one."""
        return nullcontext()

    def ready(self, model: PreTrainedModel, config: ExperimentConfig, progress: Progress) -> Classifier:
        """With a fresh head and whatever is trained; every number of these models has a part in their answers."""
        return adapt(model, config.lora, config.seed, config.trained, config.trained_layers)

    def load(self, progress: Progress) -> tuple[PreTrainedModel, str]:
        """The pretrained classifier and the digest of its weights. Raises `MissingAssets`."""
        return embedded.load_classifier(self.labels, self.model), assets.SHA256[assets.WEIGHTS]

    def weights(self, sha256: str) -> str:
        """Where the weights come from, for the run's facts."""
        return f"{assets.WEIGHTS[0]}, sha256 {sha256[:16]}"


class External:
    """A model of the hub or a folder. Raises `ConfigError`, `HubError` and `ModelError` wherever it is touched."""

    def __init__(self, model: str, labels: int, models_folder: Path | None, revision: str | None, progress: Progress):
        self.source = external.find(model, models_folder, revision, progress)
        self.config = external.describe(self.source, labels, progress)
        self.revision, self.name = self.source.revision, self.source.name
        self._tokenizer: PreTrainedTokenizerBase | None = None

    def skeleton(self) -> PreTrainedModel:
        """The classifier without any weights: shapes only, no memory."""
        return external.skeleton(self.config, self.name)

    def tokenizer(self, progress: Progress) -> PreTrainedTokenizerBase:
        """The model's own, fetched if need be."""
        if self._tokenizer is None:
            self._tokenizer = vocabulary.load_tokenizer(self.source, progress)
        return self._tokenizer

    def read_alike(self, texts: Sequence[str], progress: Progress) -> None:
        """Raises `ModelError` unless these texts are the tokens that tokenizer.json says."""
        vocabulary.compare(self.source, self.tokenizer(progress), texts, progress)

    def understood(self) -> AbstractContextManager[None]:
        """Within, whatever goes wrong with the model becomes a `ModelError`."""
        return external.understood(self.name, self.config.model_type)

    def ready(self, model: PreTrainedModel, config: ExperimentConfig, progress: Progress) -> Classifier:
        """With a fresh head and whatever is trained, of that only what has a part in the model's answers."""
        with self.understood():
            inside = probe.Inside.of(model, modules.of(model), self.name)
            adapted = adapt(model, config.lora, config.seed, config.trained, config.trained_layers)
            probe.settle(adapted, inside, config, self.tokenizer(progress))
            return adapted

    def load(self, progress: Progress) -> tuple[PreTrainedModel, str]:
        """The pretrained classifier, fetched if need be, and the digest of its files."""
        return weights.load_classifier(self.source, self.config, progress)

    def weights(self, sha256: str) -> str:
        """Which weights these are, for the run's facts; of a folder its last name only."""
        place = f"revision {self.revision[:12]}" if self.revision else "a local folder"
        return f"{self.name}, {place}, sha256 {sha256[:16]}"


Choice = Embedded | External


def choose(
    model: str, labels: int, models_folder: Path | None = None, before: Mapping[str, Any] | None = None,
    progress: Progress = lambda *_: None,
) -> Choice:  # fmt: skip
    """The model of this name. models_folder: where folders are looked up, FDA_OPT_LAB_MODELS if left out; before: the
    facts of the run that is gone on with, which fix the revision.
    """
    if model in MODELS:
        return Embedded(model, labels)
    return External(model, labels, models_folder or model_names.models_folder(), (before or {}).get(REVISION), progress)


@dataclass(frozen=True)
class Plan:
    """What is known without any weights. trained: d, or more where the loaded model turns out to train less.

    fast: whether a fast way is proven for it; memory: bytes.
    """

    parameters: int
    trained: int
    fast: bool
    memory: int
    shape: Shape


def plan(choice: Choice, config: ExperimentConfig, tokens: int = 0) -> Plan:
    """tokens: of all texts together, whose frozen states are kept on the fast way. Raises `ConfigError`."""
    with choice.understood():
        return planned(choice.skeleton(), config, tokens)


def planned(bare: PreTrainedModel, config: ExperimentConfig, tokens: int) -> Plan:
    """The same of a classifier without weights, which is changed."""
    parameters = sum(parameter.numel() for parameter in bare.parameters())
    quick = fast(bare, config)
    model = adapt(bare, config.lora, config.seed, config.trained, config.trained_layers)
    trained = FlatParameters.of(model).size
    shape = memory.shape_of(model, trained, depth(model, config))
    return Plan(parameters, trained, quick, memory.needed(shape, config, tokens if quick else 0), shape)


def fast(model: Classifier, config: ExperimentConfig) -> bool:
    """Whether a fast way is proven equal to the plain one for what is trained of this model."""
    on_top = config.trained == "head" or (config.trained == "lora" and config.lora.layers == 1)
    return on_top and architectures.known(model)


def frozen_layers(model: Classifier, config: ExperimentConfig) -> int:
    """Layers below the first that is trained, on a fast way."""
    return model.config.num_hidden_layers - (config.trained != "head")


def depth(model: Classifier, config: ExperimentConfig) -> int:
    """Layers that a gradient passes on its way back."""
    layers = {"head": 0, "lora": config.lora.layers, "last": config.trained_layers}
    return layers.get(config.trained, model.config.num_hidden_layers)


def unchanged(choice: Choice, sha256: str, before: Mapping[str, Any]) -> None:
    """Raises `ConfigError` when the model is not the one that the run of these facts was begun with."""
    if before.get(SHA256, sha256) != sha256:
        raise ConfigError("models.files_changed", name=choice.name)


def readable(choice: Choice, texts: list[Tokens], config: ExperimentConfig) -> None:
    """Raises `ConfigError` for texts that are longer than the model can read, or words it has no numbers for."""
    bare = choice.skeleton()
    longest = max(int(tokens.lengths.max()) for tokens in texts)
    most = positions(bare)
    if most is not None and longest > most:
        raise ConfigError(
            "models.too_many_tokens", tokens=config.max_tokens, longest=longest, name=choice.name, most=most
        )
    if max(int(tokens.ids.max()) for tokens in texts) >= rows(bare):
        raise external.ModelError("models.unknown_words", name=choice.name)


def rows(bare: PreTrainedModel) -> int:
    """Of the table of words, which has a row for each number of a token."""
    table = bare.get_input_embeddings()
    return table.num_embeddings if isinstance(table, torch.nn.Embedding) else bare.config.vocab_size


def positions(bare: PreTrainedModel) -> int | None:
    """Tokens of the longest text that the model reads: by its tables of positions; None where it has none."""
    tables = [
        part
        for name, part in bare.named_modules()
        if name.endswith(("position_embeddings", "embed_positions")) and isinstance(part, torch.nn.Embedding)
    ]
    if not tables:
        return None
    most = min(table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1) for table in tables)
    # Some keep more rows than they have positions (Nyströmformer, MRA and YOSO: two).
    return min(most, getattr(bare.config, "max_position_embeddings", None) or most)
