"""What a run will cost before anything is trained: minutes, memory and bytes.

Arithmetic only. Bytes follow from the config and the number of trainable weights; minutes need a `Timings`, which
`calibration.py` measures once for a model, what is trained of it, and its data. Memory is `models/memory.py`'s.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from math import ceil, inf
from statistics import mean

from fda_core.algorithm.ledger import VERDICT_BYTES, WIRE_BYTES_PER_PARAMETER, state_bytes
from fda_core.federation.batches import cohorts
from fda_core.models.memory import LIBRARIES, Shape, needed
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.settings.fields import not_measured
from fda_core.settings.methods import MONITORS

Points = tuple[tuple[int, float], ...]  # a value for each of some numbers of clients, ascending


@dataclass(frozen=True)
class Timings:
    """What this machine takes for one model, kind of training and data, in seconds.

    step: one local step of K clients at once; epoch: what a local epoch takes besides (variance, sketch, drawing);
    round: what a round takes besides (copies, server, checkpoint). score and prefix: a text; load: model and data.
    together: lanes that are played at the same time, which is how the numbers were measured. For the memory: the
    model's shape, and how many tokens of a text have their frozen states kept.
    """

    step: Points
    epoch: Points
    round: Points
    score: float
    prefix: float
    load: float
    shape: Shape
    tokens: float
    together: int = 1

    @property
    def parameters(self) -> int:
        """d, the weights that are trained."""
        return self.shape.trained


@dataclass(frozen=True)
class Span:
    """A number as it is likely to be, and its upper bound."""

    likely: float
    most: float

    def __add__(self, other: "Span") -> "Span":
        return Span(self.likely + other.likely, self.most + other.most)


@dataclass(frozen=True)
class LaneCost:
    """One lane that plays all its rounds: it costs less where the target is reached early.

    `seconds` is None without timings.
    """

    lane: str
    rounds: Span
    epochs: Span
    round_bytes: Span
    bytes: Span
    seconds: Span | None


@dataclass(frozen=True)
class CostEstimate:
    """All lanes together. `seconds` includes `preparing`: model, data, and the texts unless that was done before.

    memory: the program's at its peak; more_memory: of that, what it does not take anyway. None without timings.
    """

    lanes: tuple[LaneCost, ...]
    bytes: Span
    seconds: Span | None
    preparing: float | None = None
    memory: float | None = None
    more_memory: float | None = None


def subject(config: ExperimentConfig) -> dict:
    """What timings depends on: model, what is trained, data, lengths."""
    return config.model_dump(mode="json", exclude=not_measured())


def estimate(
    config: ExperimentConfig, parameters: int, timings: Timings | None = None, prepared: bool = False,
    largest: float | None = None,
) -> CostEstimate:  # fmt: skip
    """parameters: trainable weights; prepared: whether the frozen part of these texts has been computed before.

    largest: the largest client's share of the examples; None for parts of equal size.
    """
    lanes = tuple(lane_cost(config, spec, parameters, timings, largest) for spec in config.lanes)
    sent = sum((lane.bytes for lane in lanes), Span(0, 0))
    if timings is None:
        return CostEstimate(lanes, sent, None)
    texts = config.train_examples + config.test_examples
    preparing = timings.load + (0 if prepared else timings.prefix * texts)
    before = preparing + timings.score * config.test_examples
    seconds = Span(before, before) + together([lane.seconds for lane in lanes if lane.seconds], timings.together)
    memory = needed(timings.shape, config, round(timings.tokens * texts))
    return CostEstimate(lanes, sent, seconds, preparing, memory, memory - LIBRARIES)


def together(lanes: list[Span], at_once: int) -> Span:
    """Until the last of them has ended: no sooner than the longest, nor than what the cores can do."""

    def last(seconds: list[float]) -> float:
        return max(max(seconds, default=0), sum(seconds) / at_once)

    return Span(last([lane.likely for lane in lanes]), last([lane.most for lane in lanes]))


def lane_cost(
    config: ExperimentConfig, spec: LaneSpec, parameters: int, timings: Timings | None, largest: float | None
) -> LaneCost:
    """A lane until its last round; largest: as in `estimate`."""
    rounds, epochs = length(config, spec)
    clients = 1 if spec.kind.pooled else config.cohort_size
    steps = steps_an_epoch(config, spec, largest)
    checks = steps if spec.every_step else 1
    each = epochs.likely / rounds.likely
    traffic = Span(0, 0) if spec.is_baseline else round_bytes(config, spec, parameters, each, checks)
    seconds = None
    if timings is not None:
        epoch = steps * at(timings.step, clients) + checks * at(timings.epoch, clients)
        models = clients if spec.kind.alone else 1
        between = at(timings.round, clients) + models * timings.score * config.test_examples
        seconds = Span(*(e * epoch + r * between for e, r in zip(pair(epochs), pair(rounds), strict=True)))
    sent = Span(rounds.likely * traffic.likely, rounds.most * traffic.most)
    return LaneCost(spec.id, rounds, epochs, traffic, sent, seconds)


def length(config: ExperimentConfig, spec: LaneSpec) -> tuple[Span, Span]:
    """Rounds and local epochs of a lane that is not ended by the target."""
    likely, most = epochs_a_round(config, spec)
    least = 1 if spec.is_fda or spec.is_peer else most
    limit = config.local_epochs_of(spec) or inf

    def first(each: int) -> int:
        return 1 if spec.kind.first_round_is_one_epoch else each

    def rounds(each: int) -> int:
        """The round that meets the limit is played to its end."""
        return min(config.rounds, 1 + ceil(min(config.rounds, max(0, limit - first(each)) / each)))

    def epochs(rounds: float, each: int) -> float:
        return first(each) + (rounds - 1) * each

    played = Span(rounds(likely), rounds(least))
    return played, Span(epochs(played.likely, likely), min(epochs(played.most, most), limit + most - 1))


def epochs_a_round(config: ExperimentConfig, spec: LaneSpec) -> tuple[int, int]:
    """Likely and at most. FDA-OPT sets Θ for M/2; a lone client's models never differ, nor is Θ = ∞ ever exceeded."""
    most = most_epochs(spec)
    endless = config.cohort_size == 1 or spec.theta == inf
    return most if endless else spec.kind.likely_epochs(spec), most


def most_epochs(spec: LaneSpec) -> int:
    """M of a lane with a threshold, E of the others: what ends a round at the latest."""
    most = spec.max_epochs if spec.is_fda else spec.epochs
    assert most is not None, "a lane says what its rule needs"
    return most


def round_bytes(config: ExperimentConfig, spec: LaneSpec, parameters: int, epochs: float, checks: int) -> Span:
    """A round's mean likely bytes, and the most that one can send.

    epochs: of a round, likely, in the mean; checks: of an epoch.
    """
    clients, model = config.cohort_size, parameters * WIRE_BYTES_PER_PARAMETER
    both_ways = 2 * clients * model
    if spec.is_fedopt or spec.is_peer:
        return Span(both_ways, both_ways)
    check = checks * clients * (state_bytes(spec.monitor, parameters) + VERDICT_BYTES)
    likely, most = epochs * check, most_epochs(spec) * check
    if MONITORS[spec.monitor].sends_direction:  # clients that were not in the last round are sent the direction
        likely, most = (
            likely + newcomers(config.clients, clients, config.seed, config.rounds) * model,
            most + clients * model,
        )
    return Span(both_ways + likely, both_ways + most)


@lru_cache(maxsize=64)  # asked at every redraw; hundreds of milliseconds for a thousand clients
def newcomers(clients: int, cohort: int, seed: int, rounds: int) -> float:
    """Clients of a round that were not in the one before, in the mean over all rounds: nobody in the first.

    The cohorts of the first rounds stand for those of later ones.
    """
    if rounds == 1:
        return 0
    played = map(set, islice(cohorts(clients, cohort, seed), min(rounds, 31)))
    return mean(len(now - before) for before, now in pairwise(played)) * (rounds - 1) / rounds


def steps_an_epoch(config: ExperimentConfig, spec: LaneSpec, largest: float | None) -> int:
    """τ, of a round with the largest client."""
    share = 1 if spec.kind.pooled else largest or 1 / config.clients
    return ceil(ceil(round(config.train_examples * share, 6)) / config.batch_size)


def at(points: Points, clients: int) -> float:
    """Between the measured numbers of clients on a straight line, beyond them on the last one; never negative."""
    if len(points) == 1:
        (known, value), = points  # fmt: skip
        return value * clients / known
    right = min(max(bisect_left([known for known, _ in points], clients), 1), len(points) - 1)
    (low, below), (high, above) = points[right - 1], points[right]
    return max(0.0, below + (above - below) * (clients - low) / (high - low))


def pair(span: Span) -> tuple[float, float]:
    """Likely and at most."""
    return span.likely, span.most
