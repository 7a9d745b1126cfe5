"""What `benchmarks.gpu` found, as tables for the docs."""

from typing import Any

from benchmarks import machine


def tables(found: dict[str, Any]) -> str:
    """Parity, speed and the cell in markdown."""
    cases = [
        [name, case["path"], str(case["events"]), f"{case['largest difference']:.1e}", f"{case['itself apart']:.1e}"]
        for name, case in found.get("parity", {}).items() if "path" in case
    ]  # fmt: skip
    paces = [
        [name, f"{case['client-steps per second']:,}", f"{case['ms per client-step']:.2f}",
         f"{case['ms per check']:.1f}", f"{case['test texts per second']:,.0f}", f"{case['peak MB']:,}"]
        for name, case in found.get("speed", {}).items() if "path" in case
    ]  # fmt: skip
    lanes = found.get("cell", {}).get("lanes", {})
    reached = [
        [target, lane, *([str(cost[x]) for x in ("MB", "round", "epochs")] if cost else ["–"] * 3)]
        for target, costs in lanes.get("crossings", {}).items() for lane, cost in costs.items()
    ]  # fmt: skip
    return "\n\n".join(
        machine.table(*each)
        for each in (
            (["configuration", "path", "events", "largest difference", "GPU against itself"], cases),
            (["what", "client-steps a second", "ms each", "ms a check", "test texts a second", "peak MB"], paces),
            (["target", "lane", "MB", "round", "local epochs"], reached),
        )
    )
