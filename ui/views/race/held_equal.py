"""What all lanes of a run have in common, with the numbers of the run, and the one thing in which they differ."""

import streamlit as st

from fda_core.analysis.curves import paired_rounds
from fda_core.analysis.summary import rounds_played, started
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import ExperimentConfig, LaneSpec
from ui.shared.tables import text_table
from ui.text.i18n import named, t
from ui.text.numbers import loss, of_hundred
from ui.text.sentences import epochs, lane_labels
from ui.text.viewer import viewing


def panel(run: Snapshot) -> None:
    """Closed until somebody asks."""
    with st.expander(t("fair.title"), key="fair", icon=":material/balance:"):
        held, apart = shared(str(viewing()), run.run_id, rounds_played(run.events), run)
        text_table(held)
        st.markdown(apart)


@st.cache_data(max_entries=64, show_spinner=False)
def shared(viewer: str, run_id: str, rounds: int, _run: Snapshot) -> tuple[list[dict[str, str]], str]:
    """What the panel says, found once for all who look at this moment of a run."""
    held = [{t("fair.equal"): what, t("fair.here"): here} for what, here in equal(_run)]
    return held, differs(_run.config)


def equal(run: Snapshot) -> list[tuple[str, str]]:
    """What is held equal, and its value in this run."""
    config, facts, link = run.config, started(run.events).facts, run.config.link
    return [
        (t("fair.weights"), t("fair.weights_here", trained=facts["trainable_parameters"], seed=config.seed)),
        (t("fair.partition"), partition(config, facts)),
        (t("fair.turns"), turns(run)),
        (t("fair.batches"), t("fair.batches_here", size=config.batch_size)),
        (t("fair.clients"), rate("client", config.client_optimizer, config.client_lr)),
        *servers(config),
        *dropouts(config),
        (t("fair.test"), test(run)),
        (t("fair.link"), t("fair.link_here", up=link.uplink_mbit, down=link.downlink_mbit, rtt=link.rtt_ms)),
    ]


def partition(config: ExperimentConfig, facts: dict) -> str:
    """How the examples are dealt out, with the smallest and largest client where the record says."""
    words = t(
        "fair.partition_own" if config.partition == "column" else "fair.partition_here",
        examples=config.train_examples,
        clients=config.clients,
        alpha=config.alpha,
    )
    try:
        sizes = [int(client["examples"]) for client in facts["clients"]]
    except (KeyError, TypeError, ValueError):  # a record from elsewhere need not say
        sizes = []
    if not sizes:
        return words
    least, most = min(sizes), max(sizes)
    return words + (t("fair.sizes_alike", size=least) if least == most else t("fair.sizes", least=least, most=most))


def turns(run: Snapshot) -> str:
    """Who trains in which round, compared in the record itself."""
    lanes = [lane.id for lane in run.config.lanes if not lane.is_baseline]
    shared, alike = paired_rounds(run.events, lanes)
    values = {"cohort": run.config.cohort_size, "clients": run.config.clients, "rounds": shared}
    if alike < shared:
        return t("fair.turns_differ", differ=shared - alike, **values)
    return t("fair.turns_same" if shared else "fair.turns_here", **values)


def rate(where: str, name: str, value: float) -> str:
    """An optimiser and its learning rate; where: client or server."""
    return t("fair.rate", name=named(f"settings.{where}_{name}", name), rate=f"{value:g}")


def servers_of(config: ExperimentConfig) -> set[tuple[str, float]]:
    """Server optimisers with their learning rates, as far as lanes differ in them; references have none."""
    return {config.server_of(lane) for lane in config.lanes if not lane.is_baseline}


def servers(config: ExperimentConfig) -> list[tuple[str, str]]:
    """Nothing where lanes differ in it."""
    found = servers_of(config)
    return [(t("fair.server"), rate("server", name, value)) for name, value in found if len(found) == 1]


def dropouts(config: ExperimentConfig) -> list[tuple[str, str]]:
    """The share of clients that drop out, in %; nothing where none do."""
    if not config.client_dropout:
        return []
    return [(t("fair.dropout"), t("fair.dropout_here", share=f"{100 * config.client_dropout:g}"))]


def test(run: Snapshot) -> str:
    """The test set's size, and where the record has it how good the model is before any training."""
    initial = started(run.events).initial
    words = t("fair.test_here", examples=run.config.test_examples)
    if initial.get("accuracy") is None or initial.get("test_loss") is None:
        return words
    before = {"accuracy": of_hundred(initial["accuracy"]), "loss": loss(initial["test_loss"])}
    return words + t("fair.test_before", **before)


def differs(config: ExperimentConfig) -> str:
    """A list in Markdown: when each lane synchronises."""
    labels = lane_labels(config)
    head = t("fair.differs" if len(servers_of(config)) < 2 else "fair.differs_servers")
    return "\n".join([head, "", *(f"- **{labels[lane.id]}**: {when(lane)}" for lane in config.lanes)])


def when(lane: LaneSpec) -> str:
    """When the lane synchronises: never, by its schedule, or by the rule that sets its Θ or E."""
    if lane.is_baseline:
        return t("fair.when_never")
    if lane.is_fedopt:
        return t("fair.when_schedule", epochs=epochs(lane.epochs))
    theta = None if lane.theta is None else f"{lane.theta:g}"
    return named(f"fair.when_{lane.rule}", lane.rule, most=epochs(lane.max_epochs or lane.epochs), theta=theta)
