"""One case in this process: the parts of a round add up, and the payload is the model's."""

import pytest

pytest.importorskip("resource")  # not on Windows

from benchmarks import scaling


@pytest.mark.slow
def test_a_case_is_measured(small_config, cold_cache):
    data = {name: getattr(small_config, name) for name in ("train_examples", "test_examples", "max_tokens")}
    row = scaling.case({"clients": 6, "clients_per_round": 2, "rank": 1, "rounds": 1, "threads": 1, "data": data})
    assert row["model_bytes"] == 4 * (160_898 - 7 * 4 * 384)  # two adapters of two matrices, each 384 a rank
    assert 0 < row["local_seconds"] + row["score_seconds"] < row["seconds_per_round"]
    assert row["steps"] == 2 and row["peak_mb"] > 100
    assert len(scaling.cells({"what": "rank", **row})) == len(scaling.HEAD)
