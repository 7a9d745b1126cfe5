"""The terminal, and how numbers are written in its tables."""

from collections.abc import Callable

from rich.console import Console

from fda_core.cost.estimate import Span

console = Console()


def megabytes(count: int) -> str:
    """Decimal megabytes: 1 MB = 1,000,000 bytes."""
    return f"{count / 1e6:.1f}"


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def span(value: Span, show: Callable[[float], str]) -> str:
    likely, most = show(value.likely), show(value.most)
    return likely if likely == most else f"{likely} (≤ {most})"
