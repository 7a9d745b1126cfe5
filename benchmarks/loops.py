"""The slower ways that `benchmarks.engine` compares the engine with: each trains one local epoch of some clients."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from fda_core.federation.batches import batches
from fda_core.federation.clients import Cohort
from fda_core.federation.experiment import Experiment
from fda_core.models import embedded
from fda_core.models.tokens import Tokens
from fda_core.settings.config import ExperimentConfig

ROUND = 1


@dataclass
class Epoch:
    """One local epoch to be trained: whose, in which batches, from which weights."""

    experiment: Experiment
    config: ExperimentConfig
    clients: list[int]

    def cohort(self) -> Cohort:
        config = self.config
        return Cohort(
            self.experiment.trainer, self.experiment.initial, self.experiment.partition, self.clients,
            config.batch_size, config.client_optimizer, config.client_lr, config.seed, ROUND,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """Of each client."""
        return max(-(-len(self.experiment.partition[client]) // self.config.batch_size) for client in self.clients)

    @property
    def tokens(self) -> Tokens:
        return self.experiment.trainer.train

    @property
    def hidden(self) -> Tensor:
        """The cached states of the training set below the last layer, end to end."""
        return self.experiment.trainer.train_states.hidden

    def rows(self, client: int) -> Iterator[np.ndarray]:
        order = batches(self.experiment.partition[client], self.config.batch_size, self.config.seed, ROUND, client)
        return islice(order, self.steps)


Result = tuple[Tensor, Tensor]  # each client's mean loss [K] and its weights after the epoch [K, d]


def peft_model(config: ExperimentConfig) -> PeftModel:
    """What a user of peft would write for the same trainable weights; dropout is 0."""
    model = embedded.load_classifier(2)
    last = len(model.distilbert.transformer.layer) - 1
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=config.lora.rank,
        lora_alpha=config.lora.alpha,
        lora_dropout=0.0,
        target_modules=[f"distilbert.transformer.layer.{last}.attention.{name}" for name in config.lora.targets],
        modules_to_save=["pre_classifier", "classifier"],
    )
    return get_peft_model(model, lora).eval()


class Loop:
    """One client after the other, each its whole epoch, so that its weights are copied in and out once."""

    def __init__(self, epoch: Epoch):
        self.epoch, self.model = epoch, peft_model(epoch.config)
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.parameters = [trained[name] for name in epoch.experiment.trainer.layout.names]
        tokens = epoch.tokens
        self.ids = tokens.ids.split(tokens.lengths.tolist())
        self.labels = tokens.labels

    def __call__(self) -> Result:
        losses, weights = zip(*map(self.client, self.epoch.clients), strict=True)
        return torch.tensor(losses), torch.stack(weights)

    def client(self, client: int) -> tuple[float, Tensor]:
        nn.utils.vector_to_parameters(self.epoch.experiment.initial.clone(), self.parameters)  # the copy is trained
        optimizer = torch.optim.SGD(self.parameters, lr=self.epoch.config.client_lr)
        losses = []
        for rows in self.epoch.rows(client):
            optimizer.zero_grad()
            loss = self.loss(torch.from_numpy(rows))
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item(), nn.utils.parameters_to_vector(self.parameters).detach()

    def loss(self, rows: Tensor) -> Tensor:
        """Of one batch, padded to its longest text."""
        texts = [self.ids[row] for row in rows.tolist()]
        ids = pad_sequence(texts, batch_first=True)
        mask = pad_sequence([torch.ones_like(text) for text in texts], batch_first=True)
        return self.model(input_ids=ids, attention_mask=mask, labels=self.labels[rows]).loss


class PrefixLoop(Loop):
    """The same with the states below the last layer read instead of computed; the last layer for all tokens."""

    def __init__(self, epoch: Epoch):
        super().__init__(epoch)
        self.states = epoch.hidden.split(epoch.tokens.lengths.tolist())
        self.base = self.model.get_base_model()
        self.layer = self.base.distilbert.transformer.layer[-1]

    def loss(self, rows: Tensor) -> Tensor:
        texts = [self.states[row] for row in rows.tolist()]
        lengths = self.epoch.tokens.lengths[rows]
        real = torch.arange(int(lengths.max())) < lengths[:, None]
        states = self.layer(pad_sequence(texts, batch_first=True), attention_mask=real[:, None, None, :])
        pooled = self.base.pre_classifier(states[:, 0]).relu()
        return cross_entropy(self.base.classifier(pooled), self.labels[rows])
