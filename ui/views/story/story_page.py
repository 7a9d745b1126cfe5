"""The Story page: why bytes are the bill, as the film of a recorded run, and three sentences of its numbers."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from fda_core.analysis.summary import state_bytes
from fda_core.analysis.timeline import Timeline, Track, timeline, until_target
from fda_core.evidence.claims import PUBLISHED
from fda_core.runs.recorded import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.support.errors import LabError, StoreError
from ui.components.timeline_player import Look, timeline_player
from ui.settings_panel.handover import to_race
from ui.shared.charts import look, palette
from ui.shared.replay_controls import label
from ui.shared.shown_run import DEFAULT
from ui.state.address import keep_address
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.numbers import megabytes, of_hundred, size, tenths
from ui.text.problems import said
from ui.text.sentences import epochs, goal, lane_labels, main_lane, outcome
from ui.text.viewer import viewing

# Texts of the film itself, and the numbers that it fills into them while it plays.
WORDS = (
    "play", "pause", "again", "back", "forth", "place", "speed", "server", "sites", "sent", "clock", "mb", "accuracy",
    "there", "epochs",
)  # fmt: skip
PLACES = {name: f"{{{name}}}" for name in ("now", "all", "mb", "accuracy", "epochs", "time", "sites")}


@dataclass(frozen=True)
class Story:
    """A run up to its target. us: FDA's lane; them: the FedOpt lane that synchronises most often; controls: others."""

    run: Snapshot
    timeline: Timeline
    us: LaneSpec
    them: LaneSpec
    controls: tuple[LaneSpec, ...]
    labels: dict[str, str]

    @property
    def lanes(self) -> tuple[LaneSpec, ...]:
        """In the order in which they are shown."""
        return (self.them, self.us, *self.controls)

    def track(self, lane: LaneSpec) -> Track:
        return next(track for track in self.timeline.tracks if track.lane == lane.id)


def page() -> None:
    keep_address(None)
    st.subheader(t("story.title"))
    try:
        story = tell(recorded(DEFAULT))
    except LabError as error:
        st.warning(t("story.missing", problem=said(error), name=DEFAULT))
        go(presets.build())
        about_messages(None)
        st.caption(published())
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show(story)
    with right:
        with st.container(key="story_sentences"):
            for sentence in sentences(story):
                st.markdown(marked(sentence))
        go(story.run.config)
    about_messages(story)
    st.caption(f"{t('source.recorded', label=label(story.run))} {published()}")


def go(config: ExperimentConfig) -> None:
    """The way to the Race, with these settings."""
    icon = ":material/sports_score:"
    if st.button(t("story.run"), key="story_run", type="primary", icon=icon, help=t("story.run_help")):
        to_race(config)


def tell(run: Snapshot) -> Story:
    """Raises `StoreError` for a run without a round of FDA or of FedOpt."""
    shown = timeline(until_target(run.events))
    played = {track.lane for track in shown.tracks if track.bytes}
    lanes = [spec for spec in run.config.lanes if spec.id in played]
    ours = [spec for spec in lanes if spec.max_epochs is not None]
    theirs = sorted((spec for spec in lanes if spec.rule == "schedule"), key=lambda spec: spec.epochs)
    if not ours or not theirs:
        raise StoreError("runs.no_two_lanes", run=run.run_id)
    return Story(run, shown, main_lane(ours), theirs[0], tuple(theirs[1:]), lane_labels(run.config))


def show(story: Story) -> None:
    numbers = [spec.id for spec in story.run.config.lanes]
    looks = {
        spec.id: Look(story.labels[spec.id], note(spec), *look(numbers.index(spec.id), palette()))
        for spec in story.lanes
    }
    timeline_player(story.timeline, looks, words(story), key="story_film", alt=alt(story), language=viewing().language)


def note(spec: LaneSpec) -> str:
    """When a lane synchronises, in a few words."""
    if spec.rule != "schedule":
        return t("film.when_needed")
    return t("film.every_epoch") if spec.epochs == 1 else t("film.every_epochs", count=spec.epochs)


def words(story: Story) -> dict[str, str]:
    """The film's own texts; what stands in braces is filled in while it plays."""
    config = story.run.config
    legend = t(
        "film.legend", model=model(story), sketch=sketch(story), cohort=config.cohort_size,
        up=f"{config.link.uplink_mbit:g}", down=f"{config.link.downlink_mbit:g}",
    )  # fmt: skip
    return {name: t(f"film.{name}", **PLACES) for name in WORDS} | {"legend": legend}


def model(story: Story) -> str:
    """MB of one model on its way, as the packets have it."""
    transfer = next(transfer for transfer in story.track(story.them).transfers if transfer.kind != "sketch")
    return megabytes(transfer.bytes / len(transfer.clients))


def sketch(story: Story) -> str:
    return size(max(state_bytes(story.run.events), default=0))


def alt(story: Story) -> str:
    """The film in words, from its numbers."""
    return " ".join([t("film.alt"), *(told(story.labels[spec.id], story.track(spec)) for spec in story.lanes)])


def told(lane: str, track: Track) -> str:
    last = track.rounds[-1]
    return t(
        "film.alt_lane", lane=lane, rounds=len(track.rounds), models=track.packets("down", "up"),
        sketches=track.packets("sketch"), mb=megabytes(track.bytes), epochs=epochs(last.epochs),
        accuracy=of_hundred(last.accuracy),
    )  # fmt: skip


def sentences(story: Story) -> list[str]:
    """Three to repeat: what the bill is, what FDA-OPT does about it, what that costs and what does as well."""
    them = story.track(story.them)
    bill = t(
        "story.one", them=story.labels[story.them.id], clients=len(story.timeline.clients), rounds=len(them.rounds),
        cohort=story.run.config.cohort_size, mb=megabytes(them.bytes),
    )  # fmt: skip
    needed = t("story.two", us=story.labels[story.us.id], sketch=sketch(story))
    saved = t(f"story.{against(story, story.them)}", **costs(story, story.them))
    chosen = [t(f"story.control_{against(story, spec)}", **costs(story, spec)) for spec in story.controls[:1]]
    return [bill, f"{needed} {saved}", " ".join([work(story), *chosen])]


def against(story: Story, other: LaneSpec) -> str:
    """Bytes to the target: fewer, tie or more where both reached it, else only_us, only_them or neither."""
    ours, theirs = story.track(story.us), story.track(other)
    if ours.reached is None or theirs.reached is None:
        return "only_us" if ours.reached else "only_them" if theirs.reached else "neither"
    return outcome(ours.bytes, theirs.bytes)


def costs(story: Story, other: LaneSpec) -> dict[str, str | int]:
    ours, theirs = story.track(story.us).bytes, story.track(other).bytes
    return {
        "us": story.labels[story.us.id], "them": story.labels[other.id], "goal": goal(story.run.config.target),
        "our_mb": megabytes(ours), "their_mb": megabytes(theirs), "times": times(ours, theirs), "epochs": other.epochs,
    }  # fmt: skip


def work(story: Story) -> str:
    """Local training against the FedOpt lane that synchronises most often."""
    ours, theirs = (story.track(spec).rounds[-1].epochs for spec in (story.us, story.them))
    return t(
        f"story.work_{outcome(ours, theirs)}", them=story.labels[story.them.id], ours=ours, theirs=theirs,
        times=times(ours, theirs),
    )  # fmt: skip


def times(one: int, other: int) -> str:
    return tenths(max(one, other) / min(one, other))


def about_messages(story: Story | None) -> None:
    """What leaves a site, what never does, and what that does not mean."""
    with st.container(key="story_messages"):
        going, staying, beware = st.columns(3)
    if story:
        going.markdown(marked(t("story.leaves", mb=model(story), sketch=sketch(story))))
    staying.markdown(marked(t("story.stays")))
    beware.markdown(marked(t("story.beware")))


@st.cache_data(show_spinner=False)
def published_pairs() -> pd.DataFrame:
    return pd.read_csv(PUBLISHED)


def published() -> str:
    """One run is one run: the medians of the authors' own."""
    table = published_pairs()
    both = table.dropna(subset=["bytes_ratio", "local_epochs_ratio"])
    return t(
        "story.published", pairs=len(both), all=len(table), bytes=tenths(both.bytes_ratio.median()),
        work=tenths(both.local_epochs_ratio.median()),
    )  # fmt: skip
