"""The rows of the sketch benchmark: what was really made, and how the ratios are formed."""

import pytest

from benchmarks import sketch


@pytest.fixture
def small(monkeypatch):
    """Few repeats, and given memory instead of processes that are looked at; who has been made and used how often."""
    used = {"ours": 0, "table": 0}
    monkeypatch.setattr(sketch, "REPEATED_NUMBERS", 0)
    monkeypatch.setattr(sketch, "extra_bytes", lambda kind, *_: {"ours": 2, "table": 72}[kind])

    def counted(kind, make):
        def made(size, seed):
            one = make(size, seed)

            def use(vector):
                used[kind] += 1
                return one(vector)

            return use

        return made

    kinds = {kind: counted(kind, make) for kind, make in sketch.KINDS.items()}
    monkeypatch.setattr(sketch, "KINDS", kinds)
    return used


@pytest.mark.parametrize(("limit", "kind", "count"), [(2_000, "timed", 100), (1_999, "computed", 0)])
def test_a_hundred_sketches_are_made_unless_the_size_is_above_the_limit(small, limit, kind, count):
    row = sketch.compare(2_000, 3, 1, limit)
    assert row["hundred_is"] == kind
    assert small == dict.fromkeys(small, 1 + 3 + count)  # one to warm up, three for the median
    assert (row["d"], row["memory_ratio"], row["repeats"]) == (2_000, 36, 3)
    assert row["time_ratio"] == row["table_seconds"] / row["seconds"] > 0
    assert {"table_setup_seconds", "hundred_seconds", "table_hundred_seconds"} <= set(row)
    assert len(sketch.table_row(row).split("|")) == len(sketch.HEAD) + 2


def test_a_table_sketch_stores_36_bytes_a_number():
    made = sketch.TableSketch(1_000, seed=0)
    assert made.positions.nbytes + made.signs.nbytes == 36 * 1_000
    assert set(made.signs.flatten().tolist()) == {-1.0, 1.0}
