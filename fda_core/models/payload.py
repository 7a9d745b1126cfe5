"""How many numbers travel: parameters of well-known encoders, by their dimensions, and of what is trained on them."""

from dataclasses import dataclass
from typing import Literal

from fda_core.config import MODELS, ExperimentConfig
from fda_core.ledger import WIRE_BYTES_PER_PARAMETER

Trained = Literal["head", "lora", "full"]
TRAINED: tuple[Trained, ...] = ("head", "lora", "full")


@dataclass(frozen=True)
class Encoder:
    """positions, types: rows of those tables; relative: rows of DeBERTa's table of relative positions, with its norm.

    Dimensions: the models' config.json on the Hugging Face hub.
    """

    name: str
    vocabulary: int
    positions: int
    types: int
    width: int
    inner: int
    layers: int
    relative: int = 0

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
        width = self.width
        return 4 * (width * width + width) + 2 * width * self.inner + self.inner + width + 4 * width

    def work(self, passes: float) -> float:
        """Multiplications of a step per token: so many passes over the weights of its layers."""
        return passes * self.layers * (4 * self.width * self.width + 2 * self.width * self.inner)

    def trained(self, what: Trained, rank: int = 8, labels: int = 2) -> int:
        """Parameters that travel: the head (a square linear map and the classifier); with adapters of this rank on
        the query and value of every layer; or everything."""
        head = self.width * self.width + self.width + self.width * labels + labels
        return head + {"head": 0, "lora": 4 * rank * self.width * self.layers, "full": self.parameters}[what]


EMBEDDED = "all-MiniLM-L6-v2"
ENCODERS = {
    encoder.name: encoder
    for encoder in (
        Encoder(EMBEDDED, 30522, 512, 0, 384, 1536, 6),
        Encoder("distilbert-base-uncased", 30522, 512, 0, 768, 3072, 6),
        Encoder("roberta-base", 50265, 514, 1, 768, 3072, 12),
        Encoder("microsoft/deberta-v3-base", 128100, 0, 0, 768, 3072, 12, relative=512),
    )
}


def trainable(config: ExperimentConfig, labels: int = 2) -> int | None:
    """Weights that travel in a run of this config; None for a model whose dimensions are not known here."""
    encoder = ENCODERS.get(EMBEDDED if config.model in MODELS else config.model)
    if encoder is None:
        return None
    if config.trained in ("head", "full"):
        return encoder.trained(config.trained, labels=labels)
    adapters = 2 * config.lora.rank * encoder.width * config.lora.layers * len(config.lora.targets)
    below = adapters if config.trained == "lora" else config.trained_layers * encoder.layer
    return encoder.trained("head", labels=labels) + below


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
