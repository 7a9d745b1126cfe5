"""What tests of the frozen layers share; two processes run it too: a module of its own, imported in a moment."""

from types import SimpleNamespace

import torch
from torch import nn

from fda_core.models.frozen_prefix import hidden_states, outputs
from fda_core.models.tokens import Tokens
from fda_core.support.errors import Cancelled

TEXTS = Tokens(torch.arange(1, 21), torch.tensor([0, 3, 10, 11, 20]), torch.tensor([0, 1, 0, 1]))
ROUNDS = 5


class Calls:
    """Raises at the one after those that are allowed."""

    def __init__(self, allowed: int):
        self.left = allowed

    def __call__(self, *counts: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


class TinyLayer(nn.Linear):
    """Stands in for a layer of an encoder."""

    def forward(self, states, mask):
        return super().forward(states).tanh()


class TinyEncoder(nn.Module):
    """The least that looks like an encoder, the same in every process; transformers need not be imported for it."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.config = SimpleNamespace(model_type="bert", hidden_size=8)
        self.embeddings = nn.Embedding(50, 8)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList([TinyLayer(8, 8)])


def tiny_states(folder, progress) -> torch.Tensor:
    """States [20, 8] of four texts."""
    return hidden_states(TinyEncoder(), 1, TEXTS, "tiny", folder, progress)


def compute_at_once(folder, both, results) -> None:
    """Neither of the two writes before both have computed; again and again, the file being deleted in between."""
    for number in range(ROUNDS):
        found = outputs(TinyEncoder(), 1, TEXTS, "tiny", folder)
        found.need(torch.arange(3))
        both.wait(60)
        found.need(torch.arange(4))
        hidden = found.hidden
        both.wait(60)
        left = sorted(path.name for path in folder.iterdir())
        results.put((hidden.tolist(), left))
        both.wait(60)
        if number < ROUNDS - 1:
            (folder / left[0]).unlink(missing_ok=True)
        both.wait(60)
