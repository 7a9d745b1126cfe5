"""The frozen part of the encoder, computed once per text and kept on disk.

Layers below the first trainable one never change, so their output for a text is always the same. The file's name is
a digest of everything it depends on: weights, layers, tokens.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from fda_core.models.tokens import Tokens
from fda_core.types import Progress

BATCH = 32


def hidden_states(encoder: nn.Module, layers: int, tokens: Tokens, weights: str, cache: Path, progress: Progress):
    """Output [ΣT, width] float32 of the first `layers` layers, in the order of `tokens.ids`.

    weights: digest of the encoder's weights. `progress(done, total)` is called while computing and may raise.
    """
    path = cache / f"prefix-{_digest(tokens, weights, layers)}.safetensors"
    try:
        return load_file(path)["hidden"].clone()  # out of the memory map: its page faults would fall into training
    except (OSError, SafetensorError):
        pass  # not there, or damaged: it is computed (again)
    hidden = _compute(encoder, layers, tokens, progress)
    with suppress(OSError):  # a cache that cannot be written costs time, not the run
        _keep(hidden, path)
    return hidden


def _keep(hidden: torch.Tensor, path: Path) -> None:
    cache = path.parent
    cache.mkdir(parents=True, exist_ok=True)
    # Another process may be writing the same file: each writes its own and the rename decides, both being equal.
    handle, draft = tempfile.mkstemp(dir=cache, suffix=".part")
    os.close(handle)
    try:
        save_file({"hidden": hidden}, draft)
        os.replace(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _digest(tokens: Tokens, weights: str, layers: int) -> str:
    digest = hashlib.sha256(f"1 {weights} {layers}".encode())
    digest.update(tokens.ids.numpy().tobytes())
    digest.update(tokens.starts.numpy().tobytes())
    return digest.hexdigest()[:32]


@torch.no_grad()
def _compute(encoder: nn.Module, layers: int, tokens: Tokens, progress: Progress) -> torch.Tensor:
    # Texts of like length share a batch: hardly any padding is computed.
    order = torch.argsort(tokens.starts.diff(), stable=True)
    hidden = torch.empty(len(tokens.ids), encoder.config.dim)
    for start in range(0, len(order), BATCH):
        progress(start, len(order))
        rows = order[start : start + BATCH]
        places, mask = tokens.places(rows)
        states = encoder.embeddings(tokens.ids[places] * mask)
        for layer in encoder.transformer.layer[:layers]:
            states = layer(states, mask[:, None, None, :])
        hidden[places[mask]] = states[mask]
    progress(len(order), len(order))
    return hidden
