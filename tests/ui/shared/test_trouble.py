"""Trouble with the folder of runs, as a viewer meets it: one sentence, and the other runs are there."""

import pytest

from fda_core.live.runner import Runner
from fda_core.runs.index import INDEX
from fda_core.runs.store import runs_folder
from tests.helpers.fake import Fake, fast_config, reach, until
from tests.helpers.stored_runs import keep_run
from ui.text.i18n import t


def sentences(page) -> list[str]:
    return [box.value for box in (*page.error, *page.warning)]


@pytest.fixture
def no_folder(runner, tmp_path, monkeypatch):
    """Where the folder of runs should be, is a file: nobody can write or read there, not even an administrator."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path / "file" / "runs"))


def test_a_folder_that_cannot_be_written_fails_the_run_in_one_sentence(visit, runner, no_folder):
    page = visit()
    page.button(key="start").click().run()
    until(lambda: not runner.queue(), "the run did not end")
    page.run()
    assert not page.exception
    assert len(sentences(page)) == 1 and "cannot be written" in sentences(page)[0]
    assert not page.button(key="start").disabled


def test_a_folder_that_cannot_be_read_gives_one_sentence(visit, no_folder):
    page = visit("runs")
    assert not page.exception
    assert len(sentences(page)) == 1 and "cannot be read" in sentences(page)[0]


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\x00" + bytes(2000)])
def test_a_damaged_index_is_made_again(visit, runner, content):
    keep_run(runs_folder(), seed=5)
    (runs_folder() / INDEX).write_bytes(content)
    page = visit("runs")
    assert not page.exception and sentences(page) == []
    assert list(page.dataframe[0].value[t("runs.seed")]) == [5]


def test_an_index_that_is_deleted_under_the_app_is_made_again(visit, runner):
    keep_run(runs_folder(), seed=5)
    page = visit("runs")
    for part in runs_folder().glob(f"{INDEX}*"):
        part.unlink()
    assert list(page.run().dataframe[0].value[t("runs.seed")]) == [5]


def test_a_run_of_another_server_on_the_same_folder_is_watched_not_touched(visit, runner):
    fake = Fake(held=True)
    other = Runner(runs_folder(), produce=fake)
    run_id = other.start(fast_config())
    fake.allow(3)
    reach(other, run_id, "running")
    until(lambda: len(other.snapshot(run_id).events) > 3, "no rounds")
    page = visit("runs", runs=run_id)
    assert list(page.dataframe[0].value[t("runs.status")]) == [t("runs.is_elsewhere")]
    page.button(key="delete").click().run()
    assert not page.exception
    assert len(sentences(page)) == 1 and "being written" in sentences(page)[0]
    assert (runs_folder() / run_id).is_dir()
    fake.let_go()
    reach(other, run_id, "finished")
    assert list(page.run().dataframe[0].value[t("runs.status")]) == [t("runs.is_finished")]
