"""The experiment as a generator of events: lanes play their rounds in the order of the simulated network clock.

Whoever consumes the generator sets the pace: not asking for the next event is a pause.
"""

from collections.abc import Iterator

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, RunResumed, RunStarted
from fda_core.federation.baselines import make_lane
from fda_core.federation.experiment import Experiment
from fda_core.federation.lane import Lane
from fda_core.federation.resumption import Resumption


def run(
    experiment: Experiment, keep: Keep = lambda lane, checkpoint: None, resumption: Resumption | None = None
) -> Iterator[Event]:
    """All events of an experiment except the closing `run_finished`, which belongs to whoever keeps the record.

    `keep` is given a lane's checkpoint once its round has been consumed. With a `resumption` the lanes go on from their
    checkpoints, those without one from the beginning: events of rounds that are on record come again.
    """
    first = experiment.score(experiment.initial)
    racing = [make_lane(experiment, spec, first) for spec in experiment.config.lanes]
    if resumption is None:
        yield RunStarted(
            config=experiment.config.to_json(), versions=experiment.versions(), facts=experiment.facts,
            initial={"test_loss": first.test_loss, "accuracy": first.accuracy, "metrics": first.metrics},
        )  # fmt: skip
    else:
        yield RunResumed(from_round=dict(resumption.recorded), versions=experiment.versions())
        racing = resumed_lanes(racing, resumption)
    while racing:
        lane = min(racing, key=lambda lane: lane.clock)  # the lane that is behind; ties in the order given
        if not lane.stopping.verdict():  # a restored lane may have been about to end
            yield from lane.play_round()
            keep(lane.spec.id, lane.checkpoint())
        if finished := lane.finished():
            racing.remove(lane)
            yield finished


def resumed_lanes(lanes: list[Lane], resumption: Resumption) -> list[Lane]:
    """The lanes that have not ended, at their checkpoints."""
    racing = [lane for lane in lanes if lane.spec.id not in resumption.ended]
    for lane in racing:
        if checkpoint := resumption.checkpoints.get(lane.spec.id):
            lane.restore(checkpoint)
    return racing
