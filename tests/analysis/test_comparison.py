"""What several runs have in common."""

import pytest

from fda_core.analysis.comparison import costs_to_target, differences, is_study, median_of_all, middle
from fda_core.settings.config import ExperimentConfig
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import a_round

BASE = ExperimentConfig()


def changed(**values) -> ExperimentConfig:
    return ExperimentConfig(**BASE.to_dict() | values)


def test_only_settings_that_differ_are_named():
    found = differences([changed(seed=1, alpha=0.1), changed(seed=2, alpha=0.1), changed(seed=2, alpha=0.1)])
    assert found == [{"seed": 1}, {"seed": 2}, {"seed": 2}]


def test_a_nested_setting_has_its_dotted_name():
    link = BASE.to_dict()["link"]
    found = differences([BASE, changed(link={**link, "rtt_ms": 1.0})])
    assert found == [{"link.rtt_ms": BASE.link.rtt_ms}, {"link.rtt_ms": 1.0}]


def test_runs_alike_differ_in_nothing():
    assert differences([BASE, BASE]) == [{}, {}]


@pytest.mark.parametrize(
    ("runs", "study"),
    [
        ([changed(seed=1), changed(seed=2)], True),
        ([changed(seed=1), changed(seed=2, preset="quick")], True),  # a name alone changes nothing
        ([changed(seed=1)], False),
        ([changed(seed=1), changed(seed=1)], False),  # one result seen twice is no second witness
        ([changed(seed=1), changed(seed=2, alpha=0.1)], False),
    ],
)
def test_a_study_is_one_experiment_with_several_seeds(runs, study):
    assert is_study(runs) is study


def test_costs_to_the_target_of_each_run():
    reached = [begun(), a_round(accuracy=0.99), a_round(number=2, accuracy=0.99), a_round(number=3, accuracy=0.99)]
    missed = [begun(), a_round(accuracy=0.1)]
    [cost, none] = costs_to_target([reached, missed], "fedopt")
    assert (cost.rounds, cost.bytes) == (2, 96) and none is None
    assert costs_to_target([reached], "elsewhere") == [None]


def test_the_middle_of_an_even_number_is_between_two():
    assert middle([4, 1, 3, 2]) == (1, 2.5, 4)


@pytest.mark.parametrize(
    ("spent", "expected"),
    [
        ((172, 238, 237, 211, None), 237),  # not 224, the median of those that got there
        ((1, None, None), float("inf")),
        ((1, 2), 1.5),
        ((), float("inf")),
    ],
)
def test_a_seed_that_missed_the_target_counts_as_one_that_never_gets_there(spent, expected):
    assert median_of_all(spent) == expected
