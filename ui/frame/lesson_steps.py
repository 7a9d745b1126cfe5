"""The steps of the tour, the lesson plans and the questions of the quiz, as they stand in `lesson.toml`."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("lesson.toml")


@cache
def data() -> dict[str, list[dict]]:
    """Tables `tour`, `plans` and `quiz`."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
