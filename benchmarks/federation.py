"""The federation of To production on this machine: `python -m benchmarks.federation [--processes] [--plain] [--out
FOLDER]`, or the same two lanes with another experiment's settings: `--preset default seed=3`. With `--plain` the
clients on Flower train as anybody's would, with Hugging Face and PEFT as they come; else by the engine's own trainer.

Prints, a row a round, seconds, local epochs, exchanges, megabytes by the ledger and on the wire, and accuracy; then how
long the engine takes for the same, and whether its rounds are the same. Wants Flower's environment, as the page does.
`--out` keeps the run; the recorded one was made so.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine
from fda_core.algorithm.events import Event, Round
from fda_core.runs.record import Callbacks, Producer, Recording, record, simulate
from fda_core.settings import presets
from fda_core.settings.assignments import from_words, merge
from fda_core.settings.config import ExperimentConfig
from ui.views.production.on_flower import OnFlower, python
from ui.views.production.start_here import EXPERIMENT


def show(event: Event) -> None:
    """A round's row."""
    if not isinstance(event, Round):
        return
    more = event.metrics
    wire = (more["wire_bytes_down"] or 0) + (more["wire_bytes_up"] or 0)
    print(
        f"{event.lane:10} {event.round:3} {event.simulated_seconds:8.1f} s {event.epochs:3} epochs "
        f"{more['exchanges']:2.0f} exchanges {event.bytes_total / 1e6:7.2f} MB, this round {wire / 1e6:5.2f} MB on the "
        f"wire {event.accuracy or 0:7.1%}",
        flush=True,
    )  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--processes", action="store_true", help="a SuperLink and three SuperNodes, not the simulation")
    parser.add_argument("--plain", action="store_true", help="clients on Flower do not use the engine's fast trainer")
    parser.add_argument("--out", type=Path, help="keep the run's record there")
    parser.add_argument("--preset", help="instead of the page's own experiment")
    parser.add_argument("words", nargs="*", metavar="name=value", help="over it")
    asked = parser.parse_args()
    config = experiment(asked.preset, asked.words)
    if python() is None:
        raise SystemExit("Flower is not installed: see requirements-flower.txt.")
    print(machine.lines(machine.about("benchmarks.federation")))
    with tempfile.TemporaryDirectory() as temporary:
        flower = timed(config, asked.out or Path(temporary) / "flower", OnFlower(asked.processes, asked.plain), show)
        engine = timed(config, Path(temporary) / "engine", simulate)
    same = "the same" if engine.epochs == flower.epochs else "not the same"
    ratio = flower.seconds / engine.seconds
    print(f"Flower {flower.seconds:.1f} s, engine {engine.seconds:.1f} s, {ratio:.1f} times; local epochs are {same}")


class Timed(NamedTuple):
    """Seconds from the command to the closed record, and the local epochs of each round."""

    seconds: float
    epochs: dict[tuple[str, int], int]


def experiment(preset: str | None, words: Sequence[str]) -> ExperimentConfig:
    """The page's, or a preset with the page's lanes."""
    changes = from_words(words)
    if preset is None:
        return ExperimentConfig(**merge(EXPERIMENT, changes))
    return presets.build(merge({"preset": preset, "lanes": EXPERIMENT["lanes"]}, changes))


def timed(
    config: ExperimentConfig, folder: Path, produce: Producer, watch: Callable[[Event], None] = lambda _: None
) -> Timed:
    """One way to play it."""
    began, epochs = time.perf_counter(), {}

    def follow(event: Event) -> None:
        watch(event)
        if isinstance(event, Round):
            epochs[event.lane, event.round] = event.epochs

    recording = Recording(config, folder, folder.name)
    outcome = record(recording, Callbacks(watch=follow), produce)
    print(f"{outcome.status} {outcome.message}")
    return Timed(time.perf_counter() - began, epochs)


if __name__ == "__main__":
    main()
