"""Freed memory goes back to the system where the allocator would keep it."""

import psutil


def give_back() -> None:
    """After a run: glibc keeps its holes, and the next run, whose vectors do not fit them, lies beside them."""
    if hasattr(psutil, "heap_trim"):  # not on every system
        psutil.heap_trim()
