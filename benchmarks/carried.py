"""Model and reviews in one small folder, for a machine without a package index.

The weights are carried in half precision: half the bytes, other numbers from the fourth digit on. A run on them is to
be compared with runs on them only.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from fda_core.support import assets

HALF, TOKENIZER, REVIEWS = "half.safetensors", "tokenizer.json", "reviews.csv.bz2"


def pack(folder: Path) -> int:
    """Fills the folder; its bytes. Raises `MissingAssets`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = load_file(assets.locate(assets.WEIGHTS))
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
    save_file(half, folder / HALF)
    shutil.copyfile(assets.locate(assets.TOKENIZER), folder / TOKENIZER)
    shutil.copyfile(assets.locate(assets.REVIEWS), folder / REVIEWS)
    return sum(file.stat().st_size for file in folder.iterdir())


def unpack(folder: Path) -> None:
    """Has this process take model and reviews from the folder instead of from packages."""
    file = Path(tempfile.mkdtemp(prefix="fda-opt-lab-carried-")) / "model.safetensors"
    half = load_file(folder / HALF)
    save_file({name: t.float() if t.dtype == torch.float16 else t for name, t in half.items()}, file)
    places = {assets.WEIGHTS: file, assets.TOKENIZER: folder / TOKENIZER, assets.REVIEWS: folder / REVIEWS}
    assets.SHA256[assets.WEIGHTS] = hashlib.sha256(file.read_bytes()).hexdigest()  # other weights, another name
    assets.locate = places.__getitem__  # type: ignore[assignment]
