"""What a model may be called in a configuration: embedded, on the hub, or a folder; never a path.

A folder has one plain name, and where it is looked up is no setting: an address, an imported record or a preset can
name nothing that the owner of the machine has not put there.
"""

import os
import re
from pathlib import Path

from fda_core.support.errors import ConfigError

FOLDER = "folder:"
MODELS_FOLDER = "FDA_OPT_LAB_MODELS"
# The hub's own rule for names, huggingface_hub.utils.validate_repo_id; at most one owner.
HUB = re.compile(r"(?!.*(\.\.|--))(\w[\w.-]{0,95}/)?\w[\w.-]{0,95}(?<![.-])", re.ASCII)
PLAIN = re.compile(r"\w([\w .+@()=-]{0,98}[\w)])?")


def is_folder(model: str) -> bool:
    """Whether a configuration's model is a folder's name, and not an id on the hub."""
    return model.startswith(FOLDER)


def allowed(model: object) -> bool:
    """Whether this can be a model's name; whether there is such a model is another question."""
    if not isinstance(model, str):
        return False
    return bool(PLAIN.fullmatch(model.removeprefix(FOLDER)) if is_folder(model) else HUB.fullmatch(model))


def models_folder() -> Path | None:
    """The folder whose folders may be named from a page: FDA_OPT_LAB_MODELS."""
    place = os.environ.get(MODELS_FOLDER)
    return Path(place) if place else None


def offered() -> list[str]:
    """The models in the folder of models, as a configuration calls them."""
    place = models_folder()
    try:
        found = sorted(path.name for path in place.iterdir() if (path / "config.json").is_file()) if place else []
    except OSError:
        return []
    return [FOLDER + name for name in found if PLAIN.fullmatch(name)]


def from_word(word: str) -> tuple[str, Path | None]:
    """A model as the command line names it: for the configuration, and where its folder is looked up.

    Whoever types at this machine is trusted with its paths. Raises `ConfigError`.
    """
    path = Path(word).expanduser()
    if is_folder(word) or not (path.is_dir() or looks_like_a_path(word)):
        return word, None
    if not path.is_dir():
        raise ConfigError("settings.no_model_folder", word=word)
    whole = path.resolve()
    if not PLAIN.fullmatch(whole.name):
        raise ConfigError("settings.folder_name", name=whole.name)
    return FOLDER + whole.name, whole.parent


def looks_like_a_path(word: str) -> bool:
    """Whether whoever typed it meant a place on this machine; ids on the hub have one slash at most."""
    return word.startswith((".", "~")) or os.sep in word[:1] or word.count("/") > 1 or "\\" in word
