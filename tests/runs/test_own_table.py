"""A run's own table: it lies in the run's folder, other runs find it, and it goes when its runs go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core import cli
from fda_core.data import table_files
from fda_core.data.sheet import TableError
from fda_core.live.runner import Runner
from fda_core.runs import kept_tables, trash
from fda_core.runs.record import Callbacks, Recording, record
from fda_core.runs.store import EVENTS, read_events
from fda_core.support.errors import Preempted
from tests.helpers import own_table
from tests.helpers.fake import Fake, reach, until


@pytest.fixture(scope="module")
def table():
    return own_table.table()


@pytest.fixture(scope="module")
def config(table):
    return own_table.config(table)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


def tables(root: Path) -> list[Path]:
    return sorted(root.rglob("table-*.parquet"))


def played(runner: Runner, config, **more) -> str:
    run_id = runner.start(config, **more)
    reach(runner, run_id, "finished")
    return run_id


def test_the_table_lies_in_the_folder_of_its_run(root, table, config):
    run_id = played(Runner(root, produce=Fake()), config, table=table)
    assert [file.parent.name for file in tables(root)] == [run_id]
    assert table_files.load(root / run_id, table.sha256).sha256 == table.sha256


def test_another_run_finds_the_table_of_a_run_that_has_it(root, table, config):
    runner = Runner(root, produce=Fake())
    first = played(runner, config, table=table)
    second = played(Runner(root, produce=Fake()), own_table.config(table, seed=4))
    assert {file.parent.name for file in tables(root)} == {first, second}


def test_a_seed_study_finds_it_too(root, table, config):
    runner = Runner(root, produce=Fake())
    played(runner, config, table=table)
    for run_id in runner.start_study(config, 3):
        reach(runner, run_id, "finished")
    assert len(tables(root)) == 4


def test_a_run_that_waits_does_not_lose_its_table_when_the_other_is_deleted(root, table, config):
    fake = Fake(held=True)
    runner = Runner(root, produce=fake)
    first = played(Runner(root, produce=Fake()), config, table=table)
    blocking = runner.start(own_table.config(table, seed=9))
    waiting = runner.start(own_table.config(table, seed=4))
    runner.delete(first)
    trash.empty(root, older_than_days=-1)
    fake.let_go()
    reach(runner, blocking, "finished")
    assert reach(runner, waiting, "finished").message == ""


def test_a_run_that_never_began_leaves_nothing_on_disk(root, table, config):
    fake = Fake(held=True)
    runner = Runner(root, produce=fake)
    blocking = runner.start(own_table.config(table, seed=9), table=table)
    until(lambda: tables(root))
    waiting = runner.start(own_table.config(table, seed=4), table=table)
    runner.stop(waiting)
    assert runner.jobs[waiting].table is None
    runner.stop(blocking)
    reach(runner, blocking, "stopped")
    assert [file.parent.name for file in tables(root)] == [blocking]
    assert runner.jobs[blocking].table is None


def test_without_its_table_a_run_is_refused_in_a_sentence(root, config):
    with pytest.raises(TableError, match="give its file again"):
        Runner(root, produce=Fake()).start(config)
    assert not root.exists() or not any(root.iterdir())


def test_another_table_than_the_one_named_is_not_taken(root, config):
    with pytest.raises(TableError, match="give its file again"):
        Runner(root, produce=Fake()).start(config, table=own_table.table(50))


def test_a_deleted_table_is_not_found_and_comes_back_with_undo(root, table, config):
    runner = Runner(root, produce=Fake())
    run_id = played(runner, config, table=table)
    runner.delete(run_id)
    with pytest.raises(TableError, match="deleted"):
        runner.start(own_table.config(table, seed=4))
    trash.restore(run_id, root)
    played(runner, own_table.config(table, seed=4))


def test_a_table_that_was_changed_on_disk_is_refused(root, table, config):
    run_id = played(Runner(root, produce=Fake()), config, table=table)
    tables(root)[0].write_bytes(own_table.table(50).to_parquet())
    with pytest.raises(TableError, match="damaged"):
        table_files.load(root / run_id, table.sha256)


@pytest.mark.parametrize("digest", ["../../etc", "*", "0" * 63, "g" * 64])
def test_nothing_but_a_digest_is_made_into_a_path(root, digest):
    with pytest.raises(TableError, match="no digest"):
        kept_tables.holder(digest, root)


def test_an_interrupted_run_goes_on_with_the_table_in_its_folder(root, table, config):
    def preempt(after=[20]) -> None:  # noqa: B006
        after[0] -= 1
        if not after[0]:
            raise Preempted

    folder = root / "20261124-092435-e6228b"
    new = Recording(config, folder, folder.name, table=table)
    assert record(new, Callbacks(tick=preempt), Fake()).status == "preempted"
    assert record(Recording(config, folder, folder.name, resume=True), produce=Fake()).status == "finished"


# --- for real -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(table, config, tmp_path_factory):
    """A folder that is home, cache and runs of a process that trains on the table."""
    folder = tmp_path_factory.mktemp("home")
    csv = tmp_path_factory.mktemp("elsewhere") / "tickets.csv"
    csv.write_bytes(own_table.csv())
    places = {
        "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "xdg"), "HF_HOME": str(folder / "hf"),
        "FDA_OPT_LAB_CACHE": str(folder / "cache"), "FDA_OPT_LAB_RUNS": str(folder / "runs"),
        "TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    (folder / "tmp").mkdir()
    run = folder / "runs" / "20261124-092435-e6228b"
    words = ["--text-column", "本文", "--label-column", "評価", "--partition-column", "支店", "--seed", "3"]
    words += ["--set", "rounds=2", "--set", "max_tokens=16", "--set", "target.metric=mcc", "--out", str(run)]
    done = subprocess.run(
        [sys.executable, "-m", "fda_core", "run", "--data", str(csv), *words],
        cwd=Path(cli.__file__).parents[2], env=os.environ | places, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, run, done.stdout + done.stderr


def files_with(folder: Path, word: bytes) -> list[str]:
    return sorted(
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file() and word in content(file)
    )


def content(file: Path) -> bytes:
    """A table's cells are compressed in its file."""
    data = file.read_bytes()
    if file.suffix == ".parquet":
        data += table_files.Table.from_parquet(data).frame.to_csv().encode()
    return data


@pytest.mark.slow
def test_the_text_is_in_the_table_and_nowhere_else(real):
    folder, run, said = real
    home = run.relative_to(folder).as_posix()
    assert files_with(folder, own_table.UNIQUE.encode()) == [f"{home}/{tables(run)[0].name}"]
    assert own_table.UNIQUE not in said
    assert "本文" not in (run / EVENTS).read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_was_computed_from_the_texts_is_in_the_run_s_folder_too(real):
    folder, run, _ = real
    assert len(list((run / table_files.PREFIX).glob("prefix-*.safetensors"))) == 2
    assert all(file.is_relative_to(run) for file in folder.rglob("prefix-*"))


@pytest.mark.slow
def test_the_record_names_labels_sites_and_measures(real):
    start, *events = read_events(real[1])
    assert start.facts["labels"] == ["悪い", "良い"]
    assert [client["name"] for client in start.facts["clients"]] == sorted(own_table.SITES)
    assert sum(client["examples"] for client in start.facts["clients"]) == start.config["train_examples"] == 48
    assert -1 <= start.initial["metrics"]["mcc"] <= 1
    rounds = [event for event in events if event.event == "round"]
    assert len(rounds) == 6 and all(-1 <= event.metrics["mcc"] <= 1 for event in rounds)
    assert rounds[0].clients == ["0", "1", "2"]


@pytest.mark.slow
def test_when_the_run_is_deleted_for_good_no_copy_is_left(real, tmp_path):
    folder, run, _ = real
    trash.delete(run.name, run.parent)
    assert len(tables(folder)) == 1  # it can be brought back for a week
    trash.empty(run.parent, older_than_days=-1)
    assert files_with(folder, own_table.UNIQUE.encode()) == []
    assert list(folder.rglob("prefix-*")) == list(folder.rglob("table-*")) == []
