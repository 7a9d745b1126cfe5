"""The model and what is trained of it: widgets in the sidebar, and what a transfer weighs before anything is loaded."""

from typing import Any

import streamlit as st

from fda_core.models.payload import ENCODERS, encoder_of, size_of
from fda_core.settings import model_names
from fda_core.settings.config import EMBEDDED_LAYERS, LORA_TARGETS, MODELS, TRAINED, ExperimentConfig
from ui.settings_panel import own_data
from ui.text.i18n import plain, t
from ui.text.numbers import megabytes
from ui.text.viewer import engineer

SUGGESTED = tuple(name for name in ENCODERS if model_names.allowed(name) and name != "all-MiniLM-L6-v2")
RANKS = (1, 2, 4, 8, 16, 32, 64)
MOST_LAYERS = 100


def adopt(config: ExperimentConfig) -> None:
    """Puts a configuration into the widgets."""
    state = st.session_state
    state.model, state.trained, state.trained_layers = config.model, config.trained, config.trained_layers
    state.rank, state.lora_layers, state.targets = config.lora.rank, config.lora.layers, list(config.lora.targets)


def draw(frozen: bool, config: ExperimentConfig | None) -> None:
    """The widgets; config: what all settings say, None while something of them is not allowed."""
    common = {"disabled": frozen, "persist_state": "session"}
    with st.expander(t("model.title"), key="model_part"):
        choose(common)
        state = st.session_state
        if state.trained == "lora" and engineer():
            st.select_slider(t("model.rank"), sorted({*RANKS, state.rank}), key="rank", **common)
            st.number_input(t("model.layers"), 1, depth(), key="lora_layers", **common)
            st.multiselect(
                t("model.targets"), LORA_TARGETS, key="targets", format_func=lambda name: t(f"model.target_{name}"),
                placeholder=t("model.targets_hint"), **common,
            )  # fmt: skip
        if state.trained == "last":
            st.number_input(t("model.trained_layers"), 1, depth(), key="trained_layers", **common)
        if config is not None:
            st.caption(" ".join(sends(config)))


def choose(common: dict[str, Any]) -> None:
    """Models go by their names: a browser keeps a label, and where others can be typed takes it for a new name."""
    state = st.session_state
    st.selectbox(
        t("model.model"), list(dict.fromkeys([*MODELS, *SUGGESTED, *model_names.offered(), state.model])), key="model",
        accept_new_options=True, help=t("model.help", shelf=model_names.MODELS_FOLDER), **common,
    )  # fmt: skip
    st.selectbox(
        t("model.trained"), TRAINED, key="trained", format_func=lambda name: t(f"model.trained_{name}"), **common
    )


def depth() -> int:
    """The most layers that can be asked for; a model that is not known here says so when it is loaded."""
    state = st.session_state
    known = EMBEDDED_LAYERS if state.model in MODELS else getattr(encoder_of(state.model), "layers", MOST_LAYERS)
    return max(known, state.lora_layers, state.trained_layers)


def collect() -> dict[str, Any]:
    """What the widgets say, as settings; whether it is allowed says the configuration."""
    state = st.session_state
    lora = {"rank": state.rank, "layers": state.lora_layers, "targets": list(state.targets)}
    return {
        "model": (state.model or "").strip(), "trained": state.trained, "trained_layers": state.trained_layers,
        "lora": lora,
    }  # fmt: skip


def sends(config: ExperimentConfig) -> list[str]:
    """What a client and a round send, and which way the training takes; or that it shows once the model is loaded."""
    size = size_of(config, own_data.label_count(config))
    if size is None:
        return [t("model.unknown", model=plain(config.model))]
    cohort = config.cohort_size
    words = t("model.sends", once=megabytes(size.bytes), round=megabytes(2 * cohort * size.bytes), clients=cohort)
    return [words, t("model.fast" if size.fast else "model.plain")]
