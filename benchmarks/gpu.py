"""The GPU against the CPU: `python -m benchmarks.gpu --out DIR [--stages sanity,parity,tests,speed,cell] [--small]`.

sanity: what there is. parity: events of the same configurations on both devices, and whether a GPU repeats itself.
tests: `tests/models/test_devices.py`, most of which needs a GPU. speed: local steps per second on both.
cell: ten clients of 400 reviews, everything trained, three lanes side by side
(`benchmarks/gpu_cell.py`). Each stage has its own time and writes what it found at once, to DIR/gpu.json; one that
fails does not keep the others from running. `--pack DIR` makes a folder of 47 MB that stands in for the packages of
model and reviews on a machine without an index, and `--carried DIR` takes it there.
"""

import argparse
import json
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import carried, gpu_cell, gpu_tables, machine
from benchmarks.parity import TOLERANCE, apart
from fda_core.algorithm.events import Event
from fda_core.algorithm.monitors import DriftStatistics, make_monitor
from fda_core.federation import engine
from fda_core.federation.batches import cohort_of
from fda_core.federation.local_round import LocalRound
from fda_core.models import devices
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import prepare

SECONDS = {"sanity": 30, "parity": 150, "tests": 60, "speed": 100, "cell": 360}

ONE_LANE = [{"id": "fda-opt", "rule": "adaptive", "max_epochs": 4}]
MONITORS = [
    {"id": name, "rule": "adaptive", "max_epochs": 4, "monitor": name}
    for name in ("sketch", "exact", "linear", "naive")
]
OTHERS = [
    {"id": "every-step", "rule": "fixed", "theta": 0.001, "max_epochs": 2, "check": "step"},
    {"id": "smoothed", "rule": "smoothed", "max_epochs": 4, "server": "yogi"},
    {"id": "all", "rule": "centralised", "epochs": 1},
    {"id": "alone", "rule": "local-only", "epochs": 1},
]
TWO_OF_FIVE = {"clients": 5, "clients_per_round": 2, "train_examples": 400, "test_examples": 400}
NEVER = {"target": {"metric": "accuracy", "value": 1.0}}
# Preset and changes; the most telling first, should the time run out.
PARITY = {
    "quick": ("quick", {"rounds": 4}),
    "full": ("default", TWO_OF_FIVE | {"trained": "full", "client_lr": 0.01, "rounds": 3, "lanes": ONE_LANE}),
    "head": ("quick", {"trained": "head", "rounds": 4}),
    "first round of the cell": ("default", gpu_cell.CELL | {"rounds": 1, "lanes": [gpu_cell.LANES["fedopt-1"]]}),
    "monitors": ("quick", TWO_OF_FIVE | {"lanes": MONITORS, "rounds": 4, "client_dropout": 0.2}),
    "rules": (
        "quick",
        TWO_OF_FIVE
        | {"lanes": OTHERS, "rounds": 3, "weighting": "examples", "client_optimizer": "sgdm", "client_lr": 0.02},
    ),
    "default": ("default", {"rounds": 4}),
    "RoBERTa, adapters": ("quick", {"model": "minilm-roberta", "rounds": 3}),
    "adapters on two layers": ("quick", TWO_OF_FIVE | {"lora": {"layers": 2}, "rounds": 2, "lanes": ONE_LANE}),
    "BERT, last layer, AdamW": (
        "quick",
        TWO_OF_FIVE
        | {"model": "minilm-bert", "trained": "last", "rounds": 2, "lanes": ONE_LANE}
        | {"client_optimizer": "adamw", "client_lr": 0.0005, "server_optimizer": "adam"},
    ),
}
BASE_SIZE = "roberta-base-size"
SPEED = {
    "default (adapters, K = 10)": ("default", {}),
    "head only (K = 10)": ("default", {"trained": "head"}),
    "full, embedded encoder (K = 10)": ("default", {"trained": "full"}),
    "full, RoBERTa-base size, random (K = 10)": (
        "default",
        {"trained": "full", "model": f"folder:{BASE_SIZE}"}
        | {"train_examples": 800, "test_examples": 200, "clients": 10},
    ),
}
SMALL = {"train_examples": 32, "test_examples": 20, "clients": 4, "clients_per_round": 2, "rounds": 1}
SMALL |= {"max_tokens": 16}


class TimeUp(Exception):
    """A case that would take longer than its stage has left."""


class Bench:
    """What was asked for, what was found, and how long the stage in progress may still take."""

    def __init__(self, options: argparse.Namespace):
        self.options, self.found = options, dict[str, Any](machine.about("benchmarks.gpu"))
        self.until = 0.0

    def say(self, stage: str, name: str, result: dict[str, Any]) -> None:
        """Prints a result and writes everything found so far."""
        self.found.setdefault(stage, {})[name] = result
        (self.options.out / "gpu.json").write_text(json.dumps(self.found, indent=1, default=str))
        print(f"[{time.strftime('%H:%M:%S')}] {stage}, {name}: {json.dumps(result, default=str)}", flush=True)

    def tick(self) -> None:
        if time.monotonic() > self.until:
            raise TimeUp

    def config(self, preset: str, changes: dict[str, Any]) -> ExperimentConfig:
        return presets.build(NEVER | changes | (SMALL if self.options.small else {}), preset)

    def prepared(self, config: ExperimentConfig, device: str):
        """On a device; the models' folder is the bench's own."""
        os.environ[devices.SETTING] = device
        experiment = prepare(config, lambda *_: self.tick(), self.options.models, keep=False)
        experiment.tick = self.tick
        return experiment

    def guarded(self, stage: str, name: str, action: Callable[[], dict[str, Any]]) -> None:
        """A result, or what went wrong in its place."""
        try:
            self.tick()
            self.say(stage, name, action())
        except TimeUp:
            self.say(stage, name, {"left out": "no time left"})
        except Exception:  # whatever it is, the next case may work
            self.say(stage, name, {"failed": traceback.format_exc()})


def sanity(bench: Bench) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Versions, the device, and that products are computed in float32 rather than in TF32."""
    device = bench.options.device

    def about() -> dict[str, Any]:
        a = torch.randn(512, 512, generator=torch.Generator().manual_seed(0))
        exact, product = a.double() @ a.double(), (a.to(device) @ a.to(device)).cpu().double()
        return {
            "versions": engine.Experiment.versions(), **devices.facts(device), "free_bytes": devices.free_bytes(device),
            "cuda": torch.version.cuda, "matmul_precision": torch.get_float32_matmul_precision(),
            "product_error": ((product - exact).abs().max() / exact.abs().max()).item(),  # TF32: about 1e-3
        }  # fmt: skip

    yield "device", about


def played(bench: Bench, config: ExperimentConfig, device: str) -> tuple[list[Event], float]:
    """The events, and seconds with the preparing."""
    began = time.perf_counter()
    return list(engine.run(bench.prepared(config, device))), time.perf_counter() - began


def parity(bench: Bench) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Events on the CPU, on the device, and on the device again."""

    def compare(preset: str, changes: dict[str, Any]) -> dict[str, Any]:
        config = bench.config(preset, changes)
        (one, slow), (other, quick), (again, _) = (
            played(bench, config, device) for device in (devices.CPU, bench.options.device, bench.options.device)
        )
        found, itself = (apart(*pair, config.test_examples) for pair in ((one, other), (other, again)))
        return {
            "within 1e-3": not found.broken, "broken": found.broken[:10], "events": found.events,
            "largest difference": max(found.worst.values(), default=0.0), "by field": found.worst,
            "repeats itself": itself.equal, "itself apart": max(itself.worst.values(), default=0.0),
            "path": one[0].facts["path"], "seconds": [round(slow, 1), round(quick, 1)],
        }  # fmt: skip

    for name, case in PARITY.items():
        yield name, lambda case=case: compare(*case)


def speed(bench: Bench) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Local steps of a client per second, those of a cohort together; a check with its sketch; a score."""
    for device in dict.fromkeys((bench.options.device, devices.CPU)):
        for name, case in SPEED.items():

            def measured(case=case, device=device) -> dict[str, Any]:
                if BASE_SIZE in case[1].get("model", ""):
                    random_model(bench.options.models, bench.options.small)
                return pace(bench, bench.config(*case), device)

            yield f"{name} on {device}", measured


def pace(bench: Bench, config: ExperimentConfig, device: str) -> dict[str, Any]:
    """Of one round's clients from the initial weights: means over three seconds after a warm-up, at least one each."""
    if device == devices.CUDA:
        torch.cuda.reset_peak_memory_stats()
    ready = bench.prepared(config, device)
    clients = cohort_of(config.clients, config.cohort_size, config.seed, 1)
    local = LocalRound(ready, ready.initial, ready.partition, clients, 1)
    monitor = make_monitor("sketch", ready.trainer.layout.size, config.seed)
    step = mean_seconds(lambda: local.cohort.train(1))
    check = mean_seconds(lambda: monitor.estimate(DriftStatistics.of(local.cohort.drifts)), 1.0)
    score = mean_seconds(lambda: ready.score(ready.initial), 1.0)
    peak = torch.cuda.max_memory_allocated() if device == devices.CUDA else machine.peak_bytes()
    return {
        "client-steps per second": round(len(clients) / step, 1), "ms per client-step": 1000 * step / len(clients),
        "ms per check": 1000 * check, "test texts per second": config.test_examples / score,
        "trained": ready.trainer.layout.size, "clients": len(clients),
        "path": ready.facts["path"], "peak MB": round(peak / 1e6),
    }  # fmt: skip


def mean_seconds(action: Callable[[], object], at_least: float = 3.0) -> float:
    action()
    devices.finish()
    began, count = time.perf_counter(), 0
    while count == 0 or time.perf_counter() - began < at_least:
        action()
        devices.finish()
        count += 1
    return (time.perf_counter() - began) / count


def random_model(models: Path, small: bool) -> None:
    """A model folder of RoBERTa-base's size with random weights and the embedded tokenizer; made once."""
    if (models / BASE_SIZE).exists():
        return
    from transformers import RobertaConfig, RobertaModel

    from fda_core.models.embedded import load_tokenizer

    words = load_tokenizer()
    size = {"hidden_size": 48, "num_hidden_layers": 2, "intermediate_size": 96} if small else {}
    config = RobertaConfig(  # 50,265 words as RoBERTa-base has, of which the tokenizer knows 30,522
        vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1, pad_token_id=0, layer_norm_eps=1e-5, **size
    )
    torch.manual_seed(0)
    RobertaModel(config, add_pooling_layer=False).save_pretrained(models / BASE_SIZE)
    words.save_pretrained(models / BASE_SIZE)


def tests(bench: Bench) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """In this process, which knows where model and reviews are."""

    def run() -> dict[str, Any]:
        import pytest

        threads, setting = torch.get_num_threads(), os.environ.pop(devices.SETTING, None)
        code = pytest.main(["-n0", "-q", "-rs", "tests/models/test_devices.py"])
        torch.set_num_threads(threads)  # tests take one
        os.environ[devices.SETTING] = setting or bench.options.device
        return {"exit code": int(code)}

    yield "devices", run


def cell(bench: Bench) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """The lanes, each in a process of its own on the same device."""
    options = bench.options
    yield "lanes", lambda: gpu_cell.race(options, max(30.0, bench.until - time.monotonic() - 10))


def arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu-results"), metavar="DIR")
    parser.add_argument("--stages", default=",".join(SECONDS))
    parser.add_argument("--device", choices=[devices.CPU, devices.CUDA], default=devices.CUDA)
    parser.add_argument("--small", action="store_true", help="a few texts, to try the script itself")
    parser.add_argument("--pack", type=Path, metavar="DIR", help="make the folder to carry, and nothing else")
    parser.add_argument("--carried", type=Path, metavar="DIR", help="model and reviews from such a folder")
    parser.add_argument("--cell-seconds", type=float, default=SECONDS["cell"])
    parser.add_argument("--tables", type=Path, metavar="FILE", help="what stands in a gpu.json, as tables")
    parser.add_argument("--lane", help="one lane of the cell: what the cell itself starts")
    parser.add_argument("--lane-seconds", type=float, default=60.0)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    options = arguments(words)
    if options.pack:
        print(f"{carried.pack(options.pack) / 2**20:.1f} MiB in {options.pack}")
        return 0
    if options.tables:
        print(gpu_tables.tables(json.loads(options.tables.read_text())))
        return 0
    if options.carried:
        carried.unpack(options.carried)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.lane:
        gpu_cell.play(options)
        return 0
    bench = Bench(options)
    stages = {"sanity": sanity, "parity": parity, "tests": tests, "speed": speed, "cell": cell}
    with tempfile.TemporaryDirectory() as folder:
        options.models = Path(folder)
        for stage in options.stages.split(","):
            seconds = options.cell_seconds if stage == "cell" else SECONDS[stage]
            bench.until = time.monotonic() + seconds
            for name, action in stages[stage](bench):
                bench.guarded(stage, name, action)
    verdicts = [case.get("within 1e-3") for case in bench.found.get("parity", {}).values()]
    print(f"parity to {TOLERANCE}: {verdicts.count(True)} of {len(verdicts)} cases; results in {options.out}")
    return 0 if all(verdict is not False for verdict in verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
