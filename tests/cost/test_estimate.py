"""The arithmetic of a estimate: bytes against runs that were played, the rest by hand."""

import pytest

from fda_core.algorithm.ledger import state_bytes
from fda_core.algorithm.monitors import make_monitor
from fda_core.cost.estimate import Span, Timings, at, estimate, subject
from fda_core.models.memory import LIBRARIES, Shape, needed
from fda_core.models.payload import ENCODERS, trainable
from fda_core.settings import presets
from fda_core.settings.config import LaneSpec
from fda_core.settings.methods import MONITORS
from tests.helpers.tiny import LAYOUT, fda_opt, fedopt, fixed, play, rounds, smoothed, tapered, tiny_config

TIMINGS = Timings(
    step=((1, 0.1), (4, 0.4)), epoch=((1, 0.01), (4, 0.01)), round=((1, 0.5), (4, 0.5)), score=0.001, prefix=0.2,
    load=5.0, shape=Shape(22_700_000, 160_898, 384, 1536, 6, 12, 1), tokens=25.0,
)  # fmt: skip


def estimated(*lanes: LaneSpec, timings: Timings | None = None, **changes):
    return estimate(tiny_config(*lanes, **changes), LAYOUT.size, timings)


def sent(*lanes: LaneSpec, **changes) -> int:
    return sum(event.bytes_total for event in rounds(play(*lanes, **changes)) if event.round == changes["rounds"])


EXACT = [fedopt(1), fedopt(3), fda_opt(1, monitor="exact"), fda_opt(1, monitor="naive"), fda_opt(1, monitor="sketch")]


@pytest.mark.parametrize("lane", EXACT, ids=lambda lane: f"{lane.rule}-{lane.monitor}")
@pytest.mark.parametrize("cohort", [2, 4])
def test_bytes_are_exact_where_the_number_of_epochs_is_known(lane, cohort):
    expected = sent(lane, rounds=3, clients_per_round=cohort)
    assert estimated(lane, rounds=3, clients_per_round=cohort).bytes == Span(expected, expected)


BOUNDED = {
    "adaptive": fda_opt(4), "smoothed": smoothed(4), "tapered": tapered(4),
    "fixed": fixed(0.5, 4), "endless": fixed(float("inf"), 4),
    "every step": fixed(0.2, 3, check="step"), "linear": fda_opt(3, monitor="linear"),
    "never": fixed(0.0, 4, monitor="naive"),
}  # fmt: skip


@pytest.mark.parametrize("lane", BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("changes", [{}, {"clients_per_round": 1}, {"client_dropout": 0.5}, {"alpha": 1e-3}], ids=str)
def test_no_run_sends_more_or_trains_longer_than_the_upper_bounds(lane, changes):
    events = rounds(play(lane, rounds=5, **changes))
    cost = estimated(lane, rounds=5, **changes).lanes[0]
    assert len(events) <= cost.rounds.most
    assert sum(event.epochs for event in events) <= cost.epochs.most
    assert max(e.bytes_down + e.bytes_up + e.bytes_monitor for e in events) <= cost.round_bytes.most
    assert events[-1].bytes_total <= cost.bytes.most
    assert cost.bytes.likely <= cost.bytes.most


@pytest.mark.parametrize("cohort", [1, 2, 3, 4])
def test_who_was_away_is_sent_the_direction_and_the_estimate_counts_them(cohort):
    lane, rounds = fda_opt(1, monitor="linear"), 20
    expected = sent(lane, rounds=rounds, clients_per_round=cohort)
    assert estimated(lane, rounds=rounds, clients_per_round=cohort).bytes.likely == pytest.approx(expected)


@pytest.mark.parametrize("lane", [fedopt(3), fda_opt(4), fixed(0.5, 4)], ids=lambda lane: lane.rule)
@pytest.mark.parametrize("limit", [1, 2, 5, 7, 100])
def test_a_limit_of_local_epochs_limits_the_estimate_too(lane, limit):
    events = rounds(play(lane, rounds=5, local_epochs=limit))
    cost = estimated(lane, rounds=5, local_epochs=limit).lanes[0]
    assert len(events) <= cost.rounds.most and sum(event.epochs for event in events) <= cost.epochs.most
    if lane.rule == "schedule":
        assert (len(events), sum(e.epochs for e in events)) == (cost.rounds.likely, cost.epochs.likely)


def test_fda_opt_is_taken_to_train_half_its_epochs_after_a_first_round_of_one():
    assert estimated(fda_opt(10), rounds=4).lanes[0].epochs == Span(1 + 3 * 5, 1 + 3 * 10)


def test_a_lone_client_and_an_endless_threshold_train_to_the_cap():
    assert estimated(fda_opt(10), rounds=2, clients_per_round=1).lanes[0].epochs.likely == 11
    assert estimated(fixed(float("inf"), 10), rounds=2).lanes[0].epochs.likely == 20


def test_seconds_by_hand():
    """26 examples on 4 clients in batches of 2: 4 steps an epoch. 40 test texts are scored once before all."""
    cost = estimated(fedopt(3), rounds=4, timings=TIMINGS)
    a_round = 3 * (4 * 0.4 + 0.01) + 0.5 + 40 * 0.001
    before = 5.0 + (26 + 40) * 0.2 + 40 * 0.001
    assert cost.seconds.likely == pytest.approx(before + 4 * a_round)
    assert cost.lanes[0].seconds.most == pytest.approx(4 * a_round)


def test_texts_that_were_prepared_before_are_not_waited_for_again():
    config = tiny_config(fedopt(1))
    cold, warm = (estimate(config, 3, TIMINGS, prepared) for prepared in (False, True))
    assert cold.seconds.likely - warm.seconds.likely == pytest.approx((26 + 40) * 0.2)
    assert warm.preparing == 5.0


def test_reference_lanes_send_nothing_and_take_their_time():
    centralised = LaneSpec(id="all", rule="centralised", epochs=2)
    alone = LaneSpec(id="alone", rule="local-only", epochs=2)
    both = estimated(centralised, alone, rounds=3, timings=TIMINGS)
    assert both.bytes == Span(0, 0)
    in_one_place, each = (lane.seconds.likely for lane in both.lanes)
    assert in_one_place == pytest.approx(3 * (2 * (13 * 0.1 + 0.01) + 0.5 + 0.04))
    assert each == pytest.approx(3 * (2 * (4 * 0.4 + 0.01) + 0.5 + 4 * 0.04))  # four models are scored


def test_memory_is_that_of_the_check_before_a_run_with_the_texts_kept():
    cost = estimated(fedopt(1), timings=TIMINGS)
    assert cost.memory == needed(TIMINGS.shape, tiny_config(fedopt(1)), 25 * (26 + 40))
    assert cost.memory - cost.more_memory == LIBRARIES


def test_without_a_pace_bytes_are_known_and_nothing_else():
    cost = estimated(fedopt(1))
    assert cost.bytes.likely > 0
    assert (cost.seconds, cost.memory, cost.preparing, cost.lanes[0].seconds) == (None,) * 4


@pytest.mark.parametrize(
    ("points", "clients", "expected"),
    [
        pytest.param(((1, 1.0), (4, 4.0)), 2, 2.0, id="between"),
        pytest.param(((1, 1.0), (4, 4.0), (8, 16.0)), 6, 10.0, id="on the second line"),
        pytest.param(((1, 1.0), (4, 4.0), (8, 16.0)), 10, 22.0, id="beyond, on the last line"),
        pytest.param(((2, 1.0), (4, 4.0)), 1, 0.0, id="never negative"),
        pytest.param(((2, 3.0),), 6, 9.0, id="one number alone is divided evenly"),
        pytest.param(((1, 1.0), (4, 4.0)), 4, 4.0, id="a measured one"),
    ],
)
def test_between_and_beyond_measured_cohorts(points, clients, expected):
    assert at(points, clients) == pytest.approx(expected)


@pytest.mark.parametrize("monitor", MONITORS)
@pytest.mark.parametrize("size", [3, 5000])
def test_the_states_are_as_long_as_the_monitors_say(monitor, size):
    assert state_bytes(monitor, size) == make_monitor(monitor, size, 0).state_bytes


SLIDERS = [
    {"clients": 20}, {"alpha": 0.1}, {"clients_per_round": 5}, {"rounds": 3}, {"seed": 7}, {"client_lr": 0.2},
    {"server_optimizer": "adam"}, {"client_dropout": 0.1}, {"train_examples": 500}, {"link": {"rtt_ms": 5}},
    {"lanes": [{"id": "a", "rule": "schedule", "epochs": 2}]}, {"client_optimizer": "adamw"},
]  # fmt: skip


@pytest.mark.parametrize("changes", SLIDERS, ids=str)
def test_what_is_arithmetic_is_not_measured_again(changes):
    assert subject(presets.build(changes)) == subject(presets.build())


@pytest.mark.parametrize(
    "changes",
    [{"model": "minilm-roberta"}, {"lora": {"layers": 2}}, {"lora": {"rank": 4}}, {"max_tokens": 32}],
    ids=str,
)
def test_another_model_or_kind_of_training_is_measured(changes):
    assert subject(presets.build(changes)) != subject(presets.build())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "roberta-base", "trained": "full"}, ENCODERS["roberta-base"].trained("full")),
        ({"trained": "head"}, 148_610),
        ({"trained": "last", "trained_layers": 6}, 148_610 + 6 * ENCODERS["all-MiniLM-L6-v2"].layer),
        ({"model": "somebody/something"}, None),
    ],
    ids=str,
)
def test_so_are_those_of_other_models_and_kinds_of_training(changes, expected):
    assert trainable(presets.build(changes)) == expected


@pytest.mark.parametrize(
    ("lora", "adapters"),
    [({}, 4 * 8 * 384), ({"rank": 3, "layers": 2}, 8 * 3 * 384), ({"targets": ["q_lin"]}, 2 * 8 * 384)],
    ids=str,
)
def test_trainable_weights_are_counted_without_loading_the_model(lora, adapters):
    assert trainable(presets.build({"lora": lora})) == 148_610 + adapters


def test_a_large_site_makes_everybodys_epoch_longer():
    """13 of 26 examples in batches of 2: 7 steps instead of 4."""
    config = tiny_config(fedopt(1))
    alike, unlike = (estimate(config, 3, TIMINGS, largest=share).lanes[0].seconds.likely for share in (None, 0.5))
    assert unlike - alike == pytest.approx(config.rounds * (7 - 4) * 0.4)
