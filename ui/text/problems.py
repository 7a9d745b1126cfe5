"""Sentences of the core about problems, in the viewer's language.

The core speaks English. `catalogue/problems.ja.toml` pairs its sentences, as they stand in its source, with Japanese
ones; what is in no pair is shown as it is.
"""

import string
import tomllib
from functools import cache, lru_cache
from typing import NamedTuple

from ui.text.i18n import FOLDER, plain
from ui.text.viewer import viewing

LONGEST = 2000  # characters; a longer text is somebody else's
# Placeholders that hold a sentence of the core again, or a part of one.
NESTED = {"reason", "allowed", "kind"}
DEEPEST = 3  # a line of a record: its settings: what is allowed


class Template(NamedTuple):
    """fixed: the text around the placeholders, one more piece than there are `names`. other: in the other language."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]
    other: str

    def values(self, text: str) -> dict[str, str] | None:
        """What stands in the placeholders, each as short as can be; None if the text is another sentence.

        Every piece is looked for from the left once: no text takes long, whoever wrote it.
        """
        first, last = self.fixed[0], self.fixed[-1]
        if not self.names:
            return {} if text == first else None
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last) and len(first) <= end):
            return None
        found, begin = [], len(first)
        for piece in self.fixed[1:-1]:
            if (place := text.find(piece, begin, end)) < 0:
                return None
            found.append(text[begin:place])
            begin = place + len(piece)
        return dict(zip(self.names, [*found, text[begin:end]], strict=True))


def said(problem: object) -> str:
    """The sentence of an error, or a message of the core, for Streamlit's Markdown."""
    return plain(translated(str(problem), viewing().language))


@lru_cache(maxsize=512)
def translated(text: str, language: str, depth: int = 0) -> str:
    """As it is where no template fits. depth: above 0 within another sentence, which has a full stop of its own."""
    whole = text.removesuffix(".")
    for one in () if len(text) > LONGEST else templates(language, nested=depth > 0):
        if (values := one.values(whole)) is not None:
            if depth < DEEPEST:
                values |= {name: translated(values[name], language, depth + 1) for name in NESTED & values.keys()}
            sentence = one.other.format(**values)
            return sentence.removesuffix("。") if depth else sentence
    return whole if depth else text


@cache
def templates(language: str, nested: bool = False) -> tuple[Template, ...]:
    """Those with more text of their own first; none for English. nested: with the parts of sentences."""
    file = FOLDER / f"problems.{language}.toml"
    if not file.is_file():
        return ()
    pairs = tomllib.loads(file.read_text(encoding="utf-8"))
    found = [template(*pair) for kind in ("sentences", *["parts"] * nested) for pair in pairs[kind]]
    return tuple(sorted(found, key=lambda one: -sum(map(len, one.fixed))))


def template(english: str, other: str) -> Template:
    parts = list(string.Formatter().parse(english.removesuffix(".")))
    names = tuple(name for _, name, _, _ in parts if name is not None)
    fixed = tuple(text for text, _, _, _ in parts)
    return Template(fixed if len(fixed) > len(names) else (*fixed, ""), names, other)
