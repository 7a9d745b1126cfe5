"""The timeline that moves on the Story page and in the file of it: its lanes' looks, its texts, itself in words."""

from fda_core.analysis.timeline import Track
from fda_core.settings.config import LaneSpec
from ui.components.timeline_player import Look, player_data, timeline_player
from ui.shared.lane_looks import look, palette
from ui.shared.story import Story
from ui.shared.story_words import model, sketch
from ui.text.i18n import t, together
from ui.text.numbers import megabytes, of_hundred
from ui.text.sentences import epochs
from ui.text.viewer import viewing

# Texts of the timeline itself, and the numbers that it fills into them while it plays.
WORDS = (
    "play", "pause", "again", "back", "forth", "place", "speed", "server", "sites", "sent", "clock", "mb", "accuracy",
    "there", "epochs",
)  # fmt: skip
PLACES = {name: f"{{{name}}}" for name in ("now", "all", "mb", "accuracy", "epochs", "time", "sites")}


def show(story: Story) -> None:
    """Draws the timeline."""
    timeline_player(drawn(story), key="story_film")


def drawn(story: Story) -> dict:
    """All that the player needs: the story's lanes, in the colours they have in the Race, and its words."""
    numbers = [spec.id for spec in story.run.config.lanes]
    looks = {
        spec.id: Look(story.labels[spec.id], note(spec), *look(numbers.index(spec.id), palette()))
        for spec in story.lanes
    }
    return player_data(story.timeline, looks, words(story), alt=alt(story), language=viewing().language)


def note(spec: LaneSpec) -> str:
    """When a lane synchronises, in a few words."""
    if not spec.is_fedopt:
        return t("film.when_needed")
    return t("film.every_epoch") if spec.epochs == 1 else t("film.every_epochs", count=spec.epochs)


def words(story: Story) -> dict[str, str]:
    """The timeline's own texts; what stands in braces is filled in while it plays."""
    config = story.run.config
    legend = t(
        "film.legend", model=model(story), sketch=sketch(story), cohort=config.cohort_size,
        up=f"{config.link.uplink_mbit:g}", down=f"{config.link.downlink_mbit:g}",
    )  # fmt: skip
    return {name: t(f"film.{name}", **PLACES) for name in WORDS} | {"legend": legend}


def alt(story: Story) -> str:
    """The timeline in words, from its numbers."""
    return together([t("film.alt"), *(told(story.labels[spec.id], story.track(spec)) for spec in story.lanes)])


def told(lane: str, track: Track) -> str:
    """One lane in words: rounds, messages of both kinds, MB, and where its last round ended."""
    last = track.rounds[-1]
    return t(
        "film.alt_lane", lane=lane, rounds=len(track.rounds), models=track.packets("down", "up"),
        sketches=track.packets("sketch"), mb=megabytes(track.bytes), epochs=epochs(last.epochs),
        accuracy=of_hundred(last.accuracy),
    )  # fmt: skip
