"""A replay shows at every moment what was known then."""

import math

import pytest

from fda_core.algorithm.events import LaneFinished, RunFinished
from fda_core.analysis.replay import LONGEST_ROUND, Player, ReplayClock, fitting
from tests.helpers.tiny_events import a_round, an_epoch, started

# Two rounds of 4 s and 2 s; the first has three local epochs.
EVENTS = (
    started(),
    an_epoch(epoch=1), an_epoch(epoch=2), an_epoch(epoch=3), a_round(seconds=4.0),
    an_epoch("fda-opt"), a_round("fda-opt", seconds=2.0),
    LaneFinished(lane="fedopt", status="cap"),
    RunFinished(status="finished", count=8, digest=""),
)  # fmt: skip


def test_every_event_has_its_moment():
    assert ReplayClock(EVENTS).moments == [0, 1, 2, 3, 4, 5, 6, 6, 6]


@pytest.mark.parametrize(("seconds", "known"), [(-1, 1), (0, 1), (1, 2), (3.9, 4), (4, 5), (5.5, 6), (6, 9), (1e9, 9)])
def test_what_is_known_by_a_moment(seconds, known):
    assert ReplayClock(EVENTS).until(seconds) == EVENTS[:known]


def test_the_slider_s_rounds_and_moments_belong_together():
    line = ReplayClock(EVENTS)
    assert line.length == 6
    assert [line.moment_of(count) for count in (0, 1, 2, 3)] == [0, 4, 6, 6]
    assert [line.rounds_until(seconds) for seconds in (0, 3.9, 4, 6)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "taken"), [(-5.0, 0.0), (math.nan, 0.0), (math.inf, 0.0), (1e12, LONGEST_ROUND)]
)  # fmt: skip
def test_absurd_seconds_of_a_foreign_record_do_no_harm(seconds, taken):
    assert ReplayClock((started(), a_round(seconds=seconds))).length == taken


def test_a_record_without_rounds_has_no_length():
    assert ReplayClock((started(),)).length == 0
    assert ReplayClock((started(),)).until(5) == (started(),)


@pytest.mark.parametrize(("speed", "shown"), [(1, 2.0), (10, 20.0), (50, 100.0)])
def test_a_player_moves_at_its_speed_and_stops_at_the_end(speed, shown):
    player = Player(speed=speed).play(now=1000.0, length=100.0)
    assert player.at(1002.0, 100.0) == shown
    assert player.playing(1001.0, 100.0) and not player.playing(1200.0, 100.0)
    assert player.at(5000.0, 100.0) == 100.0


def test_a_paused_player_stands_and_goes_on_from_there():
    paused = Player(speed=5).play(0.0, 100.0).pause(2.0, 100.0)
    assert paused.at(50.0, 100.0) == 10.0 and not paused.playing(50.0, 100.0)
    assert paused.play(60.0, 100.0).at(61.0, 100.0) == 15.0


def test_playing_at_the_end_begins_again():
    assert Player(position=100.0).play(5.0, 100.0).at(5.0, 100.0) == 0.0


def test_another_speed_keeps_the_place():
    player = Player(speed=1).play(0.0, 100.0).with_speed(50, 4.0, 100.0)
    assert player.at(4.0, 100.0) == 4.0 and player.at(5.0, 100.0) == 54.0


def test_seeking_stops():
    player = Player(speed=1).play(0.0, 100.0).seek(30.0)
    assert player.at(1000.0, 100.0) == 30.0


@pytest.mark.parametrize(("seconds", "speed"), [(2.0, 1), (25.0, 2), (99.0, 5), (100.0, 10), (9000.0, 10), (0.0, 1)])
def test_a_short_run_is_replayed_slowly_enough_to_be_seen(seconds, speed):
    assert fitting(seconds) == speed
