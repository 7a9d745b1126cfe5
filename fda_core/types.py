"""Callbacks passed down to long work, kept apart so that a page can name them without loading torch."""

from collections.abc import Callable

# Called with texts done and in total; may raise Cancelled.
Progress = Callable[[int, int], None]
# Called before every local step; may wait (a pause) or raise Cancelled (a stop).
Tick = Callable[[], None]
