"""What the experiment survives: `python -m benchmarks.faults [--kills N] [--inputs N] [--refreshes N] [--json]`.

Kills: training processes get SIGKILL at random moments and their runs are resumed (one thread). Inputs: generated bad
settings, addresses, event files and imports. Refreshes: a running race is reloaded in real Chromium.
"""

import argparse
import json
import re
import signal
import tempfile
import time
from pathlib import Path

from benchmarks import bad_inputs, kills, machine
from fda_core.runs.store import EVENTS

# Python reads it when the server starts: a signal then writes what every thread is doing into the server's log.
DUMPS = "import faulthandler, signal; faulthandler.register(signal.SIGUSR1)\n"
WORKER = re.compile(r'runner\.py", line \d+ in _work\b')


def refresh(count: int, folder: Path) -> dict:
    """Runs and training threads that so many reloads of a running race leave."""
    from benchmarks.browser import viewer
    from tests.helpers.server import Server

    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DUMPS)
    server = Server(folder, {"PYTHONPATH": str(folder)}).start()
    try:
        with viewer(server.url) as race:
            race.start()
            run_id = race.run_id()
            for _ in range(count):
                race.page.reload(wait_until="domcontentloaded")
            race.drawn()
            before = race.points()
            went_on = race.wait_for_points(before + 3) > before
            same = race.run_id() == run_id
            workers = training_threads(server)
    finally:
        server.kill()
    runs = len(list(server.runs.glob("2*")))
    return {"refreshes": count, "workers": workers, "runs_afterwards": runs, "same_run": same and went_on}


def training_threads(server) -> int:
    """How many threads of the server are in the runner's loop."""
    before = len(server.log)
    server.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while "Current thread" not in server.log[before:] and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)  # the rest of the dump
    return len(WORKER.findall(server.log[before:]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--inputs", type=int, default=600)
    parser.add_argument("--refreshes", type=int, default=20, help="0 needs no browser")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    facts = machine.about("benchmarks.faults")
    print(machine.lines(facts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed = kills.measure(options.kills, folder)
        refreshed = refresh(options.refreshes, folder / "browser") if options.refreshes else {}
        sample = (folder / "alone" / EVENTS).read_bytes()
        bad = bad_inputs.measure(options.inputs, folder, sample)
    result = {
        "kills": killed.kills, "kills_before_first_event": killed.early, "rounds_lost": killed.rounds_lost,
        "records_damaged": killed.damaged, "not_listed_as_interrupted": killed.unlisted,
        "resumed_runs": killed.runs, "resumed_equal": killed.equal == killed.runs, **refreshed,
        "bad_inputs": bad.inputs, "refused": bad.refused, "slowest_seconds": round(bad.slowest, 3),
        **{name: len(faults) for name, faults in bad.faults.items()},
    }  # fmt: skip
    print(machine.table(["what", "count"], [[name.replace("_", " "), f"{value}"] for name, value in result.items()]))
    for name, faults in bad.faults.items():
        for fault in faults[:20]:
            print(f"{name.replace('_', ' ')}:", fault)
    if options.json:
        print(json.dumps(result | facts))


if __name__ == "__main__":
    main()
