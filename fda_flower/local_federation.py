"""A federation on this machine, for trying and for testing: Flower's simulation, or its programs as real processes.

Nothing listens beyond loopback, and telemetry is off.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE = 240.0  # seconds for each stage
QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1", "OMP_NUM_THREADS": "1", "NO_COLOR": "1",
}  # fmt: skip
GOING_ON = ("pending", "starting", "running")


class FederationError(RuntimeError):
    """What did not come about, with the end of the log that says why."""


class Federation:
    """Everything of it ends with the context; its files are in `folder`. nodes: SuperNodes, 0 for a simulation.

    server, client, connection: words for SuperLink, SuperNodes and `flwr` in place of those for a connection without
    encryption. Raises `FederationError`.
    """

    def __init__(
        self, folder: Path, nodes: int = 0, server: tuple[str, ...] = ("--insecure",),
        client: tuple[str, ...] = ("--insecure",), connection: str = "insecure=true",
    ):  # fmt: skip
        self.folder, self.count, self.port = folder, nodes, free_port()
        self.server, self.client = server, client
        self.home = folder / "flwr"
        self.home.mkdir(parents=True)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # Flower starts others of its own
        # Ray's sockets lie below; their paths may have 107 characters.
        ray = str(folder) if len(str(folder)) < 30 else "/tmp"
        self.environment = os.environ | QUIET | {"PATH": programs, "FLWR_HOME": str(self.home), "RAY_TMPDIR": ray}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (self.home / "config.toml").write_text(
            f'[superlink]\ndefault="here"\n[superlink.here]\naddress="127.0.0.1:{self.port}"\n{connection}\n'
        )

    def __enter__(self) -> "Federation":
        try:
            self.start_server()
            for node in range(self.count):
                self.add_node(node)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all its processes."""
        for process in reversed(self.processes.values()):
            end(process)

    def start_server(self) -> None:
        """The SuperLink, ready to be spoken to."""
        words = () if self.count else ("--simulation",)
        self.begin(
            "superlink", "flower-superlink", *self.server, "--host", "127.0.0.1", "--port", str(self.port), *words
        )
        self.until(self.listens, "the SuperLink")

    def add_node(self, node: int, *words: str) -> None:
        """One more SuperNode. words: for it alone."""
        self.begin(
            f"node{node}", "flower-supernode", *self.client, *words, "--superlink", f"127.0.0.1:{self.port}", "--host",
            "127.0.0.1", "--port", str(free_port()), "--node-config",
            f"partition-id={node} num-partitions={self.count}",
        )  # fmt: skip

    def begin(self, name: str, program: str, *words: str) -> None:
        """Starts a program of Flower's, with a log of its own."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [Path(sys.executable).parent / program, *words], env=self.environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def listens(self) -> bool:
        """Whether the SuperLink can be reached."""
        if self.processes["superlink"].poll() is not None:
            raise FederationError(f"the SuperLink ended at once\n{self.tails()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, name: str) -> None:
        """At once, with all that it started."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)

    def log(self, name: str) -> str:
        """What a program has said."""
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def flwr(self, *words: str) -> str:
        """What the command `flwr` prints."""
        done = subprocess.run(
            [Path(sys.executable).parent / "flwr", *words], env=self.environment, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        )  # fmt: skip
        return done.stdout + done.stderr

    def start(self, app: Path, config: str, nodes: int) -> None:
        """Submits a run and follows its log. nodes: of a simulation."""
        words = ["--run-config", config] if config else []
        if not self.count:
            words += ["--federation-config", f"num-supernodes={nodes} client-resources-num-cpus=1 init-args-num-cpus=2"]
        self.begin("run", "flwr", "run", str(app), "here", "--stream", *words)

    def newest(self) -> dict[str, Any]:
        """The newest run as Flower lists it; empty where it has none."""
        with suppress(ValueError, LookupError):
            found: dict[str, Any] = json.loads(self.flwr("list", "here", "--format", "json"))["runs"][0]
            return found
        return {}

    def status(self) -> str:
        """Of the newest run, as Flower says it: an exit code says nothing."""
        return str(self.newest().get("status", "unknown"))

    def stop(self) -> None:
        """Stops the newest run, if it is going on."""
        run = self.newest()
        if str(run.get("status")).split(":")[0] in GOING_ON:
            self.flwr("stop", str(run["run-id"]), "here")

    def refused(self) -> bool:
        """Whether the run could not be submitted."""
        return "─ Error ─" in self.log("run")

    def followed(self) -> bool:
        """Whether the run's log has come to its end."""
        return self.processes["run"].poll() is not None

    def until(
        self, happened: Callable[[], bool], what: str, every: float = 0.2, patience: float = PATIENCE
    ) -> None:  # fmt: skip
        """Waits. Raises `FederationError` when that takes too long."""
        deadline = time.monotonic() + patience
        while not happened():
            if time.monotonic() > deadline:
                raise FederationError(f"{what}: not within {patience:.0f} s\n{self.tails()}")
            time.sleep(every)

    def tails(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"== {name}\n{self.log(name)[-3000:]}" for name in self.processes)


def free_port() -> int:
    """One that is free on loopback now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def end(process: subprocess.Popen[bytes]) -> None:
    """The process and its group, which may outlive it."""
    for sign, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 8)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
