"""What a benchmark ran on and how it was started: the lines above every table."""

import datetime
import os
import shlex
import subprocess
import sys
from pathlib import Path

import torch

from fda_core.support.machine import processor

ROOT = Path(__file__).parents[1]


def about(module: str) -> dict[str, str | int]:
    """Facts about machine and command; `module` is the benchmark's name behind `python -m`."""
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {memory()}",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "command": f"python -m {module} {shlex.join(sys.argv[1:])}".strip(),
    }


def commit() -> str:
    """The commit that is measured, with a + where files differ from it."""
    try:
        known = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return known.stdout.strip()


def lines(facts: dict) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n"


def memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return "memory unknown"


def peak_bytes() -> int:
    """Of this process; a Mac counts bytes, Linux units of 1,024 bytes."""
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A markdown table."""
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n{body}"
