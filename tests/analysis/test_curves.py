"""Curves of quality against bytes, on points that can be checked by hand."""

import pytest

from fda_core.analysis.curves import Point, crossing, paired_rounds, within
from tests.helpers.tiny_events import TWO_LANES, a_round, started

OURS, THEIRS = "fda-opt", "fedopt"


def story(ours: list[tuple], theirs: list[tuple], quality: str = "test_loss", first: float | None = 1.0) -> list:
    """A run whose lanes have (bytes, value) after their rounds."""
    start = started(*TWO_LANES).model_copy(update={"initial": {"test_loss": first, "accuracy": first}})
    rounds = [
        a_round(lane, number, bytes_total=size, **{quality: value})
        for lane, points in ((OURS, ours), (THEIRS, theirs))
        for number, (size, value) in enumerate(points, 1)
    ]
    return [start, *rounds]


def loss(ours: list[tuple], theirs: list[tuple], first: float | None = 1.0) -> Point | None:
    return crossing(story(ours, theirs, first=first), OURS, THEIRS, "test_loss")


CASES = {
    # They lie on 1 - b/400; we stay at 1 until 100 and fall to 0.5 at 200: 1 - (b - 100)/200 meets it at b = 200.
    "behind until it is too late": ([(100, 1.0), (200, 0.5)], [(200, 0.5)], None),
    # Theirs is 0.9 from 100 on; ours falls from 1 at 100 to 0.8 at 200, so it passes 0.9 at 150.
    "between synchronisations": ([(100, 1.0), (200, 0.8), (300, 0.7)], [(100, 0.9), (400, 0.9)], Point(150, 0.9)),
    "twice, and the last time counts": (
        [(100, 0.8), (200, 1.0), (300, 0.8), (400, 0.8)], [(100, 0.9), (400, 0.9)], Point(250, 0.9)
    ),
    "ahead only for one synchronisation": ([(100, 1.0), (200, 0.8)], [(100, 0.9), (400, 0.9)], None),
    "ahead from the first byte": ([(100, 0.8), (200, 0.7), (300, 0.6)], [(100, 0.9), (300, 0.9)], None),
    "never ahead": ([(100, 0.95), (200, 0.95)], [(100, 0.9), (200, 0.9)], None),
    "equal is not ahead": ([(100, 0.9), (200, 0.9)], [(100, 0.9), (200, 0.9)], None),
    # Beyond 250 only they have sent; at 200 and 250 we are ahead.
    "as far as both have sent": ([(100, 1.0), (200, 0.8), (250, 0.8)], [(100, 0.9), (900, 0.9)], Point(150, 0.9)),
    "only they have begun": ([], [(100, 0.9)], None),
    "nobody has begun": ([], [], None),
    "a number that was not finite is left out": (
        [(100, 1.0), (150, None), (200, 0.8), (300, 0.7)], [(100, 0.9), (400, 0.9)], Point(150, 0.9)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "expected"), CASES.values(), ids=CASES)
def test_the_crossing(ours, theirs, expected):
    found = loss(ours, theirs)
    assert found == (expected and pytest.approx(expected))


def test_higher_accuracies_are_ahead():
    events = story([(100, 0.5), (200, 0.7), (300, 0.7)], [(100, 0.6), (300, 0.6)], "accuracy", first=0.5)
    assert crossing(events, OURS, THEIRS, "accuracy") == pytest.approx((150, 0.6))
    assert crossing(events, THEIRS, OURS, "accuracy") is None


def test_without_an_untrained_value_the_curves_begin_at_their_first_rounds():
    assert loss([(100, 1.0), (200, 0.8), (300, 0.8)], [(100, 0.9), (300, 0.9)], first=None) == pytest.approx((150, 0.9))


@pytest.mark.parametrize(("budget", "number"), [(47, None), (48, 1), (95.9, 1), (96, 2), (1e9, 3)])
def test_a_budget_buys_the_last_round_within_it(budget, number):
    events = [started(), *(a_round(number=i) for i in (1, 2, 3))]  # 48 bytes each
    found = within(events, "fedopt", budget)
    assert (found and found.round) == number
    assert within(events, "fda-opt", budget) is None


def test_rounds_are_paired_where_the_same_clients_trained():
    rounds = [
        a_round("fedopt", 1), a_round("fda-opt", 1), a_round("fedopt", 2), a_round("fda-opt", 2, clients=["0", "2"]),
        a_round("fedopt", 3),
    ]  # fmt: skip
    assert paired_rounds([started(), *rounds], ["fedopt", "fda-opt"]) == (2, 1)
    assert paired_rounds([started(), *rounds], ["fedopt"]) == (0, 0)
