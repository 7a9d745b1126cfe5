"""What counts as the same run on another device."""

import pytest

from benchmarks.parity import apart
from tests.helpers.tiny_events import a_round, an_epoch


def test_last_digits_may_differ_and_are_reported():
    found = apart([a_round(test_loss=0.6)], [a_round(test_loss=0.60006, seconds=99.0)], 100)
    assert found.broken == [] and not found.equal
    assert found.worst == {"test_loss": pytest.approx(1e-4, rel=1e-2)}
    assert apart([a_round()], [a_round()], 100).equal


OTHERS = [
    a_round(test_loss=0.61),
    a_round(epochs=2),
    a_round(reason="threshold"),
    a_round(threshold_next=0.1),
    a_round(paths=[[[0.0, 1.0]], []]),
    a_round(paths=[[[0.0, -1.0]], [[1.0, 0.0]]]),
    a_round(accuracy=0.54),
    an_epoch(),
]


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_else_differs_is_another_run(other):
    assert apart([a_round()], [other], 100).broken


def test_a_run_that_ends_earlier_is_another_run():
    assert apart([a_round(), a_round(number=2)], [a_round()], 100).broken


def test_two_test_examples_may_be_a_tie():
    assert apart([a_round(accuracy=0.5)], [a_round(accuracy=0.52)], 100).broken == []
