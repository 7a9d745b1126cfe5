"""Work in a thread of its own, for calls into libraries that cannot be interrupted themselves."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY = 0.1  # seconds


def wait_for(work: Callable[[], T], look: Callable[[], None]) -> T:
    """The work's result. Raises what the work raises, and what `look` raises, which is called all the while.

    In the latter case nobody waits for the thread any more: it is left to its own time-outs.
    """
    result: list[T] = []
    problem: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # told to whoever waits
            problem.append(error)

    thread = threading.Thread(target=run, name="fda-opt-waited-for", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY)
        look()
    if problem:
        raise problem[0]
    return result[0]
