"""How many numbers travel: parameters of well-known encoders, by their dimensions, and of what is trained on them.

Arithmetic alone, so that a page can say it before anything is loaded; `choice.plan` counts it on the model itself.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from fda_core.algorithm.ledger import WIRE_BYTES_PER_PARAMETER
from fda_core.settings import model_names
from fda_core.settings.config import MODELS, ExperimentConfig

Trained = Literal["head", "lora", "full"]
TRAINED: tuple[Trained, ...] = ("head", "lora", "full")
LONGEST_CONFIG = 1_000_000  # bytes


@dataclass(frozen=True)
class Encoder:
    """positions, types: rows of those tables; relative: rows of DeBERTa's table of relative positions, with its norm.

    fast: whether a fast way is proven for the architecture. Dimensions: the models' config.json on the hub.
    """

    name: str
    vocabulary: int
    positions: int
    types: int
    width: int
    inner: int
    layers: int
    relative: int = 0
    fast: bool = True

    @property
    def parameters(self) -> int:
        """Of the encoder without a head: embeddings with their norm, and per layer attention, two norms and two
        linear maps, all with biases."""
        width = self.width
        tables = (self.vocabulary + self.positions + self.types + self.relative) * width + 2 * width
        norm = 2 * width if self.relative else 0
        return tables + norm + self.layers * self.layer

    @property
    def layer(self) -> int:
        """Of one layer."""
        return 4 * (self.width * self.width + self.width) + 2 * self.width * self.inner + self.inner + 5 * self.width

    def head(self, labels: int = 2) -> int:
        """A square linear map and the classifier; BERT has the former as its pooler."""
        return self.width * self.width + self.width + self.width * labels + labels

    def work(self, passes: float) -> float:
        """Multiplications of a step per token: so many passes over the weights of its layers."""
        return passes * self.layers * (4 * self.width * self.width + 2 * self.width * self.inner)

    def trained(self, what: Trained, rank: int = 8, labels: int = 2) -> int:
        """Parameters that travel: the head (a square linear map and the classifier); with adapters of this rank on
        the query and value of every layer; or everything."""
        return (
            self.head(labels) + {"head": 0, "lora": 4 * rank * self.width * self.layers, "full": self.parameters}[what]
        )


EMBEDDED = "all-MiniLM-L6-v2"
ENCODERS = {
    encoder.name: encoder
    for encoder in (
        Encoder(EMBEDDED, 30522, 512, 0, 384, 1536, 6),
        Encoder("distilbert-base-uncased", 30522, 512, 0, 768, 3072, 6),
        Encoder("roberta-base", 50265, 514, 1, 768, 3072, 12),
        Encoder("microsoft/deberta-v3-base", 128100, 0, 0, 768, 3072, 12, relative=512, fast=False),
    )
}


def payload(encoder: str, what: Trained, rank: int = 8) -> int:
    """Bytes of one transfer in float32."""
    return WIRE_BYTES_PER_PARAMETER * ENCODERS[encoder].trained(what, rank)


def download(encoder: str) -> int:
    """Bytes of the frozen encoder in float32, which every site fetches once."""
    return WIRE_BYTES_PER_PARAMETER * ENCODERS[encoder].parameters


def slowdown(encoder: str, what: Trained, layers: int = 1) -> float:
    """How many times as long a step takes as in a run of the embedded encoder with adapters on its last `layers`.

    Calculated from multiplications alone: a pass forward; with adapters one back through the activations; and one more
    for the gradients of all weights if everything is trained.
    """
    embedded = ENCODERS[EMBEDDED]
    here = embedded.work(1 + layers / embedded.layers)
    return ENCODERS[encoder].work({"head": 1, "lora": 2, "full": 3}[what]) / here


# The embedded weights in other architectures, and ids under which the hub has the same models.
MINI = ENCODERS[EMBEDDED]
OTHERWISE = {
    "minilm-distilbert": MINI,
    "minilm-roberta": replace(MINI, positions=513, types=1),
    "minilm-bert": replace(MINI, types=2),
    "distilbert/distilbert-base-uncased": ENCODERS["distilbert-base-uncased"],
    "FacebookAI/roberta-base": ENCODERS["roberta-base"],
}


@dataclass(frozen=True)
class Size:
    """What a run sends: trained numbers in all and in the head alone, and whether it takes a fast way."""

    trained: int
    head: int
    fast: bool

    @property
    def bytes(self) -> int:
        """Of one transfer, in float32."""
        return WIRE_BYTES_PER_PARAMETER * self.trained


def size_of(config: ExperimentConfig, labels: int = 2) -> Size | None:
    """None for a model whose dimensions are not known here: then it shows once it is loaded.

    Call it with settings that the model has: `lora.layers` and `trained_layers` are not compared with its depth.
    """
    encoder = encoder_of(config.model)
    if encoder is None or max(config.lora.layers, config.trained_layers) > encoder.layers:
        return None
    head, lora = encoder.head(labels), config.lora
    more = {
        "head": 0,
        "lora": 2 * lora.rank * encoder.width * len(set(lora.targets)) * lora.layers,
        "last": config.trained_layers * encoder.layer,
        "full": encoder.parameters,
    }[config.trained]
    on_top = config.trained == "head" or (config.trained == "lora" and lora.layers == 1)
    return Size(head + more, head, encoder.fast and on_top)


def encoder_of(model: str) -> Encoder | None:
    """The dimensions of a model by its name in the settings, None where they are not known here."""
    if model not in MODELS and model_names.is_folder(model):
        return on_shelf(model)
    return OTHERWISE.get(model) or ENCODERS.get(model)


def on_shelf(model: str) -> Encoder | None:
    """By the config.json of a folder that may be named from a page."""
    models_folder = model_names.models_folder()
    file = models_folder and models_folder / model.removeprefix(model_names.FOLDER) / "config.json"
    try:
        if not file or file.stat().st_size > LONGEST_CONFIG:
            return None
        return described(model, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # what is wrong with it is said when it is loaded


def described(name: str, settings: dict[str, Any]) -> Encoder | None:
    """Architectures whose every parameter is known by these settings."""
    match settings["model_type"]:
        case "distilbert":
            sizes = [settings[key] for key in ("vocab_size", "max_position_embeddings")]
            sizes += [0, *(settings[key] for key in ("dim", "hidden_dim", "n_layers"))]
            activation = settings.get("activation", "gelu")
        case "bert" | "roberta":
            sizes = [settings[key] for key in ("vocab_size", "max_position_embeddings", "type_vocab_size")]
            sizes += [settings[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers")]
            activation = settings.get("hidden_act", "gelu")
        case _:
            return None
    if not all(isinstance(size, int) and 0 <= size < 10**7 for size in sizes):
        return None
    vocabulary, positions, types, width, inner, layers = sizes
    fast = activation == "gelu" and not settings.get("is_decoder")
    return Encoder(name, vocabulary, positions, types, width, inner, layers, fast=fast)


def trainable(config: ExperimentConfig, labels: int = 2) -> int | None:
    """d, the weights that travel in a run of this config; None where `size_of` does not know."""
    size = size_of(config, labels)
    return None if size is None else size.trained
