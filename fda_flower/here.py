"""Plays one run of an app in a federation on this machine, for whoever started it and talks to it.

`python -m fda_flower.here --app APP [--nodes 3] [--run-config WORDS]` says on its output, a JSON object a line, where
its files are, what stage it is at and how it ended. A line on its input, or the end of it, stops the run and ends it.
No process of the federation outlives it: on Linux it adopts those whose parents die before them.
"""

import argparse
import ctypes
import json
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from fda_flower.local_federation import Federation, FederationError

SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER


@contextmanager
def alone() -> Iterator[None]:
    """In the end no process that was started within is left, whatever group or parent it has by then."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        for _ in range(3):  # one that is killed may have been about to start another
            left = psutil.Process().children(recursive=True)
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(left, timeout=5)


def why(log: str) -> str:
    """The line of a run's log that names the problem: the last one of an exception, or of an error."""
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line).strip(" │") for line in log.splitlines()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Refused)\b.*:", line)]
    errors = [line for line in lines if "ERROR" in line or "rror:" in line]
    return next(iter([*raised[-1:], *errors[-1:], *[line for line in lines if line][-1:]]), "")[:300]


def tell(**said: str) -> None:
    """A line of the output."""
    with suppress(BrokenPipeError):
        print(json.dumps(said), flush=True)


def play(federation: Federation, app: Path, config: str, sites: int, told: threading.Event) -> None:
    """From the SuperLink to the end of the run, told on the output. told: to stop. Raises `FederationError`."""
    tell(stage="superlink")
    federation.start_server()
    tell(stage="nodes")
    for node in range(federation.count):
        federation.add_node(node)
    tell(stage="run")
    federation.start(app, config, sites)
    while not (told.is_set() or federation.followed()):
        told.wait(0.2)
    if told.is_set():
        federation.stop()
        return tell(status="stopped")
    if (status := federation.status()) == "finished:completed":
        return tell(status="finished")
    log = federation.log("run")
    tell(status="failed", why=why(log) or status, log=log[-5000:])


def listen(told: threading.Event) -> None:
    """Sets the event with the first line of the input, or its end: whoever started this has died then."""
    sys.stdin.readline()
    told.set()


def main() -> None:
    """The command. Its folder stays until it is told to stop, so that what the app wrote there can be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--app", type=Path, required=True)
    parser.add_argument("--nodes", type=int, default=0, help="SuperNodes as processes; 0 for the simulation")
    parser.add_argument("--sites", type=int, default=3, help="sites of the simulation")
    parser.add_argument("--run-config", default="", help="{folder} in it is a new folder")
    parser.add_argument(
        "--experiment", default="", help="the text of {folder}/experiment.json, for an app that reads it"
    )
    asked, told = parser.parse_args(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    threading.Thread(target=listen, args=(told,), daemon=True).start()
    with TemporaryDirectory(prefix="fda-", ignore_cleanup_errors=True) as name, alone():
        federation = Federation(Path(name) / "f", asked.nodes)
        (Path(name) / "experiment.json").write_text(asked.experiment)
        tell(folder=name)
        try:
            play(federation, asked.app, asked.run_config.replace("{folder}", name), asked.sites, told)
        except FederationError as problem:
            tell(status="failed", why=str(problem).splitlines()[0], log=str(problem))
        finally:
            federation.close()
        told.wait()


if __name__ == "__main__":
    main()
