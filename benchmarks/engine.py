"""How much faster the engine trains: `python -m benchmarks.engine [--repeats N] [--threads T] [--json]`.

One local epoch of the clients of round 1 of a preset (`default`: 10 clients, 13 batches of 8 each), five ways that give
the same losses and weights, which is checked: Hugging Face + PEFT client by client; the same from cached outputs of the
frozen layers; that with the last layer for [CLS] only; that with all clients in one pass, which is the engine with one
lane; two or more lanes of it at once, as a race plays them, each with its share of the threads: seconds are a lane's.
Medians of interleaved repeats in one process; the prefix cache and all memory are warm.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch
from torch import Tensor

from benchmarks import machine
from benchmarks.loops import ROUND, Epoch, Loop, PrefixLoop, Result
from fda_core.federation.batches import cohort_of
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import prepare

TOLERANCE = 1e-4
LOOP, PREFIX, FIRST_ONLY, ENGINE, LANES = (
    "HF + PEFT loop",
    "+ frozen prefix cached",
    "+ last layer for [CLS] only",
    "+ all clients in one pass",
    "+ lanes at once = the engine",
)


def engine(epoch: Epoch) -> Result:
    cohort = epoch.cohort()
    return cohort.train(cohort.steps) / cohort.steps, cohort.weights


class Lanes:
    """As many local epochs at the same time, a thread each; the result of one, which is the others' too."""

    def __init__(self, epoch: Epoch, count: int):
        self.epoch, self.count = epoch, count
        self.threads = ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(1))

    def __call__(self) -> Result:
        first, *_ = self.threads.map(engine, [self.epoch] * self.count)
        return first


def one_by_one(epoch: Epoch) -> Result:
    """The engine with a graph for every client."""
    alone = [replace(epoch, clients=[client]).cohort() for client in epoch.clients]
    losses = [cohort.train(epoch.steps) / epoch.steps for cohort in alone]
    return torch.cat(losses), torch.cat([cohort.weights for cohort in alone])


def gradient_stops_below_the_adapters(loop: Loop) -> None:
    """Raises SystemExit when the loop would do needless work: gradients through frozen layers."""
    encoder, needless = loop.model.get_base_model().distilbert, []

    def look(module, inputs, output):
        needless.append((output[0] if isinstance(output, tuple) else output).requires_grad)

    below = [encoder.embeddings, *encoder.transformer.layer[:-1]]
    hooks = [module.register_forward_hook(look) for module in below]
    loop.loss(torch.arange(2))
    for hook in hooks:
        hook.remove()
    if len(needless) != len(below) or any(needless):
        raise SystemExit("The loop keeps a graph below the adapters: the comparison would not be fair.")


def compare(results: dict[str, Result], start: Tensor) -> dict[str, float]:
    """The largest differences of losses and weights from the loop's. Raises SystemExit above TOLERANCE.

    `moved` is the largest change of a weight in the epoch: differences mean nothing where nothing has moved.
    """
    losses, weights = results[LOOP]
    worst = {"loss": 0.0, "weight": 0.0, "moved": (weights - start).abs().max().item()}
    if not worst["moved"] > 10 * TOLERANCE:
        raise SystemExit(f"The loop has moved no weight by more than {worst['moved']:.2g}: nothing was trained.")
    for name, (theirs, trained) in results.items():
        for what, difference in (("loss", theirs - losses), ("weight", trained - weights)):
            largest = difference.abs().max().item()
            if not largest <= TOLERANCE:
                raise SystemExit(f"{name}: a {what} differs from the loop's by {largest:.2g}, more than {TOLERANCE:g}.")
            worst[what] = max(worst[what], largest)
    return worst


def measure(
    variants: dict[str, Callable[[], Result]], repeats: int, at_once: dict[str, int] | None = None
) -> dict[str, list[float]]:
    """Seconds of each repeat, by what it makes `at_once`; interleaved, so that a busy moment meets all variants."""
    seconds = {name: [] for name in variants}
    for _ in range(repeats):
        for name, variant in variants.items():
            began = time.perf_counter()
            variant()
            seconds[name].append((time.perf_counter() - began) / (at_once or {}).get(name, 1))
    return seconds


def setting(config: ExperimentConfig) -> tuple[Epoch, dict[str, Callable[[], Result]]]:
    clients = cohort_of(config.clients, config.cohort_size, config.seed, ROUND)
    epoch = Epoch(prepare(config), config, clients)
    loop = Loop(epoch)
    gradient_stops_below_the_adapters(loop)
    if sum(p.numel() for p in loop.parameters) != epoch.experiment.trainer.layout.size:
        raise SystemExit("The loop trains other weights than the engine.")
    threads = torch.get_num_threads()
    together = {LANES: Lanes(epoch, threads)} if threads > 1 else {}
    return epoch, {
        LOOP: loop, PREFIX: PrefixLoop(epoch), FIRST_ONLY: lambda: one_by_one(epoch),
        ENGINE: lambda: engine(epoch),
    } | together  # fmt: skip


def report(epoch: Epoch, seconds: dict[str, list[float]], differences: dict[str, float]) -> dict:
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    client_steps = len(epoch.clients) * epoch.steps
    rows = [
        {
            "variant": name,
            "ms_per_client_step": 1000 * value / client_steps,
            "seconds_per_epoch": value,
            "fastest_seconds": min(seconds[name]),
            "slowest_seconds": max(seconds[name]),
            "times_faster": middle[LOOP] / value,
        }
        for name, value in middle.items()
    ]
    return {
        "ratio": middle[LOOP] / middle[LANES if LANES in middle else ENGINE],
        "clients": len(epoch.clients),
        "steps": epoch.steps,
        "trainable_parameters": epoch.experiment.trainer.layout.size,
        "repeats": len(seconds[LOOP]),
        "largest_loss_difference": differences["loss"],
        "largest_weight_difference": differences["weight"],
        "largest_weight_change": differences["moved"],
        "variants": rows,
    }


def show(found: dict) -> None:
    print(
        f"One local epoch: {found['clients']} clients x {found['steps']} steps, d = {found['trainable_parameters']:,}; "
        f"medians of {found['repeats']}\n"
    )
    head = ["variant", "ms per client-step", "seconds per local epoch (fastest–slowest)", "times faster than the loop"]
    rows = [
        [
            row["variant"], f"{row['ms_per_client_step']:.2f}",
            f"{row['seconds_per_epoch']:.3f} ({row['fastest_seconds']:.3f}–{row['slowest_seconds']:.3f})",
            f"{row['times_faster']:.1f}",
        ]
        for row in found["variants"]
    ]  # fmt: skip
    print(machine.table(head, rows))
    print(
        f"\nThe engine is {found['ratio']:.1f} times faster than the loop. Largest difference from the loop: losses "
        f"{found['largest_loss_difference']:.1e}, weights {found['largest_weight_difference']:.1e} "
        f"(weights moved by up to {found['largest_weight_change']:.1e})."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=presets.names(), default="default")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    facts = machine.about("benchmarks.engine")
    print(machine.lines(facts), flush=True)
    epoch, variants = setting(presets.build(preset=options.preset))
    differences = compare(
        {name: variant() for name, variant in variants.items()}, epoch.experiment.initial
    )  # and warms up
    found = report(epoch, measure(variants, options.repeats, {LANES: options.threads}), differences)
    show(found)
    if options.json:
        print(json.dumps(found | facts))


if __name__ == "__main__":
    main()
