"""The real server, `streamlit run app.py`, on a free port, for tests that talk to it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parents[2]


class Server:
    """`streamlit run app.py` on folders of its own; the log is kept beside them.

    environment: variables besides. root: where the app is.
    """

    def __init__(self, folder: Path, environment: dict[str, str] | None = None, root: Path = ROOT):
        self.folder, self.runs, self.root = folder, folder / "runs", root
        self.environment = environment or {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def start(self, every: float = 0.1) -> "Server":
        """Returns once it answers; it is asked so often, in seconds."""
        # What the frozen layers compute is the same for every server: one cache, where the tests were given one.
        cache = os.environ.get("FDA_OPT_LAB_CACHE") or str(self.folder / "cache")
        folders = {"FDA_OPT_LAB_RUNS": str(self.runs), "FDA_OPT_LAB_CACHE": cache}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        with open(self.folder / "server.log", "a") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)], cwd=self.root, env=os.environ | folders | self.environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 90
        while not self._answers():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(every)
        return self

    def kill(self) -> None:
        """At once, as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            self.process.wait(30)

    def _answers(self) -> bool:
        try:
            return urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).status == 200
        except (URLError, OSError):
            return False
