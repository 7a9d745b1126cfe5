"""How numbers of each kind are shown, whatever the page."""

import math

import pytest

from ui.text import numbers
from ui.text.viewer import reading

CASES = {
    numbers.rounded: [
        (0, "0"), (2.0, "2"), (2.25, "2.2"), (9.94, "9.9"), (9.97, "10"), (38.6, "39"), (130.2, "130"),
        (1234.5, "1,234"), (0.64, "0.64"), (0.7, "0.70"), (0.0593, "0.059"), (0.00004, "0.000"),
    ],
    numbers.tenths: [(0.9, "0.9"), (2.0, "2.0"), (9.97, "10"), (12.3, "12"), (1234.5, "1,234")],
    numbers.count: [(7, "7"), (12_300, "12,300"), (2.6, "3")],
    numbers.significant: [(0.01234, "0.0123"), (1.234, "1.23"), (1234, "1,234"), (1.2e-5, "1.2e-05")],
    numbers.megabytes: [
        (0, "0"), (643_596, "0.64"), (5.9e6, "5.9"), (9.94e6, "9.9"), (12e6, "12"), (682.4e6, "682"),
        (12.3e9, "12,300"),
    ],
    numbers.gigabytes: [(695.4e6, "0.695"), (3.672e9, "3.67"), (1.234e12, "1,234")],
    numbers.size: [(4, "4 B"), (8, "8 B"), (6004, "6.0 kB"), (643_596, "643.6 kB")],
    numbers.money: [(0.094, "$0.09"), (1234.5, "$1,234.50")],
    numbers.typed: [(12.5, "12.5"), (1000.0, "1,000")],
    numbers.duration: [
        (0.2, "1 s"), (7.4, "7.4 s"), (42, "42 s"), (119.6, "120 s"), (600, "10 min"), (450, "7.5 min"),
        (7000, "117 min"), (9000, "2.5 h"), (18_000, "5 h"), (864_000, "10 days"),
    ],
    numbers.percent: [(0, "0.0 %"), (0.8412, "84.1 %"), (None, "–"), (math.nan, "–")],
    numbers.of_hundred: [(0.8412, "84.1"), (None, "–")],
    numbers.loss: [(0.51234, "0.512"), (None, "–"), (math.nan, "–")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("show", "value", "words"),
    [pytest.param(show, *case, id=f"{show.__name__} {case[0]}") for show, cases in CASES.items() for case in cases],
)
def test_a_number_is_shown_by_its_kind(show, value, words):
    assert show(value) == words


@pytest.mark.parametrize(("share", "words"), [(0, "0 %"), (0.999, "100 %"), (0.505, "50 %"), (math.nan, "–")])
def test_shares_can_be_whole_percents(share, words):
    assert numbers.percent(share, 0) == words


def test_a_difference_has_its_sign():
    assert (numbers.loss(0.0123, "+"), numbers.loss(-0.0123, "+")) == ("+0.012", "-0.012")


def test_the_quality_of_a_model_is_a_share_or_a_loss():
    assert numbers.quality(0.5, "accuracy") == "50.0 %" and numbers.quality(0.5, "mcc") == "0.500"


def test_a_time_is_told_in_the_reader_s_language():
    with reading("ja"):
        assert numbers.duration(42) == "42 秒"
