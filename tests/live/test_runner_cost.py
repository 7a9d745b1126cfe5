"""The worker measures timings while nothing else is to be done, and only then."""

import threading

import pytest

from fda_core.live.runner import Runner
from tests.cost.test_estimate import TIMINGS
from tests.helpers.fake import Fake, fast_config, reach, reach_rounds, until


class Scale:
    """Measures on command; `held` as long as the test says so, while ticks go on."""

    def __init__(self):
        self.held, self.error, self.asked = False, None, []
        self.allowed = threading.Event()

    def __call__(self, config, tick, table):
        self.asked.append(config)
        if self.error:
            raise self.error
        while self.held and not self.allowed.wait(0.002):
            tick()
        return TIMINGS


class Kitchen:
    """Gets runs ready on command; `held` as long as the test says so, while ticks go on."""

    def __init__(self):
        self.held, self.error, self.begun, self.done = False, None, [], []

    def __call__(self, config, tick):
        self.begun.append(config)
        if self.error:
            raise self.error
        while self.held:
            tick()
        self.done.append(config)


@pytest.fixture
def kitchen():
    return Kitchen()


@pytest.fixture
def scale():
    return Scale()


@pytest.fixture
def runner(root, fake, scale, kitchen):
    runner = Runner(root, produce=fake, measure=scale, ahead=kitchen)
    runner.wake()
    yield runner
    scale.allowed.set()
    kitchen.held = False
    for run_id, _ in runner.queue():
        runner.stop(run_id)
    until(lambda: not runner.queue(), "runs went on")


def known(runner, config=None):
    cost, _ = runner.cost(config or fast_config(), 1000)
    return cost.seconds is not None


def test_bytes_are_known_at_once_and_the_rest_a_little_later(runner):
    cost, soon = runner.cost(fast_config(), 1000)
    assert cost.bytes.likely > 0 and (soon or cost.seconds)
    until(lambda: known(runner))
    assert runner.cost(fast_config(), 1000)[1] is False


def test_sliders_measure_nothing_again(runner, scale):
    until(lambda: known(runner))
    for clients in range(4, 30):
        assert known(runner, fast_config(clients=clients, rounds=clients))
    assert len(scale.asked) == 1


def test_another_kind_of_training_is_measured(runner, scale):
    until(lambda: known(runner))
    until(lambda: known(runner, fast_config(lora={"layers": 2})))
    assert len(scale.asked) == 2


def test_nothing_is_fetched_for_a_measurement_before_a_run_has_fetched_it(runner, fake, scale):
    assert runner.cost(fast_config(), 1000, measure=False)[1] is False
    assert scale.asked == []
    fake.let_go()
    reach(runner, runner.start(fast_config()), "finished")
    until(lambda: runner.cost(fast_config(), 1000, measure=False)[0].seconds)


def test_a_run_does_not_wait_for_a_measurement(runner, fake, scale):
    scale.held = True
    runner.cost(fast_config(), 1000)
    until(lambda: scale.asked)
    fake.let_go()
    reach(runner, runner.start(fast_config()), "finished")
    assert not known(runner)
    scale.allowed.set()
    until(lambda: known(runner))  # done again, after the run


def test_while_a_run_is_played_nothing_is_measured(runner, fake, scale):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    assert runner.cost(fast_config(), 1000)[1] is True
    fake.allow(3)
    reach_rounds(runner, run_id, 3)
    assert scale.asked == []


def test_what_cannot_be_measured_is_not_tried_for_ever(runner, scale):
    scale.error = RuntimeError("no such model")
    runner.cost(fast_config(), 1000)
    until(lambda: scale.asked and not runner.cost(fast_config(), 1000)[1])
    assert len(scale.asked) == 1 and not known(runner)


def test_a_run_in_the_queue_knows_its_wait_before_the_run_ahead_has_played_a_round(runner, fake, kitchen):
    kitchen.held = True  # what is got ready is in no estimate any more
    until(lambda: known(runner))
    cost, _ = runner.cost(fast_config(), None)
    first = runner.start(fast_config())
    reach(runner, first, "running")
    second = runner.start(fast_config())
    later, _ = runner.cost(fast_config(), None)  # its texts are prepared by now
    assert runner.snapshot(second).wait == later.seconds.most < cost.seconds.most


def test_a_runner_without_a_scale_says_nothing_of_minutes(root):
    cost, soon = Runner(root, produce=Fake()).cost(fast_config(), 1000)
    assert cost.seconds is None and soon is False


def test_what_is_looked_at_is_got_ready_once(runner, kitchen):
    until(lambda: known(runner))
    until(lambda: kitchen.done)
    assert known(runner, fast_config(clients=7))
    assert kitchen.begun == [fast_config()]


def test_a_run_does_not_wait_for_what_is_got_ready(runner, fake, kitchen):
    kitchen.held = True
    until(lambda: known(runner) and kitchen.begun)
    fake.let_go()
    reach(runner, runner.start(fast_config()), "finished")
    assert kitchen.done == []


def test_other_settings_do_not_wait_for_what_is_got_ready(runner, kitchen):
    """Whoever moves a slider is shown what that costs, not in a minute."""
    kitchen.held = True
    until(lambda: known(runner) and kitchen.begun)
    until(lambda: known(runner, fast_config(lora={"layers": 2})))
    until(lambda: len(kitchen.begun) == 2)
    assert kitchen.done == []


def test_what_cannot_be_got_ready_is_left_to_the_run(runner, fake, kitchen):
    kitchen.error = RuntimeError("no memory")
    until(lambda: known(runner) and kitchen.begun)
    fake.let_go()
    reach(runner, runner.start(fast_config()), "finished")
