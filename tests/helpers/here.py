"""Stands in for Flower's environment: a program that says what `fda_flower.here` says, and writes a record of its own.

`HERE` says what becomes of it: `finished`, `failed`, or `stopped`, for which it waits to be told.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

WHAT = "HERE"


def environment(folder: Path) -> Path:
    """What `FDA_OPT_LAB_FLOWER` is to name."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    (programs / "flower-superlink").touch()
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    python.chmod(0o755)
    return folder


def tell(**said: str) -> None:
    print(json.dumps(said), flush=True)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from fda_core.settings.config import ExperimentConfig
    from tests.helpers.fake import Fake

    config = ExperimentConfig(**json.loads(sys.argv[sys.argv.index("--experiment") + 1]))
    with tempfile.TemporaryDirectory() as folder:
        tell(folder=folder)
        for stage in ("superlink", "nodes", "run"):
            tell(stage=stage)
        record = Path(folder) / "record"
        record.mkdir()
        with open(record / "events.jsonl", "w") as file:
            for event in Fake()(config, lambda *_: None, lambda: None):
                line = event.model_dump(mode="json", by_alias=True)
                if line["event"] == "run_started":
                    line["source"] = "flower"
                print(json.dumps(line), file=file, flush=True)
        what = os.environ[WHAT]
        if what != "stopped":
            tell(status=what, why="ImportError: no such module" if what == "failed" else "")
        sys.stdin.readline()


if __name__ == "__main__":
    main()
