"""One real calibration, on a few reviews: plausible numbers, nothing left behind, and no waiting for it."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest

from fda_core.cost import calibration
from fda_core.cost.calibration import measure, sample
from fda_core.cost.estimate import estimate
from fda_core.data import fitting
from fda_core.data.sheet import Sheet
from fda_core.data.table import Columns, normalise
from fda_core.support.errors import Cancelled


@pytest.fixture(scope="module")
def measured(small_config, cold_cache):
    before = set(cold_cache.iterdir())
    return measure(small_config), set(cold_cache.iterdir()) - before


@pytest.mark.slow
def test_all_numbers_are_there(measured):
    timings, _ = measured
    assert timings.parameters == 160_898
    assert all(seconds > 0 for points in (timings.step, timings.epoch, timings.round) for _, seconds in points)
    assert [clients for clients, _ in timings.step] == [clients for clients, _ in timings.epoch]
    assert timings.score > 0 and timings.prefix > 0 and timings.load > 0
    assert 4 < timings.tokens <= 32


@pytest.mark.slow
def test_nothing_of_it_is_kept(measured):
    assert measured[1] == set()


@pytest.mark.slow
def test_it_gives_an_estimate(measured, small_config):
    cost = estimate(small_config, measured[0].parameters, measured[0])
    assert 0 < cost.seconds.likely < cost.seconds.most
    assert 5e7 < cost.more_memory < cost.memory < 1e10


def test_it_gives_way_at_once(small_config, cold_cache):
    def tick():
        raise Cancelled

    with pytest.raises(Cancelled):
        measure(small_config, tick)


def test_the_sample_is_small_whatever_the_run_is(small_config):
    few = sample(small_config.model_copy(update={"train_examples": 4000, "test_examples": 1000}))
    assert (few.train_examples, few.test_examples, few.clients, few.cohort_size) == (128, 128, 1, 1)
    assert sample(small_config).train_examples == small_config.train_examples


@pytest.mark.slow
def test_a_table_of_ones_own_is_measured_and_none_of_its_texts_reaches_the_disk(cold_cache, monkeypatch, tmp_path):
    rows = [(f"Printer {n} is on fire again.", ("bug", "praise")[n % 2], f"site {n % 5}") for n in range(60)]
    sheet = Sheet(pd.DataFrame(rows, columns=["text", "kind", "site"]), "")
    table = normalise(sheet, Columns("text", "kind", None, "site"))
    config = fitting.build(table, {"max_tokens": 16})
    assert config.partition == "column"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    written: list[Path] = []
    monkeypatch.setattr(calibration, "save", lambda checkpoint, file: written.append(file))
    before = set(cold_cache.iterdir())
    timings = measure(config, table=table)
    assert timings.prefix > 0 and estimate(config, timings.parameters, timings).seconds.likely > 0
    assert set(cold_cache.iterdir()) == before and list(tmp_path.iterdir()) == []
    assert {file.name for file in written} == {"lane.safetensors"}  # weights, in a folder that is gone
