"""Do the tests notice a mistake? `python -m benchmarks.mutations [--tree DIR] [--tier default|all] [--only N …]`.

Forty mistakes (`mutations.toml`), each made alone in a copy of the tree; then the tests of the rooms concerned run
until the first failure. A mutation is *caught* when a test fails, and *survives* when all pass. `--tree` takes another
checkout; in one from before the core had rooms, files and tests are found where they stood then. A text that is no
longer in its file, or is there twice, ends the command.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "*_cache", ".hypothesis")
OUTPUT = ".tests.txt"
LIMIT = 1200  # seconds; a mistake may make a loop endless, which counts as caught

# Every mistake gets a process that has loaded the libraries already, and nothing of ours. Linux and macOS only.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["torch", "transformers", "peft", "pandas", "hypothesis", "pytest"])

# Whose tests are asked about a mistake in a room, and which files those were before the rooms.
TESTS = {
    "algorithm": ("algorithm", "federation"), "federation": ("federation",), "data": ("data",), "models": ("models",),
    "runs": ("runs",), "analysis": ("analysis",), "cost": ("cost",), "settings": ("settings",),
}  # fmt: skip
WERE = {
    "algorithm": ["test_policies", "test_monitors", "test_servers", "test_network", "test_sketch", "test_events"],
    "federation": [
        "data/test_batches", "test_engine", "test_engine_race", "test_fidelity", "test_metrics", "test_properties",
        "test_references", "test_resumption",
    ],
    "data": ["data/test_hub", "data/test_partition", "data/test_reading", "data/test_reviews", "data/test_split",
             "data/test_table"],
    "models": ["models"],
    "runs": [
        "runs/test_audit", "runs/test_exports", "runs/test_imports", "runs/test_index", "runs/test_index_damage",
        "runs/test_meta", "runs/test_own_table", "runs/test_record", "runs/test_resume", "runs/test_store",
        "runs/test_store_crash", "runs/test_tidy", "runs/test_trash",
    ],
    "analysis": [
        "runs/test_bands", "runs/test_comparison", "runs/test_curves", "runs/test_film", "runs/test_replay",
        "runs/test_summary",
    ],
    "cost": ["test_budget", "test_calibration", "test_preview", "runs/test_paces"],
    "settings": ["test_assignments", "test_config", "test_presets", "data/test_glue"],
}  # fmt: skip


class Mutation(NamedTuple):
    """One row of `mutations.toml`."""

    name: str
    room: str
    file: str
    old: str
    new: str
    breaks: str
    was: str | None = None

    def place(self, tree: Path) -> Path:
        """The file in this checkout; the first name if it is under neither."""
        names = [self.file, *([self.was] if self.was else [])]
        return next((tree / name for name in names if (tree / name).is_file()), tree / self.file)

    def apply(self, tree: Path) -> str:
        """Makes the mistake and returns the file's text before. Raises SystemExit where the text is not there once."""
        place = self.place(tree)
        text = place.read_text(encoding="utf-8") if place.is_file() else ""
        if (count := text.count(self.old)) != 1:
            raise SystemExit(f"{self.name}: {self.old!r} is {count} times in {place}: mend benchmarks/mutations.toml.")
        place.write_text(text.replace(self.old, self.new), encoding="utf-8")
        return text


def mutations() -> list[Mutation]:
    rows = tomllib.loads((ROOT / "benchmarks" / "mutations.toml").read_text(encoding="utf-8"))["mutation"]
    return [Mutation(**row) for row in rows]


def tests_of(room: str, tree: Path) -> list[str]:
    """Paths of the tests that are asked, in the tree's own layout."""
    rooms = TESTS[room]
    if (tree / "tests" / rooms[0]).is_dir() and (tree / "fda_core" / room).is_dir():
        return [f"tests/{name}" for name in rooms if (tree / "tests" / name).is_dir()]
    names = [name for each in rooms for name in WERE[each]]
    return [path for name in names for path in (f"tests/{name}", f"tests/{name}.py") if (tree / path).exists()]


def failing_test(tree: Path, paths: list[str], tier: str) -> str | None:
    """The first test that fails; None if all pass. Raises SystemExit where tests cannot run at all."""
    words = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "--no-header", "--tb=no", *paths]
    words += ["-m", "not (browser or server)"] if tier == "all" else []
    process = PROCESSES.Process(target=run_tests, args=(tree, words))
    process.start()
    process.join(LIMIT)
    if process.is_alive():
        process.kill()
        return f"no end within {LIMIT} s"
    said = (tree / OUTPUT).read_text(encoding="utf-8")
    if process.exitcode == 0:
        return None
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR")) and "::" in line]
    if not failed:
        raise SystemExit(f"pytest {' '.join(words)} did not run in {tree}:\n{said[-2000:]}")
    return failed[0].split(" ", 1)[1].split(" - ")[0]


def run_tests(tree: Path, words: list[str]) -> None:
    """In a process of its own, which ends with what pytest returns."""
    import hypothesis
    import pytest

    hypothesis.settings.register_profile("no deadline", deadline=None)  # a slow machine is no mistake found
    hypothesis.settings.load_profile("no deadline")
    # Nothing of this checkout: neither for the tests nor for the processes they start, which would import it again.
    for name in [name for name in sys.modules if name.split(".")[0] in ("benchmarks", "__main__", "__mp_main__")]:
        del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")
    sys.path[:] = [str(tree), *(path for path in sys.path if Path(path).resolve() != ROOT)]
    os.chdir(tree)
    os.environ |= {
        "HF_HUB_OFFLINE": "1", "FDA_OPT_LAB_RUNS": str(tree / ".runs"), "FDA_OPT_LAB_CACHE": str(tree / ".cache"),
    }  # fmt: skip
    sys.dont_write_bytecode = True  # a mistake of the same length within a second would not be seen
    with open(OUTPUT, "w", encoding="utf-8") as output, redirect_stdout(output):
        code = pytest.main(words)
    sys.exit(int(code))


def judged(mutation: Mutation, tree: Path, tier: str) -> str | None:
    """Who catches it, None for a survivor; the tree is as before afterwards."""
    before = mutation.apply(tree)
    try:
        return failing_test(tree, tests_of(mutation.room, tree), tier)
    finally:
        mutation.place(tree).write_text(before, encoding="utf-8")


def chosen(only: list[int]) -> list[tuple[int, Mutation]]:
    numbered = list(enumerate(mutations(), 1))
    return [(number, each) for number, each in numbered if not only or number in only]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", type=Path, default=ROOT, metavar="DIR", help="another checkout")
    parser.add_argument("--tier", choices=("default", "all"), default="default", help="which tests are asked")
    parser.add_argument("--only", type=int, nargs="*", default=[], metavar="N", help="these numbers alone")
    parser.add_argument("--check", action="store_true", help="only see that every text is where it should be")
    asked = parser.parse_args()
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(asked.tree, tree, ignore=NOT_COPIED, symlinks=True)
        if asked.check:
            for _, mutation in chosen(asked.only):
                mutation.place(tree).write_text(mutation.apply(tree), encoding="utf-8")
            return
        caught = 0
        for number, mutation in chosen(asked.only):
            began = perf_counter()
            by = judged(mutation, tree, asked.tier)
            caught += by is not None
            said = f"caught by {by}" if by else f"SURVIVED: {mutation.breaks}"
            print(
                f"{number:>2} {mutation.room:<10} {mutation.name:<32} {perf_counter() - began:5.0f} s  {said}",
                flush=True,
            )
        print(f"{caught} of {len(chosen(asked.only))} caught")


if __name__ == "__main__":
    main()
