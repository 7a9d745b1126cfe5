"""The model and what is trained of it: widgets in the sidebar, and what a transfer weighs before anything is loaded."""

from typing import Any

import streamlit as st

from fda_core.models.payload import ENCODERS, encoder_of, size_of
from fda_core.settings import model_names
from fda_core.settings.config import EMBEDDED_LAYERS, MODELS, ExperimentConfig
from fda_core.settings.fields import Setting, placed
from ui.settings_panel import own_data, widgets
from ui.text.i18n import plain, t, together
from ui.text.numbers import megabytes
from ui.text.viewer import engineer

SUGGESTED = tuple(name for name in ENCODERS if model_names.allowed(name) and name != "all-MiniLM-L6-v2")
MOST_LAYERS = 100


def draw(frozen: bool, config: ExperimentConfig | None) -> None:
    """The widgets; config: what all settings say, None while something of them is not allowed."""
    with st.expander(t("model.title"), key="model_part"):
        for setting in placed("model"):
            if asked(setting):
                widgets.draw(setting, frozen, **special(setting))
        if config is not None:
            st.caption(together(sends(config)))


def asked(setting: Setting) -> bool:
    """What is trained decides what else there is to say."""
    trained = st.session_state.trained
    if setting.key == "trained_layers":
        return trained == "last"
    return not setting.engineer or (trained == "lora" and engineer())


def special(setting: Setting) -> dict[str, Any]:
    """Models go by their names: a browser keeps a label, and where others can be typed takes it for a new name."""
    state = st.session_state
    match setting.key:
        case "model":
            known = dict.fromkeys([*MODELS, *SUGGESTED, *model_names.offered(), state.model])
            return {"options": list(known), "help": t(setting.help, shelf=model_names.MODELS_FOLDER)}
        case "lora_layers" | "trained_layers":
            return {"most": depth()}
        case "targets":
            return {"placeholder": t("model.targets_hint")}
    return {}


def depth() -> int:
    """The most layers that can be asked for; a model that is not known here says so when it is loaded."""
    state = st.session_state
    known = EMBEDDED_LAYERS if state.model in MODELS else getattr(encoder_of(state.model), "layers", MOST_LAYERS)
    return max(known, state.lora_layers, state.trained_layers)


def sends(config: ExperimentConfig) -> list[str]:
    """What a client and a round send, and which way the training takes; or that it shows once the model is loaded."""
    size = size_of(config, own_data.label_count(config))
    if size is None:
        return [t("model.unknown", model=plain(config.model))]
    cohort = config.cohort_size
    words = t("model.sends", once=megabytes(size.bytes), round=megabytes(2 * cohort * size.bytes), clients=cohort)
    return [words, t("model.fast" if size.fast else "model.plain")]
