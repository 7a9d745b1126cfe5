"""The comparison of estimate and run: ratios by hand, and configurations that exist."""

import pytest

from benchmarks import cost_estimate as benchmark
from fda_core.cost.estimate import subject
from tests.cost.test_estimate import TIMINGS
from tests.cost.test_estimate import estimated as estimate
from tests.helpers.tiny import fedopt


def test_a_ratio_is_estimated_by_actual():
    cost = estimate(fedopt(1), timings=TIMINGS)
    actual = {"seconds": cost.seconds.likely / 2, "bytes": cost.bytes.likely, "memory": cost.memory * 4}
    row = benchmark.compare("x", cost, actual)
    assert row["ratios"] == pytest.approx({"seconds": 2, "bytes": 1, "memory": 0.25})
    assert len(benchmark.cells(row)) == len(benchmark.HEAD)


@pytest.mark.parametrize("group", benchmark.GROUPS)
def test_one_pace_serves_a_group_and_no_run_ends_early(group):
    configs = [benchmark.config_of(group, name) for name in benchmark.GROUPS[group]]
    assert all(subject(config) == subject(configs[0]) for config in configs)
    assert {(config.target.metric, config.target.value) for config in configs} == {("accuracy", 1.0)}
