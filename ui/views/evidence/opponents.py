"""What FDA-OPT saves, and from whom: three opponents in each setting of the atlas that was tuned."""

from math import inf
from typing import NamedTuple

import streamlit as st

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import OURS, RACE, TRAIN, TUNED, Cell
from fda_core.atlas.opponents import SHARES, Finding, at_servers, comparable, findings, peers
from fda_core.atlas.own_rule import WAY, Attempt, attempt
from fda_core.settings.methods import SERVERS
from ui.shared.atlas_numbers import atlas
from ui.shared.tables import text_table
from ui.text.glossary import marked
from ui.text.i18n import listed, t
from ui.text.numbers import percent, tenths
from ui.text.viewer import engineer


class Setting(NamedTuple):
    """A cell, and by target what FDA-OPT comes to against each opponent."""

    cell: Cell
    found: dict[float, list[Finding]]


@st.cache_data(show_spinner=False)
def settings() -> list[Setting]:
    """The settings of the atlas that can be compared; computed once a server."""
    if (known := atlas()) is None:
        return []
    return [
        Setting(cell, {share: findings(known, cell, share, held=True) for share in SHARES})
        for cell in TUNED
        if comparable(known, cell)
    ]


@st.cache_data(show_spinner=False)
def own_rule() -> Attempt | None:
    """What became of the tapered rule; computed once a server."""
    known = atlas()
    return attempt(known) if known else None


@st.cache_data(show_spinner=False)
def peer_savings() -> dict[str, Saving]:
    """Of FDA-OPT and its peers against FedOpt E=1, held; computed once a server."""
    known = atlas()
    return peers(known, WAY, held=True) if known else {}


@st.cache_data(show_spinner=False)
def server_savings() -> dict[Cell, dict[str, Saving]]:
    """Of FDA-OPT at the adaptive servers, held; computed once a server of this app."""
    known = atlas()
    return at_servers(known, WAY, held=True) if known else {}


def servers() -> None:
    """A row an adaptive server and α, a column an opponent; nothing where none was played on enough seeds."""
    if not (found := server_savings()):
        return
    st.markdown(marked(t("opponents.servers", share=percent(WAY, 0))))
    names = {lane: t("opponents.against_e", epochs=lane.removeprefix("fedopt-e")) for lane in RACE if lane != OURS}
    text_table(
        [
            {
                t("opponents.server"): SERVERS[cell.server].with_fedopt, "α": f"{cell.alpha:g}",
                t("opponents.server_rate"): f"{cell.server_lr:g}",
            } | {names[lane]: cell_of(saving) for lane, saving in against.items()}
            for cell, against in found.items()
        ]
    )  # fmt: skip


def peer(lane: str, saving: Saving) -> str:
    """Its name and what it comes to."""
    name, runs = t(f"opponents.lane_{lane.replace('-', '_')}"), len(saving.pairs)
    if saving.spread is None or not 0 < saving.spread[1] < inf:
        return t("opponents.peer_missed", lane=name, runs=runs, both=len(saving.ratios))
    low, middle, high = map(tenths, saving.spread)
    return t("opponents.peer", lane=name, times=middle, low=low, high=high, runs=runs)


def section() -> None:
    """A table a setting, an opponent a row and a target a column; nothing without an atlas."""
    found = settings()
    if not found:
        return
    st.markdown(marked(t("opponents.lead")))
    for setting in found:
        cell = setting.cell
        rate = next(iter(setting.found.values()))[0].cell.client_lr
        st.markdown(t("opponents.setting", clients=cell.clients, texts=TRAIN // cell.clients, rate=f"{rate:g}"))
        text_table(rows(setting))
    st.caption(t("opponents.how"))
    if engineer():
        servers()
    if engineer() and len(others := peer_savings()) > 1:
        st.markdown(
            marked(t("opponents.peers", share=percent(WAY, 0), each=listed([peer(*one) for one in others.items()])))
        )
    if engineer() and (tried := own_rule()):
        kind = "kept" if tried.kept else "dropped"
        counts = {"enough": tried.enough, "seeds": tried.seeds, "wins": tried.wins, "lost": len(tried.lost)}
        counts |= {"cells": tried.cells, "published": tenths(tried.on_the_way[0]), "ours": tenths(tried.on_the_way[1])}
        counts |= {"share": percent(WAY, 0)}
        st.markdown(marked(t(f"opponents.own_{kind}", **counts)))


def rows(setting: Setting) -> list[dict[str, str]]:
    """One row an opponent; a column a target."""
    shares = list(setting.found)
    return [
        {t("opponents.opponent"): name_of(setting.found[shares[0]][i])}
        | {t("opponents.at", share=percent(share, 0)): cell_of(setting.found[share][i].saving) for share in shares}
        for i in range(len(setting.found[shares[0]]))
    ]


def name_of(finding: Finding) -> str:
    """The opponent, with what was chosen for it."""
    epochs = finding.lane.removeprefix("fedopt-e")
    return t(f"opponents.{finding.opponent}", rate=f"{finding.cell.client_lr:g}", epochs=epochs)


def cell_of(saving: Saving) -> str:
    """The median ratio and its spread, over how many runs, and who won."""
    runs, counts = len(saving.pairs), saving.counts
    score = {"wins": counts["win"], "ties": counts["tie"], "losses": counts["loss"], "open": counts["open"]}
    if saving.spread is None:
        return t("opponents.nobody", runs=runs, **score)
    low, middle, high = map(tenths, saving.spread)
    key = "opponents.cell" if saving.middle else "opponents.missed"
    return t(key, times=middle, low=low, high=high, both=len(saving.ratios), runs=runs, **score)
