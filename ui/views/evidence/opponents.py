"""What FDA-OPT saves, and from whom: the opponents in each setting of the atlas that was tuned."""

from typing import NamedTuple

import streamlit as st

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import LOCAL_EPOCHS, OURS, RACE, TRAIN, TUNED, Cell
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
    return t(f"opponents.peer_{saving.standing}", lane=t(f"opponents.lane_{lane.replace('-', '_')}"), **figures(saving))


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
    st.caption(t("opponents.how", epochs=LOCAL_EPOCHS))
    if engineer():
        servers()
    if engineer() and len(others := peer_savings()) > 1:
        st.markdown(
            marked(t("opponents.peers", share=percent(WAY, 0), each=listed([peer(*one) for one in others.items()])))
        )
    if engineer() and (tried := own_rule()):
        kind = tried.verdict
        counts = {
            "enough": tried.enough,
            "seeds": tried.seeds,
            "wins": tried.wins,
            "lost": len(tried.lost),
            "open": len(tried.open),
        }
        published, ours = map(with_spread, tried.on_the_way)
        counts |= {"cells": tried.cells, "could": tried.could, "published": published, "ours": ours}
        counts |= {"share": percent(WAY, 0)}
        st.markdown(marked(t(f"opponents.own_{kind}", **counts)))


def rows(setting: Setting) -> list[dict[str, str]]:
    """One row an opponent; a column a target. The cell names the rate or E: another target may have chosen another."""
    shares = list(setting.found)
    return [
        {t("opponents.opponent"): t(f"opponents.{finding.opponent}")}
        | {t("opponents.at", share=percent(share, 0)): told(setting.found[share][i]) for share in shares}
        for i, finding in enumerate(setting.found[shares[0]])
    ]


def told(finding: Finding) -> str:
    """Its figures, and which rates or E were chosen: none at the peak-optimal rate, nor where no seed tells who needs
    fewer, and a list's first would be named."""
    cell, counts = cell_of(finding.saving), finding.saving.counts
    if finding.opponent == "peak" or not counts["win"] + counts["tie"] + counts["loss"]:
        return cell
    rate, ours = f"{finding.cell.client_lr:g}", f"{finding.ours.client_lr:g}"
    epochs = finding.lane.removeprefix("fedopt-e")
    return t(f"opponents.with_{finding.opponent}", cell=cell, rate=rate, ours=ours, epochs=epochs)


def cell_of(saving: Saving) -> str:
    """The median ratio and its spread, or why there is none, over how many runs, and who won."""
    return t(f"opponents.cell_{saving.standing}", **figures(saving))


def figures(saving: Saving) -> dict[str, str | int]:
    """What its sentences name; without a ratio, dashes."""
    counts = saving.counts
    low, middle, high = map(tenths, saving.spread or (None, None, None))
    return {
        "times": middle, "low": low, "high": high, "both": len(saving.ratios), "runs": len(saving.pairs),
        "wins": counts["win"], "ties": counts["tie"], "losses": counts["loss"], "open": counts["open"],
    }  # fmt: skip


def with_spread(saving: Saving) -> str:
    """Times fewer bytes, the median and its ends."""
    low, middle, high = map(tenths, saving.spread or (0, 0, 0))
    return t("opponents.spread", times=middle, low=low, high=high)
