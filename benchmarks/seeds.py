"""A preset on several seeds: `python -m benchmarks.seeds default --seeds 0 1 2 3 4 --out FOLDER` prints a table.

Per lane and seed: MB, rounds and local epochs to the target, then the medians. Seeds already in the folder are read.
"""

import argparse
import statistics
from pathlib import Path

from fda_core.analysis.summary import Cost, LaneSummary, summarize
from fda_core.runs.record import Recording, record
from fda_core.runs.store import EVENTS, new_run_id, read_events
from fda_core.settings import presets


def run(folder: Path, preset: str, seed: int) -> list[LaneSummary]:
    if not (folder / EVENTS).exists():
        status, message = record(Recording(presets.build({"seed": seed}, preset), folder, new_run_id()))
        if status != "finished":
            raise SystemExit(f"{folder}: {status}. {message}")
    return summarize(read_events(folder))


def cell(cost: Cost | None) -> str:
    return f"{cost.bytes / 1e6:.0f} / {cost.rounds} / {cost.local_epochs}" if cost else "not reached"


def median(costs: list[Cost | None]) -> str:
    """Medians over the seeds; a seed that did not reach the target counts as infinitely expensive."""
    middle = [
        statistics.median(float("inf") if cost is None else value(cost) for cost in costs)
        for value in (lambda c: c.bytes / 1e6, lambda c: c.rounds, lambda c: c.local_epochs)
    ]
    return " / ".join(f"{x:.0f}" for x in middle) if max(middle) < float("inf") else "not reached"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=presets.names())
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    target = presets.build(preset=options.preset).target
    print(f"MB / rounds / local epochs to {target.metric} {target.value:g} on two consecutive rounds\n")
    table: dict[str, list[Cost | None]] = {}
    for i, seed in enumerate(options.seeds):
        lanes = run(options.out / f"{options.preset}-{seed}", options.preset, seed)
        if i == 0:
            print(f"| seed | {' | '.join(lane.lane for lane in lanes)} |\n|---|{'---|' * len(lanes)}")
        print(f"| {seed} | {' | '.join(cell(lane.to_target) for lane in lanes)} |", flush=True)
        for lane in lanes:
            table.setdefault(lane.lane, []).append(lane.to_target)
    print(f"| **median** | {' | '.join(f'**{median(costs)}**' for costs in table.values())} |")


if __name__ == "__main__":
    main()
