"""The frozen part of the encoder, computed once per text and kept on disk.

Layers below the first trainable one never change, so their output for a text is always the same. The file's name is
a digest of everything it depends on: weights, architecture, layers, tokens. The folder is bounded: files that were
not used for longest make room. Several processes may share it; a file appears whole, by renaming, or not at all.
"""

import hashlib
import math
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from fda_core.models import architectures, devices
from fda_core.models.tokens import Tokens
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from transformers import PreTrainedModel

BATCH = 32

LIMIT = "FDA_OPT_LAB_CACHE_MB"
DEFAULT_MB = 2000
DAY = 24 * 3600


def hidden_states(
    encoder: "PreTrainedModel", layers: int, tokens: Tokens, weights: str, cache: Path | None, progress: Progress
) -> torch.Tensor:
    """Output [ΣT, width] float32 of the first `layers` layers, in the order of `tokens.ids`, in main memory.

    weights: digest of the encoder's weights. cache: None to keep nothing. `progress(done, total)` is called
    while computing and may raise. Raises `ConfigError` when the limit of the folder is not a size.
    """
    if cache is None:
        return compute(encoder, layers, tokens, progress)
    limit = limit_bytes()  # before minutes of computing, not after
    path = cache / f"prefix-{_digest(encoder, tokens, weights, layers)}.safetensors"
    try:
        hidden = load_file(path)["hidden"].clone()  # out of the memory map: page faults would fall into training
    except (OSError, SafetensorError):
        pass  # not there, or damaged: it is computed (again)
    else:
        with suppress(OSError):  # the date of the last use; the folder may be read-only, or the file gone by now
            os.utime(path)
        return hidden
    hidden = compute(encoder, layers, tokens, progress)
    with suppress(OSError, SafetensorError):  # a cache that cannot be written costs time, not the run
        _keep(hidden, path)
        _make_room(path, limit)
    return hidden


def limit_bytes() -> int:
    """How large all kept files together may be: FDA_OPT_LAB_CACHE_MB, in units of 10⁶ bytes. Raises `ConfigError`."""
    text = os.environ.get(LIMIT) or str(DEFAULT_MB)
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = math.nan
    if not 0 < megabytes < math.inf:
        raise ConfigError("models.cache_limit", name=LIMIT, text=text, default=DEFAULT_MB)
    return int(megabytes * 1e6)


def _keep(hidden: torch.Tensor, path: Path) -> None:
    cache = path.parent
    cache.mkdir(parents=True, exist_ok=True)
    # Another process may be writing the same file: each writes its own and the rename decides, both being equal.
    # A folder for each draft, because safetensors makes a temporary file of its own beside the one it writes.
    with tempfile.TemporaryDirectory(dir=cache, prefix="prefix-", suffix=".part") as folder:
        draft = Path(folder) / "draft"
        save_file({"hidden": hidden}, draft)
        os.replace(draft, path)


def _make_room(kept: Path, limit: int) -> None:
    """Deletes the files that were not used for longest, but never `kept`, and drafts that nobody is writing."""
    uses = []
    for path in kept.parent.glob("prefix-*.safetensors"):
        with suppress(OSError):  # another process may have deleted it since it was listed
            found = path.stat()
            uses.append((found.st_mtime_ns, found.st_size, path))
    total = sum(size for _, size, _ in uses)
    for _, size, path in sorted(uses):
        if total <= limit:
            break
        if path != kept:
            with suppress(OSError):  # Windows keeps files that are open
                path.unlink(missing_ok=True)
                total -= size
    for draft in kept.parent.glob("prefix-*.part"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > DAY:  # whoever wrote it was killed
                shutil.rmtree(draft, ignore_errors=True)


def _digest(encoder: "PreTrainedModel", tokens: Tokens, weights: str, layers: int) -> str:
    # A GPU's last digits are others: what it computed is never handed to a run on the CPU.
    device = device_of(encoder).type
    where = "" if device == devices.CPU else f" {device}"
    digest = hashlib.sha256(f"2 {weights} {encoder.config.model_type} {layers}{where}".encode())
    digest.update(tokens.ids.numpy().tobytes())
    digest.update(tokens.starts.numpy().tobytes())
    if tokens.types is not None:
        digest.update(tokens.types.numpy().tobytes())
    return digest.hexdigest()[:32]


def device_of(encoder: nn.Module) -> torch.device:
    """Where its weights are."""
    return next(encoder.parameters()).device


@torch.no_grad()
def compute(encoder: "PreTrainedModel", layers: int, tokens: Tokens, progress: Progress) -> torch.Tensor:
    """The same as `hidden_states`, computed and not kept."""
    stack = encoder.get_submodule(architectures.of(encoder.config).layers)
    assert isinstance(stack, nn.ModuleList), "the layers are a list in every known architecture"
    embeddings, device = encoder.get_submodule("embeddings"), device_of(encoder)
    # Texts of like length share a batch: hardly any padding is computed.
    order = torch.argsort(tokens.starts.diff(), stable=True)
    hidden = torch.empty(len(tokens.ids), encoder.config.hidden_size)
    for start in range(0, len(order), BATCH):
        progress(start, len(order))
        rows = order[start : start + BATCH]
        places, mask = tokens.places(rows)
        extra = {name: tensor.to(device) for name, tensor in tokens.extra(rows).items()}
        states = embeddings((tokens.ids[places] * mask).to(device), **extra)
        seen = mask.to(device)
        for layer in stack[:layers]:
            states = layer(states, seen[:, None, None, :])
        hidden[places[mask]] = states[seen].cpu()
    progress(len(order), len(order))
    return hidden
