"""A real federation on this machine: a SuperLink and SuperNodes as processes, or Flower's simulation on Ray."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 240  # seconds
ROUND = re.compile(
    r"FDA round (\d+): (\d+) local epochs \(([\w-]+)\), variance ([\d.e+-]+), next threshold ([\d.e+-]+)"
)
QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1", "OMP_NUM_THREADS": "1", "NO_COLOR": "1",
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Federation:
    """Everything of it ends with the context; its files are in `folder`. nodes: 0 for a simulation.

    server, client: words besides for SuperLink and SuperNodes, of a federation that is not `--insecure`.
    """

    def __init__(self, folder: Path, nodes: int = 0, server: tuple = (), client: tuple = (), words: str = ""):
        self.folder, self.count, self.port = folder, nodes, free_port()
        self.server, self.client, self.words = server or ("--insecure",), client or ("--insecure",), words
        self.home = folder / "flwr"
        self.home.mkdir(parents=True)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # Flower starts others of its own
        self.environment = os.environ | QUIET | {"PATH": programs} | {"FLWR_HOME": str(self.home), "RAY_TMPDIR": "/tmp"}
        self.processes: dict[str, subprocess.Popen] = {}
        connection = self.words or "insecure=true"
        (self.home / "config.toml").write_text(
            f'[superlink]\ndefault="here"\n[superlink.here]\naddress="127.0.0.1:{self.port}"\n{connection}\n'
        )

    def __enter__(self) -> "Federation":
        words = ["--simulation"] if not self.count else []
        self.begin(
            "superlink", "flower-superlink", *self.server, "--host", "127.0.0.1", "--port", str(self.port), *words
        )
        self.until(self.listens, "the SuperLink")
        for node in range(self.count):
            self.add_node(node)
        return self

    def __exit__(self, *_) -> None:
        for process in reversed(self.processes.values()):
            end(process)

    def add_node(self, node: int) -> None:
        self.begin(
            f"node{node}", "flower-supernode", *self.client, "--superlink", f"127.0.0.1:{self.port}", "--host",
            "127.0.0.1", "--port", str(free_port()), "--node-config",
            f"partition-id={node} num-partitions={self.count}",
        )  # fmt: skip

    def begin(self, name: str, program: str, *words: str) -> None:
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [Path(sys.executable).parent / program, *words], env=self.environment, cwd=self.folder,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def listens(self) -> bool:
        assert self.processes["superlink"].poll() is None, self.tails()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, name: str) -> None:
        """At once, with all that it started."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def flwr(self, *words: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).parent / "flwr", *words], env=self.environment, cwd=self.folder, text=True,
            capture_output=True, timeout=120,
        )  # fmt: skip
        return done.stdout + done.stderr

    def start(self, app: Path, config: str, nodes: int) -> None:
        """Submits a run and follows its log."""
        words = ["--run-config", config]
        if not self.count:
            words += ["--federation-config", f"num-supernodes={nodes} client-resources-num-cpus=1 init-args-num-cpus=2"]
        self.begin("run", "flwr", "run", str(app), "here", "--stream", *words)

    def status(self) -> str:
        """Of the newest run, as Flower says it: an exit code says nothing."""
        try:
            return json.loads(self.flwr("list", "here", "--format", "json"))["runs"][0]["status"]
        except (ValueError, LookupError):
            return "unknown"

    def finished(self) -> str:
        """The run's log, once it is over. A run that Flower does not take never begins."""
        self.until(lambda: self.refused() or self.status().startswith("finished"), "the end of the run", every=3)
        assert not self.refused(), self.log("run")
        self.until(lambda: self.processes["run"].poll() is not None, "the end of its log")
        return self.log("run")

    def refused(self) -> bool:
        """Whether the run could not be submitted."""
        return "─ Error ─" in self.log("run")

    def rounds(self) -> list[tuple]:
        """(epochs, reason, variance, Θ) as the server says them."""
        found = re.sub(r"\x1b\[[\d;]*m", "", self.log("run"))
        return [(int(e), why, float(v), float(theta)) for _, e, why, v, theta in ROUND.findall(found)]

    def until(self, happened, what: str, every: float = 0.2) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s\n{self.tails()}"
            time.sleep(every)

    def tails(self) -> str:
        return "\n".join(f"== {name}\n{self.log(name)[-3000:]}" for name in self.processes)


def end(process: subprocess.Popen) -> None:
    """The process and its group."""
    for sign, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 8)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    try:  # the group may outlive its first process
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
