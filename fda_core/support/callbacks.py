"""Callbacks passed down to long work, kept apart so that a page can name them without loading torch."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = "texts"


class Progress(Protocol):
    """Called with what is done and in total: texts, or the bytes of a stage of another name; may raise Cancelled."""

    def __call__(self, done: int, total: int, stage: str = TEXTS, /) -> None: ...


# Called before every local step; may wait (a pause) or raise Cancelled (a stop).
Tick = Callable[[], None]


class Ready(Protocol):
    """Returns once all that training needs of these rows [n] of the training set is there; calls the tick meanwhile."""

    def __call__(self, rows: "Tensor", tick: Tick, /) -> None: ...


def at_once(rows: "Tensor", tick: Tick, /) -> None:
    """A `Ready` where all rows are."""
