"""The story's sentences, all from the numbers of its run."""

from fda_core.analysis.saving import compared, factor
from fda_core.analysis.summary import state_bytes
from fda_core.atlas import default_cell
from fda_core.atlas.cells import BASELINE
from fda_core.evidence.published import JUDGED, theirs
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import LaneSpec
from ui.shared.atlas_numbers import labels, over_seeds
from ui.shared.story import Story
from ui.text.i18n import t, together
from ui.text.numbers import duration, megabytes, percent, size, tenths
from ui.text.sentences import goal


def sentences(story: Story) -> list[str]:
    """Three to repeat: what the bill is, what FDA-OPT does about it, what that costs and what does as well."""
    them = story.track(story.them)
    bill = t(
        "story.one", them=story.labels[story.them.id], clients=len(story.timeline.clients), rounds=len(them.rounds),
        cohort=story.run.config.cohort_size, mb=megabytes(them.bytes),
    )  # fmt: skip
    needed = t("story.two", us=story.labels[story.us.id], sketch=sketch(story))
    saved = t(f"story.{against(story, story.them)}", **costs(story, story.them))
    chosen = [t(f"story.control_{against(story, spec)}", **costs(story, spec)) for spec in strongest(story)]
    return [together([*task(story), bill]), together([needed, saved, *time(story)]), together([work(story), *chosen])]


def task(story: Story) -> list[str]:
    """What is learnt; of the reviews, of other data nobody but their owner knows."""
    return [t("story.task", clients=len(story.timeline.clients))] if story.run.config.dataset == "reviews" else []


def time(story: Story) -> list[str]:
    """Until the target, where both got there, on the link of the run's own clock."""
    ours, theirs = (story.track(spec).reached for spec in (story.us, story.them))
    if ours is None or theirs is None:
        return []
    labels = {"us": story.labels[story.us.id], "them": story.labels[story.them.id]}
    up = f"{story.run.config.link.uplink_mbit:g}"
    return [t("story.time", up=up, our_time=duration(ours), their_time=duration(theirs), **labels)]


def strongest(story: Story) -> list[LaneSpec]:
    """Of the other timetables the one that reached the target with the fewest bytes; none where there is none."""

    def reach(spec: LaneSpec) -> tuple[bool, int]:
        """Sorts those that did not reach it behind all that did."""
        return story.track(spec).reached is None, story.track(spec).bytes

    return sorted(story.controls, key=reach)[:1]


def against(story: Story, other: LaneSpec) -> str:
    """Bytes to the target: fewer, tie or more where both reached it, else only_us, only_them or neither."""
    ours, theirs = story.track(story.us), story.track(other)
    if ours.reached is None or theirs.reached is None:
        return "only_us" if ours.reached else "only_them" if theirs.reached else "neither"
    return compared(ours.bytes, theirs.bytes)


def costs(story: Story, other: LaneSpec) -> dict[str, str | int]:
    """Values for the sentences against another lane: labels, goal, MB of both, how many times, its epochs."""
    ours, theirs = story.track(story.us).bytes, story.track(other).bytes
    return {
        "us": story.labels[story.us.id], "them": story.labels[other.id], "goal": goal(story.run.config.target),
        "our_mb": megabytes(ours), "their_mb": megabytes(theirs), "times": times(ours, theirs), "epochs": other.epochs,
    }  # fmt: skip


def work(story: Story) -> str:
    """Local training against the FedOpt lane that synchronises most often."""
    ours, theirs = (story.track(spec).rounds[-1].epochs for spec in (story.us, story.them))
    return t(
        f"story.work_{compared(ours, theirs)}", them=story.labels[story.them.id], ours=ours, theirs=theirs,
        times=times(ours, theirs),
    )  # fmt: skip


def times(one: int, other: int) -> str:
    """How many times the smaller the larger is, to tenths, whichever comes first."""
    return tenths(factor(one, other))


def model(story: Story) -> str:
    """MB of one model on its way, as the packets have it."""
    transfer = next(transfer for transfer in story.track(story.them).transfers if transfer.kind != "sketch")
    return megabytes(transfer.bytes / len(transfer.clients))


def sketch(story: Story) -> str:
    """One message of a check, the largest that was sent, with its unit."""
    return size(max(state_bytes(story.run.events), default=0))


def beyond(run: Snapshot | None) -> str:
    """One run is one run: what others like it came to, where they are known, and the medians of the authors' own."""
    return together([t("story.one_run"), *filter(None, [others(run)]), published()])


def others(run: Snapshot | None) -> str:
    """What runs with the same settings came to over all their seeds; empty where they are not the default's."""
    return over_seeds() if run is not None and default_cell.is_default(run.config) else ""


def published() -> str:
    """The medians of the authors' own runs, against the opponent that they chose; all pairs count."""
    found = theirs()
    ratios = found.bytes.ratios
    return t(
        "story.published", them=labels()[BASELINE], share=percent(JUDGED, 0), pairs=len(ratios),
        all=len(found.bytes.pairs), bytes=tenths(found.bytes.middle), low=tenths(min(ratios)), high=tenths(max(ratios)),
        work=tenths(found.epochs.middle),
    )  # fmt: skip
