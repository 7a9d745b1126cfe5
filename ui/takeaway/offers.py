"""The buttons that hand out slides and the film of one run; what they give is made when they are pressed."""

import streamlit as st

from fda_core.runs.snapshot import Snapshot
from fda_core.support.errors import LabError
from ui.shared.own_network import OwnNetwork, own_network
from ui.shared.story import tell
from ui.text.i18n import t
from ui.text.viewer import Viewing, reading, viewing

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def slides_button(run: Snapshot, small: bool = False) -> None:
    """Slides in the viewer's words, on the network they have set."""
    viewer, network = viewing(), own_network(run)
    st.download_button(
        t("take.slides"), lambda: make_slides(run, network, viewer), f"{run.run_id}.pptx", PPTX, key="slides",
        on_click="ignore", help=t("take.slides_help"), **size(small, ":material/slideshow:"),
    )  # fmt: skip


def film_button(run: Snapshot, small: bool = False) -> None:
    """The film, for a run the Story can tell; nothing for another."""
    try:
        tell(run)
    except LabError:
        return
    viewer = viewing()
    st.download_button(
        t("take.film"), lambda: make_film(run, viewer), f"{run.run_id}-film.html", "text/html", key="film",
        on_click="ignore", help=t("take.film_help"), **size(small, ":material/movie:"),
    )  # fmt: skip


def size(small: bool, icon: str) -> dict[str, str]:
    """Of a button: as wide as its column, among others; or no more than an icon with its words."""
    return {"type": "tertiary", "width": "content", "icon": icon} if small else {"width": "stretch"}


def make_slides(run: Snapshot, network: OwnNetwork, viewer: Viewing) -> bytes:
    """The file. What makes it is loaded for the first who asks, not with the page."""
    from ui.takeaway.slides import deck

    with reading(*viewer):
        return deck(run, network)


def make_film(run: Snapshot, viewer: Viewing) -> str:
    """The file, in the words of who asked: the page, and its viewer with it, is drawn and done by now."""
    from ui.takeaway.film_file import film

    with reading(*viewer):
        return film(tell(run))
