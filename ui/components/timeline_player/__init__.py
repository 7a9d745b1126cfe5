"""Draws a timeline of `fda_core.analysis.timeline`: a stage and a meter for each lane, and controls to watch it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from fda_core.analysis.timeline import Timeline
from ui.components import plain
from ui.components.spoken import spoken

__all__ = ["SCRIPT", "STYLE", "Look", "player_data", "timeline_player"]

SECONDS = 45  # of the viewer's time for the whole timeline, at speed 1


class Look(NamedTuple):
    """How a lane is shown: names as in ui/shared/charts.py; `note` says in a few words when it synchronises."""

    label: str
    note: str
    colour: str
    dash: str
    marker: str


_here = Path(__file__).parent
STYLE = _here.joinpath("player.css").read_text(encoding="utf-8")
SCRIPT = _here.joinpath("player.js").read_text(encoding="utf-8")
# Registered once, at import: registering it at every mount would only repeat the work.
_mount = st.components.v2.component("fda_moving_film", css=STYLE, js=SCRIPT)


def timeline_player(data: dict, *, key: str) -> None:
    """Shows what `player_data` gave; plays at once, or waits as a still where less motion is asked for.

    What the viewer did (pause, speed, place) is kept while the timeline is the same.
    """
    _mount(key=key, data=plain(data))


def player_data(
    timeline: Timeline, looks: Mapping[str, Look], words: Mapping[str, str], *, alt: str, language: str
) -> dict:
    """What the script draws: the lanes of `looks`, in their order. Plain values for JSON.

    words: the component's own texts, some with places such as {mb} for numbers of the moment. alt is read out instead
    of the picture; language, a code, decides where lines break.
    """
    tracks = {track.lane: track for track in timeline.tracks}
    return {
        "clients": timeline.clients,
        "accuracy": timeline.accuracy,
        "seconds": timeline.seconds,
        "tracks": [asdict(tracks[lane]) | {"look": look._asdict()} for lane, look in looks.items()],
        "length": SECONDS,
        "words": dict(words),
        "alt": spoken(alt),
        "language": language,
    }
