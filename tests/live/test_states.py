"""The statuses of a run and the one table of what may follow what: complete, and without an entry too many."""

import ast
from itertools import permutations, product
from pathlib import Path

import pytest

from fda_core.live import jobs, playing, states
from fda_core.live.jobs import Job
from fda_core.live.states import ALLOWED, OUTCOMES, UnlistedTransition
from fda_core.runs.record import Outcome
from fda_core.runs.snapshot import LIVE, Status
from tests.helpers.fake import fast_config, paused, reach, run_started, until

LISTED = {(before, after) for before, following in ALLOWED.items() for after in following}
PLAYED = (Status.PREPARING, Status.RUNNING, Status.PAUSED, Status.STOPPING)


def test_what_is_not_listed_is_refused_and_changes_nothing():
    for before, after in permutations(Status, 2):
        job = Job("20261124-080000-abcdef", fast_config())
        job.status = before
        if (before, after) in LISTED:
            job.become(after)
        else:
            with pytest.raises(UnlistedTransition, match=f"A run that is {before} cannot become {after}"):
                job.become(after)
        assert job.status == (after if (before, after) in LISTED else before)


def test_a_run_goes_on_from_every_live_status_and_from_no_end():
    assert set(ALLOWED) == {*LIVE, Status.PREEMPTED}
    assert set(Status) - set(ALLOWED) == OUTCOMES - {Status.PREEMPTED} | {Status.ELSEWHERE}


@pytest.fixture
def changes(monkeypatch):
    """Every change of status that was allowed."""
    seen, real = [], states.check

    def check(before, after):
        real(before, after)
        seen.append((before, after))

    monkeypatch.setattr(jobs, "check", check)
    return seen


def end(runner, monkeypatch, before: Status, outcome: Outcome) -> None:
    """Plays a run whose recording ends so while the run has this status; one that comes back is finished."""
    outcomes = iter([outcome])

    def record(recording, callbacks, produce):
        if (told := next(outcomes, None)) is None:
            return Outcome(Status.FINISHED)
        if before in (Status.RUNNING, Status.PAUSED):
            callbacks.watch(run_started(recording.config))
        if before == Status.PAUSED:
            runner.pause(recording.run_id)
        if before == Status.STOPPING:
            runner.stop(recording.run_id)
        return told

    with monkeypatch.context() as patched:
        patched.setattr(playing, "record", record)
        runner.start(fast_config())
        until(lambda: not runner.queue())


def press_buttons(runner, fake) -> None:
    first = paused(runner, fake)
    runner.unpause(first)
    second, third = runner.start(fast_config()), runner.start(fast_config())
    runner.stop(third)
    runner.pause(second)
    runner.stop(first)
    reach(runner, second, "paused")
    runner.stop(second)
    reach(runner, second, "stopped")


def test_every_listed_transition_is_reached_and_no_other(runner, fake, monkeypatch, changes):
    for before, status, message in product(PLAYED, OUTCOMES, ("", "Only 5 MB are left.")):
        end(runner, monkeypatch, before, Outcome(status, message))
    press_buttons(runner, fake)
    assert set(changes) == LISTED


def test_nothing_but_become_sets_a_status():
    setters = {
        f"{file.name}: {function.name}"
        for file in Path(states.__file__).parent.glob("*.py")
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "status" and isinstance(node.ctx, ast.Store)
    }
    assert setters == {"jobs.py: become"}
