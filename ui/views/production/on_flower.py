"""A federation on Flower on this machine: what the runner plays in place of the engine.

Flower lives in an environment of its own (`requirements-flower.txt`); this process never imports it, but starts
`fda_flower.here` there and reads the record that the app `examples/flower-race` writes.
"""

import json
import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, RunFinished, parse
from fda_core.federation.resumption import Resumption
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Progress, Tick
from fda_core.support.errors import ConfigError, Preempted

ROOT = Path(__file__).parents[3]
APP = ROOT / "examples" / "flower-race"
PLACE = "FDA_OPT_LAB_FLOWER"  # where the environment is, if not in .venv-flower of the checkout
STAGES = ("superlink", "nodes", "run")
LOOK = 0.2  # seconds
PATIENCE = 300.0  # seconds for a federation to end; killed before that, it would leave processes behind

log = logging.getLogger(__name__)


def python() -> Path | None:
    """Of Flower's environment; None where that, or the app to run there, is not installed."""
    programs = Path(os.environ.get(PLACE) or ROOT / ".venv-flower") / "bin"
    return programs / "python" if (programs / "flower-superlink").is_file() and APP.is_dir() else None


@dataclass(frozen=True)
class OnFlower:
    """A `Producer`. processes: SuperLink and SuperNodes as real processes, one a client; otherwise the simulation.
    plain: clients train with Hugging Face and PEFT as they come, which takes longer and says the same."""

    processes: bool
    plain: bool = False

    def __call__(
        self, config: ExperimentConfig, progress: Progress, tick: Tick, keep: Keep, resumption: Resumption | None,
        home: Path | None = None,
    ) -> Iterator[Event]:  # fmt: skip
        """The events of the federation's record, as they are written.

        Raises `ConfigError` with what Flower says of a run that failed, and what `progress` and `tick` raise.
        """
        from fda_core.setup import prepare

        prepare(config, progress)  # so that Flower's processes find the outputs of the frozen layers on disk
        with started(self.command(config)) as federation:
            try:
                yield from federation.events(progress, tick)
            except Preempted:
                raise ConfigError("live.flower_limit") from None

    def command(self, config: ExperimentConfig) -> list[str]:
        """Of the federation."""
        here = python()
        assert here, "only offered where it is there"
        # A real process starts anew for each message: fewer of them are worth some epochs that are thrown away.
        ahead = 5 if self.processes else 3
        files = f'experiment="{{folder}}/experiment.json" record="{{folder}}/record" look-ahead={ahead}'
        files += " plain=true" if self.plain else ""
        nodes, sites = config.clients * self.processes, str(config.clients)
        words = ["--app", str(APP), "--nodes", str(nodes), "--sites", sites, "--run-config", files]
        return [str(here), "-m", "fda_flower.here", *words, "--experiment", json.dumps(config.to_json())]


class Federation:
    """The process that holds the federation, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]):
        self.process = process
        self.said: SimpleQueue[dict[str, str]] = SimpleQueue()
        self.end: dict[str, str] | None = None
        self.record: Path | None = None
        self.read = 0  # bytes of the record
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Until it says no more."""
        assert self.process.stdout
        for line in self.process.stdout:
            with suppress(ValueError):
                self.said.put(json.loads(line))
        self.said.put({"status": "failed", "why": "its process ended"})

    def events(self, progress: Progress, tick: Tick) -> Iterator[Event]:
        """As they come. Raises `ConfigError`."""
        while self.end is None:
            tick()
            self.hear(progress)
            yield from self.written()
            time.sleep(LOOK)
        yield from self.written()
        if self.end["status"] != "finished":
            log.error("the federation on Flower failed\n%s", self.end.get("log", ""))
            raise ConfigError("live.flower_failed", reason=self.end.get("why", ""))

    def hear(self, progress: Progress) -> None:
        """What it has said since the last time."""
        with suppress(Empty):
            while self.end is None:
                said = self.said.get_nowait()
                if "folder" in said:
                    self.record = Path(said["folder"]) / "record" / "events.jsonl"
                elif "stage" in said:
                    progress(STAGES.index(said["stage"]) + 1, len(STAGES), said["stage"])
                else:
                    self.end = said

    def written(self) -> Iterator[Event]:
        """Whole lines that the record has got since the last time, but its closing one, which is the runner's."""
        if self.record is None or not self.record.exists():
            return
        with open(self.record, "rb") as file:
            file.seek(self.read)
            lines = file.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith(b"\n"):
                self.read += len(line)
                event = parse(line)
                if not isinstance(event, RunFinished):
                    yield event


@contextmanager
def started(command: list[str]) -> Iterator[Federation]:
    """In the end it is told to stop, and has ended. Should this process die, it notices and ends by itself."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )  # fmt: skip
    try:
        yield Federation(process)
    finally:
        assert process.stdin
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
