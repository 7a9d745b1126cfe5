"""FDA-OPT on Flower: numbers against the engine, bytes on the wire, look-ahead, and what an exchange takes by runtime.

`.venv-flower/bin/python -m benchmarks.flower [--processes] [--nodes N…] [--json FILE]`, in the environment of
requirements-flower-dev.txt and requirements-assets.txt. Prints tables; `--json` keeps the figures that the app shows.
The job is six rounds of three clients with the embedded encoder, in this process; the runtimes play logistic
regression, so that what is timed is Flower. `--processes` adds a SuperLink with three SuperNodes, one of which is
killed: minutes. `--nodes 100 1000` adds simulations of so many, 10 of them a round.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flwr.app import Message
from flwr.common.serde import message_to_proto

from benchmarks import machine
from benchmarks.flower_scale import NODES, ROUNDS, many, recovery
from fda_core.algorithm.events import Round
from fda_core.federation import engine
from fda_core.setup import prepare
from fda_flower.orders import STATES, order_of
from tests.flower import engine_app
from tests.flower.apps import ROOT, changed_lines, config_of, in_process, told, write_tiny
from tests.flower.federation import Federation
from tests.flower.local_grid import LocalGrid

AHEAD = (1, 2, 3, 5)


def kind_of(order: Message, reply: bool) -> str:
    """What a message is in the tables."""
    said = order_of(order.content)
    assert said, "every message here is one of an FDA round"
    if not reply:
        return "model to a client" if said.epoch == 0 else "order to go on"
    return "model to the server" if said.upload else "state to the server"


def weighed(experiment: Any) -> dict[str, int]:
    """Bytes of each kind of message with Flower's envelope, in the median of a run without look-ahead."""
    sizes: dict[str, list[int]] = defaultdict(list)
    original = LocalGrid.ask

    def ask(grid: LocalGrid, message: Message) -> list[Message]:
        replies = original(grid, message)
        sizes[kind_of(message, reply=False)].append(message_to_proto(message).ByteSize())
        for reply in replies:
            if not (STATES in reply.content and kind_of(message, reply=True) == "model to the server"):
                sizes[kind_of(message, reply=True)].append(message_to_proto(reply).ByteSize())
        return replies

    LocalGrid.ask = ask  # type: ignore[method-assign]
    try:
        engine_app.play(experiment)
    finally:
        LocalGrid.ask = original  # type: ignore[method-assign]
    return {kind: sorted(found)[len(found) // 2] for kind, found in sizes.items()}


def apart(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The largest relative difference."""
    return max(abs(a - b) / abs(b) for a, b in zip(ours, theirs, strict=True))


def parity(experiment: Any) -> dict[str, Any]:
    """Against the engine: epochs of each round, and how far variance and Θ lie apart; bytes against the ledger."""
    rounds = [event for event in engine.run(experiment) if isinstance(event, Round)]
    found, grid = engine_app.play(experiment)
    ledger = {
        "down": sum(r.bytes_down for r in rounds), "up": sum(r.bytes_up for r in rounds),
        "monitor": sum(r.bytes_monitor for r in rounds),
    }  # fmt: skip
    return {
        "epochs": [r.epochs for r in found], "epochs_of_the_engine": [r.epochs for r in rounds],
        "variance": apart([r.variance for r in found], [r.variance for r in rounds]),
        "threshold": apart([r.threshold_next for r in found], [r.threshold_next for r in rounds]),
        "ledger_bytes": sum(ledger.values()), "wire_bytes": grid.bytes_down + grid.bytes_up,
        "model_bytes": experiment.model_bytes,
    }  # fmt: skip


def looking_ahead(experiment: Any) -> list[dict[str, int]]:
    """Exchanges, and local epochs that were trained and used, by look-ahead."""
    rows = []
    for ahead in AHEAD:
        rounds, _ = engine_app.play(experiment, ahead)
        counts = {name: sum(getattr(r, name) for r in rounds) for name in ("exchanges", "trained", "epochs")}
        rows.append({"look_ahead": ahead, **counts})
    return rows


def runtime(app: Path, folder: Path, nodes: int, expected: list) -> dict[str, Any]:
    """A federation of processes, or the simulation for 0 nodes: seconds from the command to the end, and parity."""
    began, before = time.perf_counter(), processor_seconds()
    with Federation(folder, nodes) as federation:
        ready = time.perf_counter() - began
        federation.start(app, f"rounds={ROUNDS}", NODES)
        federation.finished()
        rounds, seconds = federation.rounds(), time.perf_counter() - began - ready
    return {
        "start_seconds": ready, "run_seconds": seconds, "exchanges": sum(r.exchanges for r in expected),
        "same_epochs": [each[:2] for each in rounds] == [each[:2] for each in told(expected)],
        "variance": apart([each[2] for each in rounds], [r.variance for r in expected]),
        "processor_seconds": processor_seconds() - before,
    }  # fmt: skip


def processor_seconds() -> float:
    """Of processes that were started here, directly or not, and were waited for: some of Ray's are not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runtimes(processes: bool) -> dict[str, dict[str, Any]]:
    """The tiny app by runtime."""
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        app = write_tiny(folder / "app")
        began = time.perf_counter()
        expected = in_process(app, "tiny", config_of(app, rounds=ROUNDS), NODES)
        here = {"start_seconds": 0.0, "run_seconds": time.perf_counter() - began, "same_epochs": True, "variance": 0.0,
                "processor_seconds": 0.0,
                "exchanges": sum(r.exchanges for r in expected)}  # fmt: skip
        found = {"in this process": here, "simulation on Ray": runtime(app, folder / "simulation", 0, expected)}
        if processes:
            found["SuperLink and 3 SuperNodes"] = runtime(app, folder / "processes", NODES, expected)
            found["SuperLink and 3 SuperNodes"]["recovery"] = recovery(app, folder / "killed")
        return found


def measured(processes: bool, nodes: Sequence[int]) -> dict[str, Any]:
    """All of it."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ.setdefault("FDA_OPT_LAB_CACHE", cache)
        experiment = prepare(engine_app.CONFIG)
    lines, imports = changed_lines()
    return {
        "machine": machine.about("benchmarks.flower"), "lines": lines, "imports": imports,
        "parity": parity(experiment), "messages": weighed(experiment), "look_ahead": looking_ahead(experiment),
        "runtimes": runtimes(processes), "many": many(nodes),
    }  # fmt: skip


def shown(found: dict[str, Any]) -> str:
    """The figures as tables."""
    parity, wire = found["parity"], found["parity"]["wire_bytes"] / found["parity"]["ledger_bytes"] - 1
    numbers = [[name, f"{value:.1e}"] for name, value in parity.items() if name in ("variance", "threshold")]
    epochs = [["epochs a round, Flower", str(parity["epochs"])], ["engine", str(parity["epochs_of_the_engine"])]]
    messages = [[kind, f"{count:,}"] for kind, count in found["messages"].items()]
    ahead = [
        [str(row[name]) for name in ("look_ahead", "exchanges", "trained", "epochs")] for row in found["look_ahead"]
    ]
    times = [[name, *timed(row)] for name, row in found["runtimes"].items()]
    return "\n\n".join((
        machine.table(["against the engine", "largest relative difference"], [*epochs, *numbers]),
        machine.table(["message", "bytes"], [*messages, ["all of the run, over the ledger", f"{100 * wire:+.1f} %"]]),
        machine.table(["look-ahead", "exchanges", "local epochs trained", "used"], ahead),
        machine.table([
            "runtime", "start s", "run s", "s an exchange", "of a processor, at least", "same epochs", "variance apart",
        ], times),
        *killed(found["runtimes"]),
        machine.table(["nodes, 10 a round", "s to the first round's end", "s an exchange", "peak MB"], [
            [f"{row['nodes']:,}", f"{row['start_seconds']:.1f}", f"{row['exchange_seconds']:.2f}",
             f"{row['peak_bytes'] / 1e6:,.0f}"] for row in found["many"]
        ]),
    ))  # fmt: skip


def killed(runtimes: dict[str, dict[str, Any]]) -> list[str]:
    """The sentence about the killed node, where there was one."""
    found = [row["recovery"] for row in runtimes.values() if "recovery" in row]
    return [
        f"A SuperNode killed in a round: {each['seconds']:.0f} s later that round had ended without it; the run ended "
        f"as {each['status']}." for each in found
    ]  # fmt: skip


def timed(row: dict[str, Any]) -> list[str]:
    """A runtime's cells."""
    each, processors = (row[name] / row["exchanges"] for name in ("run_seconds", "processor_seconds"))
    seconds = [f"{value:.1f}" for value in (row["start_seconds"], row["run_seconds"], each, processors)]
    return [
        *seconds,
        "yes" if row["same_epochs"] else "no",
        f"{row['variance']:.0e}",
    ]


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--nodes", type=int, nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(words)
    found = measured(options.processes, options.nodes)
    print(machine.lines(found["machine"]) + "\n" + shown(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
