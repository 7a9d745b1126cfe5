"""What the story tells: a recorded run up to its target, with its lanes in their parts."""

from dataclasses import dataclass

from fda_core.analysis.timeline import Timeline, Track, timeline, until_target
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import LaneSpec
from fda_core.support.errors import StoreError
from ui.text.sentences import lane_labels, main_lane


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
        """The lane's way along the timeline; there is one for each of `lanes`."""
        return next(track for track in self.timeline.tracks if track.lane == lane.id)


def tell(run: Snapshot) -> Story:
    """Raises `StoreError` for a run without a round of FDA or of FedOpt."""
    shown = timeline(until_target(run.events))
    played = {track.lane for track in shown.tracks if track.bytes}
    lanes = [spec for spec in run.config.lanes if spec.id in played]
    ours = [spec for spec in lanes if spec.is_fda]
    theirs = sorted((spec for spec in lanes if spec.is_fedopt), key=lambda spec: spec.epochs)
    if not ours or not theirs:
        raise StoreError("runs.no_two_lanes", run=run.run_id)
    return Story(run, shown, main_lane(ours), theirs[0], tuple(theirs[1:]), lane_labels(run.config))
