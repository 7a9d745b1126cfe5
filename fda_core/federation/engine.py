"""The experiment as a generator of events: lanes play their rounds in the order of the simulated network clock.

Whoever consumes the generator sets the pace: not asking for the next event is a pause.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from fda_core.algorithm.checkpoint import Keep
from fda_core.algorithm.events import Event, RunResumed, RunStarted
from fda_core.federation.baselines import make_lane
from fda_core.federation.experiment import Experiment
from fda_core.federation.lane import Lane
from fda_core.federation.players import Players, players
from fda_core.federation.resumption import Resumption


def run(
    experiment: Experiment, keep: Keep = lambda lane, checkpoint: None, resumption: Resumption | None = None
) -> Iterator[Event]:
    """All events of an experiment except the closing `run_finished`, which belongs to whoever keeps the record.

    `keep` is given a lane's checkpoint once its round has been consumed. With a `resumption` the lanes go on from their
    checkpoints, those without one from the beginning: events of rounds that are on record come again.
    """
    with closing(players(experiment)) as playing:
        yield from race(replace(experiment, tick=playing.step), playing, keep, resumption)


def race(experiment: Experiment, playing: Players, keep: Keep, resumption: Resumption | None) -> Iterator[Event]:
    """The lane that is behind has its turn next, whatever others have played meanwhile."""
    first = experiment.score(experiment.initial)
    lanes = [make_lane(experiment, spec, first) for spec in experiment.config.lanes]
    versions = experiment.versions() | playing.threads()
    if resumption is None:
        yield RunStarted(
            config=experiment.config.to_json(), versions=versions, facts=experiment.facts,
            initial={"test_loss": first.test_loss, "accuracy": first.accuracy, "metrics": first.metrics},
        )  # fmt: skip
    else:
        yield RunResumed(from_round=dict(resumption.recorded), versions=versions)
        lanes = resumed_lanes(lanes, resumption)
    clocks = {lane.spec.id: lane.clock for lane in lanes}
    playing.start(lanes)
    while clocks:
        behind = min(clocks, key=lambda lane: clocks[lane])  # ties in the order given
        turn = yield from playing.turn(behind)
        clocks[behind] = turn.clock
        if turn.checkpoint:
            keep(behind, turn.checkpoint)
        if turn.finished:
            del clocks[behind]
            yield turn.finished


def resumed_lanes(lanes: list[Lane], resumption: Resumption) -> list[Lane]:
    """The lanes that have not ended, at their checkpoints."""
    racing = [lane for lane in lanes if lane.spec.id not in resumption.ended]
    for lane in racing:
        if checkpoint := resumption.checkpoints.get(lane.spec.id):
            lane.restore(checkpoint)
    return racing
