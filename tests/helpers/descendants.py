"""What a process has started, for tests that say that none of it is left."""

from contextlib import suppress

import psutil


class Descendants:
    """The process and all that it was ever seen to have started, known by number and start.

    Whoever hangs elsewhere by now is still known. A mark in the environment would miss Ray's workers: theirs is gone.
    """

    def __init__(self, number: int):
        self.seen = {psutil.Process(number)}

    def look(self) -> None:
        """To be called again and again while they run."""
        for process in self.alive():
            with suppress(psutil.NoSuchProcess):
                self.seen.update(process.children(recursive=True))

    def alive(self) -> list[psutil.Process]:
        """Those that have not ended; one that has, and that nobody has asked for its exit status, has."""
        return [process for process in self.seen if goes_on(process)]

    def listening(self) -> set[str]:
        """Addresses at which one of them can be reached."""
        found = set()
        for process in self.alive():
            with suppress(psutil.Error):
                found |= {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
        return found

    def commands(self) -> list[str]:
        """Of those that go on."""
        found = []
        for process in self.alive():
            with suppress(psutil.Error):
                found.append(" ".join(process.cmdline()))
        return found


def goes_on(process: psutil.Process) -> bool:
    """Whether it is this one still, and no zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
