"""Outputs of the frozen part of the encoder, kept on disk once all texts are computed.

Layers below the first trainable one never change, so their output for a text is always the same. The file's name is
a digest of everything it depends on: weights, architecture, layers, tokens. The folder is bounded: files that were
not used for longest make room. Several processes may share it; a file appears whole, by renaming, or not at all. Until
then this process remembers what it has computed, so that a run that was stopped early has not computed in vain.
"""

import hashlib
import math
import os
import shutil
import tempfile
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from fda_core.models import devices
from fda_core.models.frozen_outputs import FrozenOutputs, device_of
from fda_core.models.tokens import Tokens
from fda_core.support.callbacks import Progress
from fda_core.support.errors import ConfigError

if TYPE_CHECKING:  # seconds to import, for nothing but this name
    from transformers import PreTrainedModel

LIMIT = "FDA_OPT_LAB_CACHE_MB"
DEFAULT_MB = 2000
DAY = 24 * 3600

# By the file they are going to be; the training and the test set of one experiment, the latest.
_begun: OrderedDict[Path, FrozenOutputs] = OrderedDict()
_lock = Lock()
MOST_BEGUN = 2


def hidden_states(
    encoder: "PreTrainedModel", layers: int, tokens: Tokens, weights: str, cache: Path | None, progress: Progress
) -> torch.Tensor:
    """Output [ΣT, width] float32 of the first `layers` layers, in the order of `tokens.ids`, in main memory.

    weights: digest of the encoder's weights. cache: None to keep nothing. `progress(done, total)` is called
    while computing and may raise. Raises `ConfigError` when the limit of the folder is not a size.
    """
    found = outputs(encoder, layers, tokens, weights, cache)
    found.need_all(torch.arange(len(tokens)), progress)
    return found.hidden


def outputs(encoder: "PreTrainedModel", layers: int, tokens: Tokens, weights: str, cache: Path | None) -> FrozenOutputs:
    """The same, nothing of which is computed yet unless all of it was kept; it is kept once it is whole."""
    if cache is None:
        return FrozenOutputs(encoder, layers, tokens)
    limit = limit_bytes()  # before minutes of computing, not after
    path = cache / f"prefix-{_digest(encoder, tokens, weights, layers)}.safetensors"
    with _lock:
        if path in _begun:
            return _begun[path]
    try:
        hidden = load_file(path)["hidden"].clone()  # out of the memory map: page faults would fall into training
    except (OSError, SafetensorError):
        hidden = None  # not there, or damaged: it is computed (again)
    else:
        with suppress(OSError):  # the date of the last use; the folder may be read-only, or the file gone by now
            os.utime(path)

    def keep(hidden: torch.Tensor) -> None:
        with suppress(OSError, SafetensorError):  # a cache that cannot be written costs time, not the run
            _keep(hidden, path)
            _make_room(path, limit)
        with _lock:
            _begun.pop(path, None)

    found = FrozenOutputs(encoder, layers, tokens, hidden, keep)
    if hidden is None:
        with _lock:
            _begun[path] = found
            while len(_begun) > MOST_BEGUN:
                _begun.popitem(last=False)
    return found


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
    digest = hashlib.sha256(f"4 {weights} {encoder.config.model_type} {layers}{where}".encode())
    digest.update(tokens.ids.numpy().tobytes())
    digest.update(tokens.starts.numpy().tobytes())
    if tokens.types is not None:
        digest.update(tokens.types.numpy().tobytes())
    return digest.hexdigest()[:32]
