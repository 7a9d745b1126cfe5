"""Replay of a stored run: a row of controls, and the run as far as this viewer's replay has come."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo

import streamlit as st

from fda_core.analysis.replay import SPEEDS, Player, ReplayClock, fitting
from fda_core.analysis.summary import rounds_played, started
from fda_core.runs import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import folder_of, recorded_at
from ui.state.press import once
from ui.text.i18n import plain, t
from ui.text.moments import moment

REDRAW = 0.5  # seconds
# The slider moves with a replay. A browser that has not drawn its newest place yet repeats one before with its next
# request, which looks as if somebody had moved it there: taken for that are so many places, for so many seconds.
ECHOES, ECHO = 3, 5.0


@st.cache_resource(max_entries=16, show_spinner=False)
def shared_timeline(run_id: str, revision: int, _run: Snapshot) -> ReplayClock:
    """One for all who replay the run."""
    return ReplayClock(_run.events)


def timeline(run: Snapshot) -> ReplayClock:
    """The run's moments in time; they are worked out again when the run has another revision."""
    return shared_timeline(run.run_id, run.revision, run)


def player(run: Snapshot | None) -> Player | None:
    """This viewer's, if they replay this run; None while everything is shown."""
    kept = st.session_state.get("replay")
    return kept[1] if kept and run is not None and kept[0] == run.run_id and not run.live else None


def keep(run: Snapshot, value: Player | None) -> None:
    """Remembers where this viewer's replay of the run stands; None ends it, and everything is shown again."""
    st.session_state.replay = (run.run_id, value) if value else None


def playing(run: Snapshot | None) -> bool:
    """Whether this viewer's replay moves now: there is one, neither paused nor at its end."""
    mine = player(run)
    return mine is not None and mine.playing(time.monotonic(), timeline(run).length)


def replayed(run: Snapshot | None) -> Snapshot | None:
    """The run with the events of the moment that is replayed; the run itself while nothing is."""
    mine = player(run)
    if mine is None:
        return run
    line = timeline(run)
    return replace(run, events=line.until(mine.at(time.monotonic(), line.length)))


def controls(run: Snapshot | None) -> None:
    """Play or pause, speed, a slider over the rounds, and the way out; below the buttons of the race."""
    if run is None or run.live or not rounds_played(run.events):
        return
    with st.container(key="replay"):
        row(run)


def row(run: Snapshot) -> None:
    """Draws the controls as they stand now: what a replay has reached is put into its widgets before they are drawn."""
    mine = player(run)
    play, speed, scrub, everything = st.columns([1.1, 1.1, 4.9, 1.1], vertical_alignment="center")
    moving = playing(run)
    play.button(
        t("replay.pause") if moving else t("replay.play"), key="replay_play", width="stretch",
        icon=":material/pause:" if moving else ":material/replay:", **once("replay_play", toggle, run),
    )  # fmt: skip
    st.session_state.replay_speed = (mine or fresh(run)).speed
    speed.selectbox(
        t("replay.speed"), SPEEDS, key="replay_speed", format_func=lambda times: f"{times}×", on_change=change_speed,
        args=(run,), label_visibility="collapsed",
    )  # fmt: skip
    line = timeline(run)
    st.session_state.replay_round = shown_rounds(run)
    told(st.session_state.replay_round if moving else None)
    scrub.slider(
        t("replay.round"), 0, len(line.rounds), key="replay_round", on_change=seek, args=(run,),
        label_visibility="collapsed", help=t("replay.help"),
    )  # fmt: skip
    everything.button(
        t("replay.all"), key="replay_all", disabled=mine is None, on_click=keep, args=(run, None), width="stretch"
    )
    st.caption(label(run), help=t("replay.utc", when=began(run, UTC)))


def shown_rounds(run: Snapshot) -> int:
    """How many rounds, of all lanes, the viewer sees now; all of them while nothing is replayed."""
    mine, line = player(run), timeline(run)
    return len(line.rounds) if mine is None else line.rounds_until(mine.at(time.monotonic(), line.length))


def fresh(run: Snapshot) -> Player:
    """A replay that stands at the beginning, at the speed that suits the run's length."""
    return Player(speed=fitting(timeline(run).length))


def toggle(run: Snapshot) -> None:
    """A callback: pauses what plays; otherwise plays on, from the beginning if nothing is replayed or all is over."""
    mine, now, length = player(run) or fresh(run), time.monotonic(), timeline(run).length
    st.session_state.replay_told = []
    keep(run, mine.pause(now, length) if mine.playing(now, length) else mine.play(now, length))


def change_speed(run: Snapshot) -> None:
    """A callback: goes on at the chosen speed; where nothing is replayed, a replay stands at the run's end."""
    mine, length = player(run) or Player(timeline(run).length), timeline(run).length
    keep(run, mine.with_speed(st.session_state.replay_speed, time.monotonic(), length))


def told(rounds: int | None) -> list[int]:
    """Where a moving slider stood last, with its newest place; None: it stands still."""
    now = time.monotonic()
    recent = [(when, place) for when, place in st.session_state.get("replay_told", ()) if now - when < ECHO]
    if rounds is not None:
        recent.append((now, rounds))
    st.session_state.replay_told = recent[-ECHOES:]
    return [place for _, place in recent[-ECHOES:]]


def seek(run: Snapshot) -> None:
    """A callback: stands still where so many rounds, of all lanes, have been played; at 0, before the first."""
    if st.session_state.replay_round in told(None):
        return
    mine = player(run) or fresh(run)
    keep(run, mine.seek(timeline(run).moment_of(st.session_state.replay_round)))


def began(run: Snapshot, where: tzinfo | None = None) -> str:
    """When it began, by the clock of this zone; without one, of the reader's."""
    folder = folder_of(run.run_id) or recorded.folder_of(run.run_id)
    when = folder and recorded_at(folder)
    return moment(when, where) if when else t("replay.unknown")


def label(run: Snapshot, where: tzinfo | None = None, shown: Callable[[str], str] = plain) -> str:
    """Recorded when, with which seed, on what. where: the time zone, if not the reader's.

    shown: makes what the record says harmless; for Streamlit, if for nothing else.
    """
    versions = started(run.events).versions
    return t(
        "replay.recorded", when=began(run, where), seed=run.config.seed,
        machine=shown(str(versions.get("processor") or versions.get("platform") or t("replay.unknown")))[:100],
        threads=shown(str(versions.get("threads", "?")))[:10],
    )  # fmt: skip
