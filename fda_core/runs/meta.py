"""What people call a run: `meta.json` in its folder, so that whatever lists runs can be made again from the folders."""

import unicodedata
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fda_core.support.errors import StoreError
from fda_core.support.files import replace_whole

META = "meta.json"
LONGEST_NAME, LONGEST_TAG, MOST_TAGS = 80, 30, 10
# Characters that turn the direction of the text around them: a name must not rewrite the page it stands on.
TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """One line without control characters, its white space collapsed."""
    text = " ".join(text.split())
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs") and char not in TURNING)
    return " ".join(text.split())


class Meta(BaseModel):
    """A run's name and tags, cleaned. Raises `StoreError` for what is too long or too many."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    tags: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name := clean(name)) > LONGEST_NAME:
            raise StoreError(f"The name has {len(name):,} characters: shorten it to at most {LONGEST_NAME}.")
        return name

    @field_validator("tags")
    @classmethod
    def _few(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        known: dict[str, str] = {}
        for tag in filter(None, map(clean, tags)):
            known.setdefault(tag.casefold(), tag)
        tags = tuple(known.values())
        if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise StoreError(
                f"The tag {long[:LONGEST_TAG]}… has {len(long):,} characters: shorten it to at most {LONGEST_TAG}."
            )
        if len(tags) > MOST_TAGS:
            raise StoreError(f"These are {len(tags)} tags and a run takes at most {MOST_TAGS}: leave some out.")
        return tags


def read_meta(folder: Path) -> Meta:
    """The name and tags of a run; empty where there are none or the file is damaged."""
    try:
        return Meta.model_validate_json((folder / META).read_bytes())
    except (OSError, ValidationError, StoreError):
        return Meta()


def write_meta(folder: Path, meta: Meta) -> None:
    """Replaces the run's name and tags. Raises `StoreError`."""
    try:
        replace_whole(folder / META, f"{meta.model_dump_json(indent=2)}\n".encode())
    except OSError as error:
        problem = f"The name and tags of {folder.name} cannot be kept ({error.strerror})"
        raise StoreError(f"{problem}: see that the run is still there and can be written.") from None
