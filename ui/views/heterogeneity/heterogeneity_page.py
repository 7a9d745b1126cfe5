"""The Heterogeneity page: who has which labels at the chosen α, and what that did to real runs."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fda_core.analysis.effects import Effect, effect
from fda_core.analysis.summary import started
from fda_core.data.labels import LABELS, labels_per_client
from fda_core.runs.recorded import names, recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig
from ui.components.live_chart import figure_json, live_chart
from ui.settings_panel.controls import ALPHAS, ends
from ui.settings_panel.handover import to_race
from ui.shared.charts import palette
from ui.shared.tables import text_table
from ui.state.address import from_address, keep_words, linked
from ui.state.session import shown_run
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.numbers import of_hundred, percent, significant, tenths
from ui.text.problems import said
from ui.text.sentences import goal, lane_labels, spent
from ui.views.heterogeneity.heterogeneity_charts import effects_chart, labels_chart

HEIGHT, HEIGHT_OWN = 400, 300
MOST_LABELS = 12  # in one chart
SERIES = "alpha-"  # the recorded runs that differ in α only
ONE_SIDED = 0.9  # share of one label from which a client is called one-sided


def page() -> None:
    """One row of controls, the clients' labels beside the effects, two sentences, the table."""
    of_run(*shown_run())
    config, problem = chosen()
    if problem:
        st.warning(t("settings.bad_link", problem=said(problem)))
    counts = shared_labels(config.train_examples, config.clients, config.alpha, config.seed)
    runs = series()
    st.markdown(marked(" ".join([labels_sentence(counts, config.alpha), *effect_sentences(runs, config.alpha)])))
    left, right = st.columns([3, 2])
    with left:
        show("labels", labels_chart(counts, [t(f"heterogeneity.label_{name}") for name in LABELS], palette()), config)
    with right.container(key="mix_effects"):
        if runs:
            show("effects", effects_chart(runs, labels_of(), palette(), config.alpha), config)
    if runs:
        with st.container(key="mix_table"):
            text_table(table(runs))
        st.caption(t("heterogeneity.recorded", seed=runs[0].seed, goal=goal(recorded(series_names()[0]).config.target)))
    if st.button(t("heterogeneity.race"), key="mix_race", icon=":material/sports_score:"):
        to_race(config)


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
        height=HEIGHT_OWN, unavailable=t("chart.unavailable"), alt=t("heterogeneity.alt_own", clients=len(counts)),
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


def chosen() -> tuple[ExperimentConfig, str | None]:
    """What the address or the controls say; the preset's other values."""
    state = st.session_state
    if "mix" not in state or linked():
        base, problem = from_address()
        state.mix, state.mix_problem = base, problem
        state.mix_alpha, state.mix_clients, state.mix_seed = base.alpha, base.clients, base.seed
    base = state.mix
    first, second, third = st.columns([3, 2, 1])
    with first:
        options = sorted({*ALPHAS, base.alpha}, reverse=True)
        st.select_slider(
            t("settings.alpha"), options, key="mix_alpha", help=t("settings.alpha_help"), persist_state="session",
            format_func=lambda alpha: t("settings.alpha_value", alpha=alpha),
        )  # fmt: skip
        ends(t("settings.alike"), t("settings.different"))
    second.slider(t("settings.clients"), 2, max(200, base.clients), key="mix_clients", persist_state="session")
    third.number_input(t("settings.seed"), 0, 2**31 - 1, key="mix_seed", persist_state="session")
    values = {"alpha": state.mix_alpha, "clients": state.mix_clients, "seed": state.mix_seed}
    keep_words(**{name: f"{value:g}" for name, value in values.items() if value != getattr(ExperimentConfig(), name)})
    cohort = min(base.cohort_size, state.mix_clients)
    return ExperimentConfig(**base.to_dict() | values | {"clients_per_round": cohort}), state.mix_problem


@st.cache_data(max_entries=64, show_spinner=False)
def shared_labels(train_examples: int, clients: int, alpha: float, seed: int) -> np.ndarray:
    return labels_per_client(ExperimentConfig(train_examples=train_examples, clients=clients, alpha=alpha, seed=seed))


def series_names() -> list[str]:
    return [name for name in names() if name.startswith(SERIES)]


@st.cache_data(show_spinner=False)
def series() -> list[Effect]:
    """The recorded runs, the most alike clients first."""
    return sorted((effect(recorded(name).events) for name in series_names()), key=lambda run: -run.alpha)


def labels_of() -> dict[str, str]:
    return lane_labels(recorded(series_names()[0]).config)


def show(name: str, figure, config: ExperimentConfig) -> None:
    live_chart(
        figure_json(figure, name), key=f"mix-{name}", height=HEIGHT, unavailable=t("chart.unavailable"),
        alt=t(f"heterogeneity.alt_{name}", alpha=f"{config.alpha:g}", clients=config.clients),
    )  # fmt: skip


def labels_sentence(counts: np.ndarray, alpha: float) -> str:
    """counts: [clients, labels]."""
    shares = counts.max(axis=1) / counts.sum(axis=1)
    return t(
        "heterogeneity.labels", alpha=f"{alpha:g}", clients=len(counts), one_sided=int((shares >= ONE_SIDED).sum()),
        share=of_hundred(ONE_SIDED, 0), middle=of_hundred(np.median(shares), 0),
    )  # fmt: skip


def effect_sentences(runs: Sequence[Effect], alpha: float) -> list[str]:
    """The recorded run nearest to the α against the one with the most alike clients."""
    if len(runs) < 2:
        return []
    alike, near = runs[0], min(runs, key=lambda run: abs(np.log(run.alpha / alpha)))
    ours, before = monitored(near), monitored(alike)
    if near is alike or None in (near.variance, alike.variance, ours.epochs, before.epochs):
        return [t("heterogeneity.alike", alpha=f"{alike.alpha:g}")]
    return [
        t(
            "heterogeneity.effect", near=f"{near.alpha:g}", alike=f"{alike.alpha:g}",
            times=tenths(near.variance / alike.variance), epochs=tenths(ours.epochs), before=tenths(before.epochs),
        ),
        t("heterogeneity.reached_both" if ours.to_target and schedule(near).to_target else
          "heterogeneity.reached_ours" if ours.to_target else
          "heterogeneity.reached_theirs" if schedule(near).to_target else "heterogeneity.reached_none",
          ours=spent(ours.to_target), theirs=spent(schedule(near).to_target)),
    ]  # fmt: skip


def monitored(run: Effect):
    """The FDA lane."""
    return next(lane for lane in run.lanes if lane.lane.startswith("fda"))


def schedule(run: Effect):
    """The first FedOpt lane."""
    return next(lane for lane in run.lanes if lane.lane.startswith("fedopt"))


def table(runs: Sequence[Effect]) -> list[dict[str, str]]:
    labels = labels_of()
    return [
        {
            t("runs.alpha"): f"{run.alpha:g}",
            t("heterogeneity.variance"): significant(run.variance),
            t("heterogeneity.epochs"): tenths(monitored(run).epochs),
            **{labels[lane.lane]: cell(lane) for lane in run.lanes},
        }
        for run in runs
    ]


def cell(lane) -> str:
    return t("heterogeneity.cell", spent=spent(lane.to_target), best=percent(lane.best_accuracy))
