"""The guard speaks up in time, and only then."""

import pytest

from fda_core.live.guard import FREE_MB, MINUTES, Guard, Limits, available_mb
from fda_core.support.errors import ConfigError, Preempted


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guard(clock=None, free=1e6) -> Guard:
    return Guard(clock or Clock(), lambda: free)


@pytest.mark.parametrize(("seconds", "preempted"), [(59, False), (61, True)])
def test_a_run_is_preempted_after_its_time(monkeypatch, seconds, preempted):
    monkeypatch.setenv(MINUTES, "1")
    clock = Clock()
    watched = guard(clock)
    clock.now = seconds
    if preempted:
        with pytest.raises(Preempted, match=r"trained for 1 minutes: resume it"):
            watched.check()
    else:
        watched.check()


def test_time_in_which_the_run_stood_still_does_not_count(monkeypatch):
    monkeypatch.setenv(MINUTES, "1")
    clock = Clock()
    watched = guard(clock)
    clock.now = 100
    watched.wait(50)
    watched.check()


def test_a_run_is_preempted_when_memory_runs_out():
    clock = Clock()
    watched = guard(clock, free=299)
    clock.now = 2
    with pytest.raises(Preempted, match=r"Only 299 MB of memory are left: close other programs"):
        watched.check()


def test_memory_is_looked_at_once_a_second():
    looks, clock = [], Clock()
    watched = Guard(clock, lambda: looks.append(1) or 1e6)
    for clock.now in (0.1, 0.9, 1.1, 1.5, 2.0, 2.2):
        watched.check()
    assert len(looks) == 2


@pytest.mark.parametrize("name", [MINUTES, FREE_MB])
@pytest.mark.parametrize("text", ["soon", "0", "-3", "nan"])
def test_a_limit_that_is_no_positive_number_is_refused(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigError, match=f"{name} is '{text}': give a number above 0"):
        guard()


@pytest.mark.parametrize(
    ("seconds", "more", "expected"),
    [(60, 100, None), (61, 100, "minutes"), (60, 701, "memory"), (61, 701, "memory"), (60, 700, None)],
)
def test_the_obstacle_of_a_run_to_come_is_the_guard_s_own_limit(monkeypatch, seconds, more, expected):
    monkeypatch.setenv(MINUTES, "1")
    assert Limits.here().obstacle(seconds, more, free_mb=1000) == expected


def test_this_machine_has_memory():
    assert 1 < available_mb() < 1e9
