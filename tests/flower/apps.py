"""The two apps that are run, the example with its patch and logistic regression: on disk, and in this process."""

import importlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from flwr.app import Context, RecordDict

from fda_flower import strategies
from tests.flower.local_grid import LocalGrid

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "flower-minilm"

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "tiny"
version = "1.0.0"
description = "Logistic regression."
license = "MIT"
dependencies = []

[tool.flwr.app]
publisher = "tests"

[tool.flwr.app.components]
serverapp = "tiny.server_app:app"
clientapp = "tiny.client_app:app"

[tool.flwr.app.config]
rounds = 3
nodes = 3
share = 1.0
"""
CLIENT = """
from fda_flower import fda_mod
from tiny.tiny_app import make_app

app = make_app(fda_mod)
"""
SERVER = """
from flwr.serverapp import ServerApp

from fda_flower import Fda, FdaAvg
from tiny.tiny_app import config, initial

app = ServerApp()


@app.main()
def main(grid, context):
    run = context.run_config
    strategy = FdaAvg(
        fraction_train=run["share"], min_train_nodes=2, min_available_nodes=run["nodes"], fraction_evaluate=0.0,
        fda=Fda(look_ahead=5),
    )
    strategy.start(grid, initial(), run["rounds"], train_config=config())
"""


class Kept:
    """A watcher that keeps everything."""

    def __init__(self):
        self.rounds = []

    def played(self, round):
        self.rounds.append(round)

    def scored(self, metrics):
        pass


def write_tiny(folder: Path) -> Path:
    """Logistic regression as an app of Flower's hub."""
    (folder / "tiny").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    shutil.copy(ROOT / "tests" / "flower" / "tiny_app.py", folder / "tiny" / "tiny_app.py")
    for name, text in (("__init__", ""), ("client_app", CLIENT), ("server_app", SERVER)):
        (folder / "tiny" / f"{name}.py").write_text(text)
    return folder


def write_minilm(folder: Path) -> Path:
    """The example with its patch."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(["git", "apply", folder / "fda.patch"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and "FdaAdam" in (folder / "flower_minilm" / "server_app.py").read_text(), done.stderr
    return folder


def changed_lines() -> tuple[int, int]:
    """Of the example's patch: lines that change, and imports."""
    added = [line for line in (EXAMPLE / "fda.patch").read_text().splitlines() if line[:1] == "+" != line[1:2]]
    imports = sum("import" in line for line in added)
    return len(added) - imports, imports


def config_of(app: Path, **changes) -> dict:
    """The app's settings."""
    known = tomllib.loads((app / "pyproject.toml").read_text())["tool"]["flwr"]["app"]["config"]
    return known | changes


def in_process(app: Path, package: str, run_config: dict, nodes: int) -> list:
    """The app played here: its rounds."""
    kept, original = Kept(), strategies.FdaGrid
    strategies.FdaGrid = lambda grid, fda, watcher: original(grid, fda, kept)
    try:
        played(app, package, run_config, nodes)
    finally:
        strategies.FdaGrid = original
    return kept.rounds


def played(app: Path, package: str, run_config: dict, nodes: int) -> None:
    """The app played here."""
    sys.path.insert(0, str(app))
    try:
        client, server = (importlib.import_module(f"{package}.{part}_app").app for part in ("client", "server"))
        grid = LocalGrid(client, nodes)
        for context in grid.contexts.values():
            context.run_config = run_config
        server(grid, Context(7, 1, {}, RecordDict(), run_config))
    finally:
        sys.path.remove(str(app))
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[name]


def told(rounds: list) -> list[tuple]:
    """(epochs, reason, variance, Θ) of each."""
    return [(r.epochs, r.reason, r.variance, r.threshold_next) for r in rounds]
