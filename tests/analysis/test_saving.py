"""Who needed fewer bytes, by hand: one place says it for every page, table and command."""

import re
from pathlib import Path

import pytest

from fda_core.analysis.saving import Saving, Spent, compared, factor, outcome, ratio, times

PAGES = Path(__file__).parents[2] / "ui"


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        (50, 100, "win"), (100, 50, "loss"), (100, 104, "tie"), (104, 100, "tie"), (100, 106, "win"),
        (None, 100, "loss"), (100, None, "win"), (None, None, "neither"),
    ],
)  # fmt: skip
def test_who_wins(ours, theirs, result):
    assert outcome(Spent(ours, 100), Spent(theirs, 100)) == result


@pytest.mark.parametrize(
    ("ours", "theirs", "ours_sent", "theirs_sent", "result"),
    [
        pytest.param(None, 100, 99, 500, "open", id="we stopped before we had sent what they needed"),
        pytest.param(100, None, 500, 99, "open", id="they did"),
        pytest.param(None, 100, 100, 500, "loss", id="as many bytes were not enough"),
        pytest.param(None, None, 1, 500, "neither", id="nobody got there"),
    ],
)
def test_a_lane_that_was_cut_off_has_not_lost(ours, theirs, ours_sent, theirs_sent, result):
    assert outcome(Spent(ours, ours_sent), Spent(theirs, theirs_sent)) == result


def test_a_saving_is_the_middle_of_all_seeds_and_who_alone_missed_the_target_has_saved_nothing():
    pairs = [(Spent(50, 90), Spent(200, 200)), (Spent(100, 100), Spent(100, 100)), (Spent(None, 90), Spent(100, 100))]
    saving = Saving([*pairs, (Spent(50, 90), Spent(100, 150))])  # 4, 1, missed, 2
    assert saving.spread == (1, 1.5, 4)
    assert saving.counts == {"win": 2, "tie": 1, "loss": 0, "open": 1, "neither": 0}
    assert Saving(pairs[2:]).spread is None and Saving(pairs[2:]).middle == 0
    assert Saving([(Spent(None, 9), Spent(None, 9)), *pairs[:1]]).middle == 4  # neither says nothing
    assert Saving([(Spent(9, 9), Spent(None, 9))]).middle == float("inf")


def test_between_a_seed_that_was_missed_and_one_that_was_not_there_is_no_ratio():
    both, missed, cut_off = (
        (Spent(100, 150), Spent(90, 150)),
        (Spent(None, 150), Spent(90, 150)),
        (Spent(None, 9), Spent(90, 90)),
    )
    assert Saving([both, cut_off]).standing == "undecided"
    assert Saving([both, missed, missed, missed]).standing == "missed"
    assert Saving([both, both, missed]).standing == "ratio"


@pytest.mark.parametrize(
    ("ours", "theirs", "word", "fewer", "larger"),
    [(50, 200, "fewer", 4, 4), (200, 50, "more", 0.25, 4), (100, 104, "tie", 1.04, 1.04)],
)
def test_one_ratio_and_the_word_beside_it(ours, theirs, word, fewer, larger):
    assert (compared(ours, theirs), ratio(ours, theirs), factor(ours, theirs)) == (word, fewer, larger)
    assert times(Spent(ours, 500), Spent(theirs, 500)) == fewer


def test_no_page_divides_bytes_by_bytes_itself():
    own = re.compile(r"max\([^()]+\) / min\(|larger / smaller|\bbytes / \w+\.bytes\b")
    assert [file.name for file in PAGES.rglob("*.py") if own.search(file.read_text(encoding="utf-8"))] == []
