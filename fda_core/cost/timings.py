"""Timings of this machine, kept in a file beside the runs, so that minutes are known at once the next time."""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fda_core.cost.estimate import CostEstimate, Timings, estimate, subject
from fda_core.models.memory import Shape
from fda_core.settings.config import ExperimentConfig
from fda_core.support.files import replace_whole
from fda_core.support.machine import processor

log = logging.getLogger(__name__)

FILE = "paces.json"
KEPT = 50
# Machines are busy now and idle then: seconds after which timings is measured again, and is not believed any more.
FRESH, BELIEVED = 900, 24 * 3600
# What makes another timings of the same config: the processor, how many threads it is given, how timings are measured.
THREADS = ("FDA_OPT_LAB_THREADS", "OMP_NUM_THREADS")
METHOD = 2


class TimingStore:
    """Usable from any thread. Only digests of configs are kept, and nothing of their data.

    A file that is damaged or cannot be written costs a measurement, not the run.
    """

    def __init__(self, root: Callable[[], Path], now: Callable[[], float] = time.time):
        self.root, self.now = root, now
        self.lock = threading.Lock()
        self.entries: dict[str, dict[str, Any]] | None = None

    def get(self, config: ExperimentConfig) -> Timings | None:
        """What was measured for such a config; None where nothing was, or longer than a day ago."""
        with self.lock:
            entry = self._entries().get(key(config), {})
        if "pace" not in entry or self.now() - entry["when"] > BELIEVED:
            return None
        return from_dict(entry["pace"])

    def fresh(self, config: ExperimentConfig) -> bool:
        """Whether it was measured so lately (`FRESH`) that doing so again would tell nothing."""
        with self.lock:
            return self.now() - self._entries().get(key(config), {}).get("when", 0) <= FRESH

    def put(self, config: ExperimentConfig, timings: Timings) -> None:
        """Keeps what has just been measured."""
        with self.lock:
            self._entry(config).update(pace=asdict(timings), when=self.now())
            self._save()

    def prepared(self, config: ExperimentConfig) -> None:
        """The frozen part of this config's texts has been computed and kept."""
        with self.lock:
            entry = self._entry(config)
            texts = entry.setdefault("texts", [])
            if texts_of(config) not in texts:
                texts.append(texts_of(config))
                self._save()

    def cost(
        self, config: ExperimentConfig, parameters: int | None = None, largest: float | None = None
    ) -> CostEstimate | None:
        """What is known: nothing without timings and the number of trainable weights. largest: see `estimate`."""
        timings = self.get(config)
        parameters = timings.parameters if timings else parameters
        if parameters is None:
            return None
        with self.lock:
            known = texts_of(config) in self._entries().get(key(config), {}).get("texts", [])
        return estimate(config, parameters, timings, known, largest)

    def _entries(self) -> dict[str, dict[str, Any]]:
        if self.entries is None:
            self.entries = read(self.root() / FILE)
        return self.entries

    def _entry(self, config: ExperimentConfig) -> dict[str, Any]:
        entries, name = self._entries(), key(config)
        entries[name] = entries.pop(name, {})  # to the end: the newest are kept
        while len(entries) > KEPT:
            del entries[next(iter(entries))]
        return entries[name]

    def _save(self) -> None:
        try:
            self.root().mkdir(parents=True, exist_ok=True)
            replace_whole(self.root() / FILE, json.dumps(self.entries).encode())
        except OSError as error:
            log.warning("timings could not be kept (%s)", error.strerror)


def key(config: ExperimentConfig) -> str:
    """32 hexadecimal digits, the same for all configs that take equally long on this machine with these threads."""
    threads = [os.environ.get(name) for name in THREADS]
    words = json.dumps([METHOD, processor(), threads, subject(config)], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def texts_of(config: ExperimentConfig) -> list[int]:
    """Numbers of training and test texts: which ones these are follows from them and the config's key."""
    return [config.train_examples, config.test_examples]


def from_dict(values: dict[str, Any]) -> Timings:
    """Undoes `dataclasses.asdict` and JSON. Raises `TypeError` or `KeyError` for what is none."""
    lists: dict[str, Any] = {
        name: tuple(map(tuple, value)) for name, value in values.items() if isinstance(value, list)
    }
    return Timings(**values | lists | {"shape": Shape(**values["shape"])})


def read(file: Path) -> dict[str, dict[str, Any]]:
    """Entries of the file that can be used."""
    try:
        found = json.loads(file.read_bytes())
        return {name: entry for name, entry in found.items() if usable(entry)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def usable(entry: Any) -> bool:
    """Whether an entry of the file, which anybody may have changed, can be calculated with."""
    try:
        if "pace" in entry:
            timings = from_dict(entry["pace"])
            estimate(ExperimentConfig(), timings.parameters, timings)
            entry["when"] + 0.0
        return all(len(texts) == 2 for texts in entry.get("texts", []))
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, ZeroDivisionError):
        return False
