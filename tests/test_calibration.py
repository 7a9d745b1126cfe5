"""One real calibration, on a few reviews: plausible numbers, nothing left behind, and no waiting for it."""

from dataclasses import fields

import pytest

from fda_core.calibration import measure, sample
from fda_core.errors import Cancelled
from fda_core.preview import preview


@pytest.fixture(scope="module")
def measured(small_config, cold_cache):
    before = set(cold_cache.iterdir())
    return measure(small_config), set(cold_cache.iterdir()) - before


def test_all_numbers_are_there(measured):
    pace, _ = measured
    assert pace.parameters == 160_898
    assert all(seconds > 0 for points in (pace.step, pace.epoch, pace.round) for _, seconds in points)
    assert [clients for clients, _ in pace.step] == [clients for clients, _ in pace.epoch]
    single = [getattr(pace, field.name) for field in fields(pace) if field.name not in ("step", "epoch", "round")]
    assert all(number > 0 for number in single)
    assert pace.client >= 6 * 4 * pace.parameters
    assert pace.text > 4 * 384 * 4  # a handful of tokens of the frozen states at least


def test_nothing_of_it_is_kept(measured):
    assert measured[1] == set()


def test_it_gives_an_estimate(measured, small_config):
    cost = preview(small_config, measured[0].parameters, measured[0])
    assert 0 < cost.seconds.likely < cost.seconds.most
    assert 1e8 < cost.more_memory < cost.memory < 1e10


def test_it_gives_way_at_once(small_config, cold_cache):
    def tick():
        raise Cancelled

    with pytest.raises(Cancelled):
        measure(small_config, tick)


def test_the_sample_is_small_whatever_the_run_is(small_config):
    few = sample(small_config.model_copy(update={"train_examples": 4000, "test_examples": 1000}))
    assert (few.train_examples, few.test_examples, few.clients, few.cohort_size) == (128, 128, 1, 1)
    assert sample(small_config).train_examples == small_config.train_examples
