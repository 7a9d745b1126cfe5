"""The trials behind the presets: `python -m benchmarks.presets default --out FOLDER` (docs/presets.md).

For each client learning rate, FedOpt E=1 alone on the tuning seeds; the lowest mean final test loss wins and serves
every lane. Then all lanes on the tuning seeds, from which the target is chosen by hand.
"""

import argparse
import statistics
from pathlib import Path

from fda_core.algorithm.events import Event
from fda_core.analysis.summary import lane_ids, reached_at, rounds_of, started
from fda_core.runs.record import Recording, record
from fda_core.runs.store import EVENTS, new_run_id, read_events
from fda_core.settings import presets
from fda_core.settings.config import Target

RATES = (0.02, 0.05, 0.1, 0.2)
SEEDS = (100, 101, 102)
UNREACHABLE = {"metric": "accuracy", "value": 1.0}


def trial(folder: Path, preset: str, changes: dict) -> Path:
    """Runs one experiment to its last round, unless its folder already holds it."""
    if not (folder / EVENTS).exists():
        config = presets.build(changes | {"target": UNREACHABLE}, preset)
        status, message = record(Recording(config, folder, new_run_id()))
        if status != "finished":
            raise SystemExit(f"{folder}: {status}. {message}")
    return folder


def final_loss(folder: Path, last: int) -> float:
    """Mean test loss of the last `last` rounds; infinite where a lane diverged."""
    losses = [event.test_loss for event in rounds_of(read_events(folder), "fedopt-e1")]
    losses = [float("inf") if loss is None else loss for loss in losses[-last:]]
    return statistics.mean(losses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", choices=presets.names())
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    alone = [{"id": "fedopt-e1", "rule": "schedule", "epochs": 1}]
    print("| client lr | final test loss, seeds 100, 101, 102 | mean | mean of the last 10 rounds |\n|---|---|---|---|")
    means = {}
    for rate in RATES:
        folders = [
            trial(
                options.out / f"{options.preset}-lr{rate}-seed{seed}",
                options.preset,
                {"seed": seed, "client_lr": rate, "lanes": alone},
            )
            for seed in SEEDS
        ]
        finals = [final_loss(folder, 1) for folder in folders]
        means[rate] = statistics.mean(finals)
        late = statistics.mean(final_loss(folder, 10) for folder in folders)
        print(f"| {rate} | {', '.join(f'{x:.4f}' for x in finals)} | {means[rate]:.4f} | {late:.4f} |", flush=True)
    best = min(means, key=means.get)
    print(f"\nbest client lr: {best}")
    print(f"\nAll lanes at client lr {best}: rounds to an accuracy (two consecutive rounds), per tuning seed\n")
    folders = [
        trial(
            options.out / f"{options.preset}-all-lr{best}-seed{seed}", options.preset, {"seed": seed, "client_lr": best}
        )
        for seed in SEEDS
    ]
    print_targets([read_events(folder) for folder in folders])


def print_targets(runs: list[list[Event]]) -> None:
    """Rounds to accuracies and test losses around the best, per lane and run."""
    lanes = lane_ids(started(runs[0]))
    print(f"| target | {' | '.join(lanes)} |\n|---|{'---|' * len(lanes)}")
    targets = [Target(metric="accuracy", value=percent / 100) for percent in range(60, 76)]
    targets += [Target(metric="test_loss", value=percent / 100) for percent in range(66, 52, -1)]
    for target in targets:
        cells = [", ".join(rounds_to(events, lane, target) for events in runs) for lane in lanes]
        if any(cell.strip("–, ") for cell in cells):
            print(f"| {target.metric} {target.value:.2f} | {' | '.join(cells)} |")
    best = [", ".join(f"{max(r.accuracy for r in rounds_of(events, lane)):.3f}" for events in runs) for lane in lanes]
    print(f"| best accuracy | {' | '.join(best)} |")


def rounds_to(events: list[Event], lane: str, target: Target) -> str:
    rounds = rounds_of(events, lane)
    index = reached_at(rounds, target)
    return "–" if index is None else str(rounds[index].round)


if __name__ == "__main__":
    main()
