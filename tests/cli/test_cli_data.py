"""`run --data FILE`: the command line on a table of one's own; training is stood in for, except in tests/runs."""

import functools
import json

import pytest

from fda_core import cli
from fda_core.cli import play
from fda_core.data import table_files
from fda_core.runs.record import record
from fda_core.settings.assignments import to_toml
from tests.helpers import own_table
from tests.helpers.fake import Fake

COLUMNS = ("--text-column", "本文", "--label-column", "評価")
SITES = ("--partition-column", "支店")


@pytest.fixture
def fake(monkeypatch, tmp_path):
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path / "app"))
    fake = Fake()
    monkeypatch.setattr(play, "record", functools.partial(record, produce=fake))
    return fake


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_bytes(own_table.csv())
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def run(out, *options: str, **settings: object) -> int:
    sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    return cli.main(["run", "--out", str(out), *options, "--set", "rounds=1", *sets])


def test_sites_are_the_clients_and_the_table_is_kept(fake, out, file, capsys):
    assert run(out, "--data", str(file), *COLUMNS, *SITES) == 0
    [config] = fake.played
    assert (config.dataset, config.partition, config.clients, config.cohort_size) == ("table", "column", 3, 3)
    assert (config.train_examples, config.test_examples) == (48, 12)
    assert table_files.load(out, config.table.sha256).clients == tuple(sorted(own_table.SITES))
    said = capsys.readouterr().out
    assert "tickets.csv, Shift-JIS (CP932): 60 examples; labels: 悪い 30, 良い 30" in said
    assert own_table.UNIQUE not in said


def test_settings_win_over_what_the_table_suggests(fake, out, file):
    words = {"partition": "dirichlet", "clients": 6, "clients_per_round": 2, "test_examples": 20, "alpha": 0.5}
    assert run(out, "--data", str(file), *COLUMNS, *SITES, **words) == 0
    [config] = fake.played
    assert (config.partition, config.clients, config.cohort_size) == ("dirichlet", 6, 2)
    assert (config.train_examples, config.test_examples) == (40, 20)


def test_the_kept_configuration_names_no_column(fake, out, file):
    run(out, "--data", str(file), *COLUMNS, *SITES)
    assert set(json.loads((out / "config.json").read_text())["table"]) == {"sha256", "split"}


@pytest.mark.parametrize(
    ("options", "settings", "words"),
    [
        (("--data", "FILE"), {}, "--text-column and --label-column"),
        (COLUMNS, {}, "give it with --data"),
        (("--data", "FILE.none", *COLUMNS), {}, "cannot be read"),
        (("--data", "FILE", "--text-column", "本文", "--label-column", "x"), {}, "no column 'x'"),
        (("--data", "FILE", *COLUMNS), {"clients": 49}, "clients = 49 is more than the 48 training examples"),
        (("--data", "FILE", *COLUMNS, *SITES), {"clients": 2, "clients_per_round": 2}, "set clients=3"),
        (("--data", "FILE", *COLUMNS), {"train_examples": 50, "test_examples": 20}, "more than the 60 rows"),
        (("--data", "FILE", *COLUMNS), {"partition": "column", "clients": 3, "clients_per_round": 3}, "of sites"),
        ((), {"dataset": "table", "table.sha256": "0" * 64}, "give its file again"),
    ],
    ids=["no columns", "no file", "not there", "no such column", "too few rows for the clients", "other clients",
         "too many examples", "no sites", "a digest of nothing"],
)  # fmt: skip
def test_what_is_not_allowed_is_one_sentence_and_leaves_nothing(fake, out, file, capsys, options, settings, words):
    code = run(out, *(str(file) + word[4:] if word.startswith("FILE") else word for word in options), **settings)
    said = capsys.readouterr().err
    assert code == 2 and words in said
    assert said.count("\n") == 1 and own_table.UNIQUE not in said
    assert not out.exists() and fake.played == []


def test_a_settings_file_of_a_run_finds_its_table_in_the_app(fake, tmp_path, file):
    first = tmp_path / "app" / "20261124-092435-e6228b"
    run(first, "--data", str(file), *COLUMNS, *SITES)

    (tmp_path / "again.toml").write_text(to_toml(fake.played[0]), encoding="utf-8")
    assert run(tmp_path / "second", "--config", str(tmp_path / "again.toml"), seed=4) == 0
    assert fake.played[1].table == fake.played[0].table
    assert list((tmp_path / "second").glob("table-*.parquet"))
