"""What people call a run: `meta.json` in its folder, so that whatever lists runs can be made again from the folders."""

import unicodedata
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fda_core.support.characters import visible
from fda_core.support.errors import StoreError
from fda_core.support.files import replace_whole
from fda_core.support.messages import Message, because

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
    """A run's name and tags, cleaned. Raises `StoreError` for what is too long, too many, or cannot be seen."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    tags: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if (name := clean(name)) and not visible(name):
            raise StoreError("runs.blank_name")
        if len(name) > LONGEST_NAME:
            raise StoreError("runs.long_name", count=len(name), most=LONGEST_NAME)
        return name

    @field_validator("tags")
    @classmethod
    def _few(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        known: dict[str, str] = {}
        for tag in filter(None, map(clean, tags)):
            if not visible(tag):
                raise StoreError("runs.blank_tag")
            known.setdefault(tag.casefold(), tag)
        tags = tuple(known.values())
        if long := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
            raise StoreError("runs.long_tag", tag=long[:LONGEST_TAG], count=len(long), most=LONGEST_TAG)
        if len(tags) > MOST_TAGS:
            raise StoreError("runs.many_tags", count=len(tags), most=MOST_TAGS)
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
        problem = Message("runs.meta_not_kept", run=folder.name, reason=because(error))
        raise StoreError("runs.see_that_it_is_there", reason=problem) from None
