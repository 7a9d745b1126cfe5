"""Who has which labels: of the clients that are drawn here, and of those in the run looked at."""

import numpy as np
import streamlit as st

from fda_core.analysis.summary import started
from fda_core.runs.snapshot import Snapshot
from ui.components.live_chart import figure_json, live_chart
from ui.shared.lane_looks import palette
from ui.text.i18n import t
from ui.text.numbers import of_hundred
from ui.views.heterogeneity.heterogeneity_charts import labels_chart

HEIGHT = 300
MOST_LABELS = 12  # in one chart
ONE_SIDED = 0.9  # share of one label from which a client is called one-sided


def labels_sentence(counts: np.ndarray, alpha: float) -> str:
    """counts: [clients, labels]."""
    shares = counts.max(axis=1) / counts.sum(axis=1)
    return t(
        "heterogeneity.labels", alpha=f"{alpha:g}", clients=len(counts), one_sided=int((shares >= ONE_SIDED).sum()),
        share=of_hundred(ONE_SIDED, 0), middle=of_hundred(np.median(shares), 0),
    )  # fmt: skip


def of_run(run: Snapshot | None, problem: str | None) -> None:
    """The clients of the run looked at, where they are not those of the reviews."""
    start = started(run.events) if run and run.config.dataset != "reviews" else None
    if start is None:
        return
    found = owned(start.facts)
    if found is None:
        return
    counts, labels, names = found
    shares = counts.max(axis=1) / counts.sum(axis=1)
    st.markdown(
        t(
            "heterogeneity.of_run" if run.config.partition == "column" else "heterogeneity.of_run_drawn",
            clients=len(counts), one_sided=int((shares >= ONE_SIDED).sum()), share=of_hundred(ONE_SIDED, 0),
            middle=of_hundred(np.median(shares), 0), least=int(counts.sum(axis=1).min()),
            most=int(counts.sum(axis=1).max()), alpha=f"{run.config.alpha:g}",
        )
    )  # fmt: skip
    live_chart(
        figure_json(labels_chart(*together(counts, labels), palette(), names), f"own-{run.run_id}"), key="mix-own",
        height=HEIGHT, unavailable=t("chart.unavailable"), alt=t("heterogeneity.alt_own", clients=len(counts)),
    )  # fmt: skip
    st.subheader(t("heterogeneity.with_reviews"))


def owned(facts: dict) -> tuple[np.ndarray, list[str], list[str]] | None:
    """Examples [clients, labels], the labels' names and the clients'; None where a record does not say."""
    try:
        labels = [str(name) for name in facts["labels"]]
        counts = np.array([client["labels"] for client in facts["clients"]], dtype=int).reshape(-1, len(labels))
        names = [str(client.get("name", client["id"])) or t("own.others") for client in facts["clients"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return (counts, labels, names) if len(counts) and (counts.sum(axis=1) > 0).all() else None


def together(counts: np.ndarray, labels: list[str]) -> tuple[np.ndarray, list[str]]:
    """The most frequent labels; the others as one."""
    if len(labels) <= MOST_LABELS:
        return counts, labels
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    first, rest = order[: MOST_LABELS - 1], order[MOST_LABELS - 1 :]
    joined = np.column_stack([counts[:, first], counts[:, rest].sum(axis=1)])
    return joined, [*(labels[i] for i in first), t("heterogeneity.other_labels", count=len(rest))]
