"""Whether two runs are the same run: `python -m benchmarks.same_events RUN_A RUN_B`.

Every event is compared field by field, but for what a clock or a machine says: times of day, measured seconds,
versions, the run's id, and the digest over lines that contain these. The exit code is 0 for the same run, 1 otherwise.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OF_THE_MACHINE = {"time", "run_id", "seconds", "versions", "digest"}
MEASURED_FACTS = {"seconds_per_step"}


def told(line: str) -> dict[str, Any]:
    """An event without what differs between two runs of one configuration."""
    event = {name: value for name, value in json.loads(line).items() if name not in OF_THE_MACHINE}
    if "facts" in event:
        event["facts"] = {name: value for name, value in event["facts"].items() if name not in MEASURED_FACTS}
    return event


def events(run: Path) -> list[dict[str, Any]]:
    return [told(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def differences(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each field that differs, and one for events that only one of the runs has."""
    if len(one) != len(other):
        yield f"{len(one)} events against {len(other)}"
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        for name in sorted(mine.keys() | theirs.keys()):
            if mine.get(name) != theirs.get(name):
                yield f"event {number}, {name}: {mine.get(name)!r} against {theirs.get(name)!r}"[:300]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_events", description=__doc__)
    parser.add_argument("runs", type=Path, nargs=2, metavar="RUN")
    one, other = map(events, parser.parse_args(words).runs)
    found = list(differences(one, other))
    print(*found[:20], sep="\n", end="\n" if found else "")
    print(f"{len(one)} events: {'the same' if not found else f'{len(found)} differences'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
