"""The viewer's own network, as they set it on the Network budget page, and a run's method on it."""

from dataclasses import dataclass

import streamlit as st

from fda_core.analysis.summary import started
from fda_core.cost.network_bill import Scenario
from fda_core.models.payload import payload, slowdown
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import Link
from ui.text.i18n import t
from ui.text.numbers import megabytes
from ui.text.sentences import main_lane

OWN, RANK = "run", 8


@dataclass(frozen=True)
class OwnNetwork:
    """sites and their link, whose seconds of a step are the run's. device: how many times as long a step takes there.

    payload: what travels, OWN or an encoder and its part. chosen: whether the viewer set it, or it is the run's own.
    """

    sites: int
    link: Link
    device: float = 1.0
    payload: str = OWN
    chosen: bool = False


def own_network(run: Snapshot) -> OwnNetwork:
    """This viewer's; the run's own clients and link for who has not been on the Network budget page."""
    state = st.session_state
    if "budget_up" not in state:
        return OwnNetwork(run.config.clients, run.config.link)
    link = Link(
        uplink_mbit=state.budget_up, downlink_mbit=state.budget_down, rtt_ms=state.budget_rtt,
        spread=state.budget_spread, price_per_gb=state.budget_price,
    )  # fmt: skip
    return OwnNetwork(state.budget_sites, link, state.budget_device, state.budget_payload, chosen=True)


def scenario(run: Snapshot, network: OwnNetwork) -> Scenario:
    """The run there; a step takes as long as on the run's own clock, times device and model, at most an hour.

    Not as long as was measured where the run was made: the Story's and the Race's clocks would not be this one.
    """
    facts = started(run.events).facts
    step = min(3600, run.config.link.step_seconds * network.device * slower(run, network.payload))
    size = facts["model_bytes"] if network.payload == OWN else payload(*network.payload.split(" "), RANK)
    link = network.link.model_copy(update={"step_seconds": step})
    return Scenario(link, size, scale=network.sites / run.config.clients)


def slower(run: Snapshot, word: str) -> float:
    """How many times as long a step takes because another model is trained than in the run. word: what travels."""
    return 1.0 if word == OWN else slowdown(*word.split(" "), run.config.lora.layers)


def payload_name(word: str) -> str:
    """What travels as the viewer reads it, with the MB of one message where it is not the run's own."""
    if word == OWN:
        return t("budget.payload_run")
    encoder, what = word.split(" ")
    return t(f"budget.payload_{what}", encoder=encoder, mb=megabytes(payload(encoder, what, RANK)), rank=RANK)


def rivals(run: Snapshot) -> tuple[str, list[str]] | None:
    """The FDA lane, and the FedOpt lanes it can be compared with, by their E; None where one kind is missing."""
    ours = [lane for lane in run.config.lanes if lane.is_fda]
    theirs = sorted((lane for lane in run.config.lanes if lane.is_fedopt), key=lambda lane: lane.epochs)
    return (main_lane(ours).id, [lane.id for lane in theirs]) if ours and theirs else None
