"""A report of runs as one HTML file that needs no network: to be mailed, opened and printed."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from urllib.parse import parse_qsl

import plotly.graph_objects as go
from jinja2 import Environment

from fda_core.runs.audit import audit
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import runs_folder
from fda_core.settings.assignments import to_query
from fda_core.settings.config import ExperimentConfig
from ui.shared import replay_controls
from ui.text.i18n import t
from ui.text.viewer import viewing

TEMPLATE = Path(__file__).with_name("report.html")


def texts(runs: Sequence[Snapshot], names: Sequence[str]) -> dict:
    """All that the page says besides its numbers, in the language of whoever looks: they are not there any more when
    the page is made."""
    return {
        "language": viewing().language, "title": t("runs.report_title"),
        "no_script": t("runs.no_script"), "origin": t("runs.origin"),
        "runs": [
            {
                "id": run.run_id, "name": name, "settings": settings(run.config),
                "recorded": replay_controls.label(run, UTC),
            }
            for run, name in zip(runs, names, strict=True)
        ],
    }  # fmt: skip


def settings(config: ExperimentConfig) -> str:
    """What differs from the program's own defaults."""
    return ", ".join(f"{name} = {value}" for name, value in parse_qsl(to_query(config, ExperimentConfig())))


def html(texts: dict, words: Sequence[str], figure: go.Figure, alt: str, rows: list[dict[str, str]], note: str) -> str:
    """The page: sentences, the chart with its library, the table, and where each run's numbers come from."""
    chart = go.Figure(figure).update_layout(template="plotly_white").to_html(full_html=False, include_plotlyjs=True)
    page = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    words = [sentence.replace("**", "") for sentence in words]
    return page.render(**texts, digest=digest, chart=chart, words=words, alt=alt, rows=rows, note=note)


def digest(run_id: str) -> str:
    """The sha256 of the run's record as it is now, for its reader to compare. Raises `StoreError` without one."""
    return audit(runs_folder() / run_id).digest
