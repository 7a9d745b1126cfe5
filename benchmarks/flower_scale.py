"""Flower with many nodes, and with one that dies: parts of `benchmarks.flower`."""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

from tests.flower.apps import ROOT, write_tiny
from tests.flower.federation import Federation

NODES, ROUNDS = 3, 3


def recovery(app: Path, folder: Path) -> dict[str, Any]:
    """A node is killed with all that it started while the second round is under way: what that costs."""
    with Federation(folder, NODES) as federation:
        federation.start(app, f"rounds={ROUNDS} nodes=2", NODES)
        federation.until(lambda: len(federation.rounds()) == 1, "the first round")
        killed = time.perf_counter()
        federation.kill("node1")
        federation.until(lambda: len(federation.rounds()) == 2, "the round in which a node died")
        seconds = time.perf_counter() - killed
        log = federation.finished()
        return {"seconds": seconds, "status": federation.status(), "out": log.count("is out")}


class Memory(Thread):
    """Looks twice a second what this process and its descendants hold, shared pages divided among those who share."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.over = 0, Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.peak = max(self.peak, sum(map(held, psutil.Process().children(recursive=True))))


def held(process: psutil.Process) -> int:
    """Bytes; 0 for one that is gone."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def of_many(app: Path, folder: Path, nodes: int) -> dict[str, Any]:
    """A simulation of so many nodes, 10 a round."""
    memory, began = Memory(), time.perf_counter()
    with Federation(folder) as federation:
        federation.start(app, f"rounds={ROUNDS} nodes={nodes} share={10 / nodes}", nodes)
        federation.until(lambda: len(federation.rounds()) == 1, "the first round")
        first = time.perf_counter()
        log = federation.finished()
        memory.over.set()
        exchanges = [int(count) for count in re.findall(r"clients, (\d+) exchanges", log)]
        return {
            "nodes": nodes, "start_seconds": first - began, "peak_bytes": memory.peak, "status": federation.status(),
            "exchange_seconds": (time.perf_counter() - first) / max(1, sum(exchanges[1:])),
        }  # fmt: skip


def many(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """By their number."""
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        app = write_tiny(Path(temporary) / "app")
        return [of_many(app, Path(temporary) / str(nodes), nodes) for nodes in sizes]
