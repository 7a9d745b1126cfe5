"""The Heterogeneity page: who has which labels at the chosen α, and what that did to real runs."""

import numpy as np
import streamlit as st

from fda_core.atlas.cells import LOCAL_EPOCHS
from fda_core.data.labels import LABELS, labels_per_client
from fda_core.settings.config import ExperimentConfig
from fda_core.settings.fields import ALPHAS
from ui.components.live_chart import figure_json, live_chart
from ui.settings_panel.controls import ends
from ui.settings_panel.handover import to_race
from ui.shared.lane_looks import palette
from ui.shared.tables import text_table
from ui.state.address import from_address, keep_words, linked, moved
from ui.state.choice import choose
from ui.state.session import shown_run
from ui.text.glossary import marked
from ui.text.i18n import t, together
from ui.text.problems import said
from ui.views.heterogeneity.client_labels import labels_sentence, of_run
from ui.views.heterogeneity.heterogeneity_charts import effects_chart, labels_chart
from ui.views.heterogeneity.recorded_effects import (
    cells,
    cost_sentences,
    race_labels,
    series,
    table,
    target_words,
    variance_sentences,
)

HEIGHT = 365


def page() -> None:
    """One row of controls, what is to be said, the clients' labels beside the effects, the table."""
    of_run(*shown_run())
    config, problem = chosen()
    if problem:
        st.warning(t("settings.bad_link", problem=said(problem)))
    counts = shared_labels(config.train_examples, config.clients, config.alpha, config.seed, config.sizes)
    runs, found = series(), cells()
    effects = [*variance_sentences(runs, config.alpha), *cost_sentences(found, config.alpha)]
    st.markdown(marked(together([labels_sentence(counts, config.alpha), *effects])))
    left, right = st.columns([3, 2])
    with left:
        show("labels", labels_chart(counts, [t(f"heterogeneity.label_{name}") for name in LABELS], palette()), config)
    with right.container(key="mix_effects"):
        if runs:
            show("effects", effects_chart(runs, found, race_labels(), palette(), config.alpha), config)
    if found:
        with st.container(key="mix_table"):
            text_table(table(found, runs))
        few, many = (pick(each.runs for each in found) for pick in (min, max))
        st.caption(t("heterogeneity.recorded", few=few, many=many, goal=target_words(), epochs=LOCAL_EPOCHS))
    if st.button(t("heterogeneity.race"), key="mix_race", icon=":material/sports_score:"):
        to_race(config)


def chosen() -> tuple[ExperimentConfig, str | None]:
    """What the address or the controls say; the preset's other values."""
    state = st.session_state
    if "mix" not in state or linked() or moved():
        base, problem = from_address()
        state.mix, state.mix_problem = base, problem
        state.mix_alpha, state.mix_clients, state.mix_seed = base.alpha, base.clients, base.seed
    base = state.mix
    first, second, third = st.columns([3, 2, 1])
    with first:
        options = sorted({*ALPHAS, base.alpha}, reverse=True)
        choose(
            "select_slider", t("settings.alpha"), options, key="mix_alpha", help=t("settings.alpha_help"),
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
def shared_labels(train_examples: int, clients: int, alpha: float, seed: int, sizes: str) -> np.ndarray:
    """Examples by client and label, dealt once for all viewers with these settings."""
    wanted = {"train_examples": train_examples, "clients": clients, "alpha": alpha, "seed": seed, "sizes": sizes}
    return labels_per_client(ExperimentConfig(**wanted))


def show(name: str, figure, config: ExperimentConfig) -> None:
    """A chart of this page, 365 px high, with the α and the clients in its words for who cannot see it."""
    live_chart(
        figure_json(figure, name), key=f"mix-{name}", height=HEIGHT, unavailable=t("chart.unavailable"),
        alt=t(f"heterogeneity.alt_{name}", alpha=f"{config.alpha:g}", clients=config.clients),
    )  # fmt: skip
