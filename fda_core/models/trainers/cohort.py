"""All clients of a round in one pass: their trainable tensors are stacked, the frozen weights are shared.

Three ideas, each exact. (1) Frozen layers are computed once per text (`frozen_prefix.py`). (2) The losses of K clients
do not depend on one another, so one way back from their sum gives each client its own gradient. (3) The classifier
reads position 0 alone, so the last layer needs one query per text (`last_layer.py`). The way back is written out:
torch's would keep, copy and add up more than is needed (`python -m benchmarks.limits`).
"""

from collections.abc import Iterator

import torch
from peft import LoraConfig, PeftModel
from torch import Tensor

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import architectures, devices
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.attention import Batch, FrozenStates
from fda_core.models.trainers.heads import ClientHeads
from fda_core.models.trainers.last_layer import Adapter, LastLayer, Pass

TEST_TEXTS = 256  # scored at a time
WRAP = "base_model.model."  # what peft puts before every name


class CohortTrainer:
    """Same interface and same results as `PlainTrainer`, for adapters on the last layer of an encoder that
    `architectures.known` knows."""

    def __init__(
        self, model: PeftModel, train: Tokens, test: Tokens, train_hidden: Tensor, test_hidden: Tensor,
        read: Tensor | None = None,
    ):  # fmt: skip
        """train_hidden, test_hidden: states [ΣT, D] below the last layer, in main memory; model: on the device.

        read: the training texts whose states are there already; all of them if left out.
        """
        self.layout = FlatParameters.of(model)
        self.train, self.test, self.device = train, test, model.device
        self.concurrent = self.device.type == devices.CPU
        config = model.config
        self.parts = architectures.of(config)
        adapters = model.peft_config["default"]
        assert isinstance(adapters, LoraConfig), "made by `adapters.with_adapters`"
        self.scale = adapters.lora_alpha / adapters.r
        self.prefix = f"{WRAP}{self.parts.layer(config.num_hidden_layers - 1)}."
        # Where in the flat vector the head stands: peft wraps one linear map, or two together.
        head = {
            name.removeprefix(WRAP).replace(".modules_to_save.default", ""): name
            for name in self.layout.names
            if not name.startswith(self.prefix)
        }
        self.heads = ClientHeads(self.parts, head)
        frozen = {
            name.removeprefix(self.prefix).replace(".base_layer", ""): p.detach()
            for name, p in model.named_parameters()
            if name.startswith(self.prefix) and not p.requires_grad
        }
        self.layer = LastLayer(self.parts, frozen, config.num_attention_heads, architectures.epsilon(config))
        self.train_states = self._states(train, train_hidden)
        self.test_batches = list(self._parts(test, test_hidden))
        self.read(torch.arange(len(train)) if read is None else read)

    def _states(self, tokens: Tokens, hidden: Tensor) -> FrozenStates:
        return FrozenStates(tokens, hidden.to(self.device), self.layer.queries)

    def _parts(self, tokens: Tokens, hidden: Tensor) -> Iterator[Batch]:
        """The test set, which is always read as a whole: it is gathered once, each part into memory of its own."""
        for rows in torch.arange(len(tokens)).split(TEST_TEXTS):
            states = self._states(tokens, hidden)
            states.read(rows)
            yield states.batch(rows[None])

    def read(self, rows: Tensor) -> None:
        """Before these rows of the training set are trained on; their frozen states are there."""
        self.train_states.read(rows)

    @torch.no_grad()
    def gradients(self, weights: Tensor, rows: Tensor, mask: Tensor, out: Tensor) -> Tensor:
        """Mean loss per client [K] of one batch each; `out` [K, d] receives the gradients.

        weights [K, d]; rows [K, B] row numbers of the training set; mask [K, B] marks the real ones.
        """
        stacked, slots = self.layout.split(weights), self.layout.split(out)
        labels, mask = devices.send(self.train.labels[rows], self.device), devices.send(mask, self.device)
        through = Pass(self.layer, self._adapters(stacked, slots), self.train_states.batch(rows))
        pooled = through.forward()
        losses, slope = self.heads.learn(stacked, slots, pooled, labels, mask)
        through.backward(self.heads.back(stacked, slope))
        return losses

    @torch.no_grad()
    def logits(self, weights: Tensor) -> Tensor:
        """Scores [n, labels] of the test set under weights [d]."""
        stacked = self.layout.split(weights[None])
        pooled = [Pass(self.layer, self._adapters(stacked), batch).forward() for batch in self.test_batches]
        return torch.cat([self.heads.scores(stacked, each)[1][0] for each in pooled]).cpu()

    def _adapters(self, stacked: dict[str, Tensor], slots: dict[str, Tensor] | None = None) -> dict[str, Adapter]:
        """Those that the layer's linear maps have; slots: where their gradients go."""
        found = {}
        for name, linear in self.parts.attention.items():
            down, up = (f"{self.prefix}{linear}.lora_{side}.default.weight" for side in "AB")
            if down in stacked:
                found[name] = Adapter(
                    stacked[down], stacked[up], self.scale, *((slots[down], slots[up]) if slots else ())
                )
        return found
