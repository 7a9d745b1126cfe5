"""The command line: what it writes, prints and refuses. Two tests train for real, on 64 reviews."""

import functools
import json
from dataclasses import replace

import pytest

from fda_core import cli
from fda_core.algorithm.events import Round
from fda_core.cli import play
from fda_core.cli.output import console
from fda_core.cost import calibration
from fda_core.runs.record import record
from fda_core.runs.store import EVENTS, read_events
from fda_core.settings import presets
from fda_core.settings.assignments import to_toml
from fda_core.support.errors import Cancelled, MissingAssets, Preempted
from tests.cost.test_estimate import TIMINGS
from tests.helpers.errors import saying
from tests.helpers.fake import MODEL_BYTES, STATE_BYTES, Fake
from tests.helpers.tiny import comparable

TINY = (
    "train_examples=64", "test_examples=32", "rounds=2", "clients=4", "clients_per_round=2", "max_tokens=32",
)  # fmt: skip


@pytest.fixture
def fake(monkeypatch):
    """Stands in for the training behind the command line."""
    fake = Fake()
    monkeypatch.setattr(play, "record", functools.partial(record, produce=fake))
    monkeypatch.setattr(console, "_width", 200)
    return fake


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def run(out, *words: str, options: tuple[str, ...] = ()) -> int:
    sets = [part for word in words for part in ("--set", word)]
    return cli.main(["run", "--out", str(out), *options, *sets])


def kept(out) -> dict:
    return json.loads((out / "config.json").read_text())


def cells(text: str) -> dict[str, list[str]]:
    """The printed table as label → values of the lanes."""
    rows = [line.replace("┃", "│").split("│")[1:-1] for line in text.splitlines()]
    # From the last to the first: the head counts, not a cell's second line, which has no label either.
    return {row[0].strip(): [value.strip() for value in row[1:]] for row in reversed(rows) if row}


def refusal(capsys, code: int) -> str:
    """The one sentence of a refused command."""
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1 and printed.err.endswith(".\n")
    assert "Traceback" not in printed.err
    return printed.err


def test_a_run_writes_its_three_files_and_ends_with_zero(fake, out):
    assert run(out, "rounds=3") == 0
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "events.jsonl", "lock", "summary.json"]
    assert len([event for event in read_events(out) if isinstance(event, Round)]) == 9


def test_the_last_line_says_how_it_ended_and_where_the_run_is(fake, out, capsys):
    run(out, "rounds=1")
    assert capsys.readouterr().out.splitlines()[-1] == f"finished: {out}"


def test_the_table_shows_bytes_by_kind_rounds_and_epochs(fake, out, capsys):
    run(out, "rounds=3", "clients_per_round=10")
    model, checks = f"{30 * MODEL_BYTES / 1e6:.1f}", f"{11 * 10 * (STATE_BYTES + 1) / 1e6:.1f}"
    table = cells(capsys.readouterr().out)
    assert table[""] == ["fedopt-e1", "fedopt-e5", "fda-opt"]
    assert table["MB down"] == table["MB up"] == [model] * 3
    assert table["MB monitor"] == ["0.0", "0.0", checks]
    assert table["rounds"] == ["3", "3", "3"]
    assert table["local epochs"] == ["3", "15", "11"]
    assert table["status"] == ["cap", "cap", "cap"]


def test_the_table_shows_what_the_target_cost(fake, out, capsys):
    run(out, "rounds=3", "clients_per_round=10", "target.value=0.65")
    table = cells(capsys.readouterr().out)
    # 0.5 + 0.3 (1 − exp(−epochs / 10)) passes 0.65 after 7 epochs; it counts in the second round that has it.
    assert table["epochs to target"] == ["not reached", "15", "not reached"]
    assert table["MB to target"] == ["not reached", f"{60 * MODEL_BYTES / 1e6:.1f}", "not reached"]


def test_the_title_of_the_table_names_preset_seed_and_target(fake, out, capsys):
    run(out, "rounds=1", "target.value=0.625", options=("--preset", "quick", "--seed", "7"))
    assert "quick, seed 7; target: accuracy 0.625" in capsys.readouterr().out


QUICK, DEFAULT = presets.build(preset="quick"), presets.build()
FILE = {"clients": 20, "clients_per_round": 4, "rounds": 7}


@pytest.mark.parametrize(
    ("options", "words", "base", "changes"),
    [
        ((), (), DEFAULT, {}),
        (("--preset", "quick"), (), QUICK, {}),
        (("--preset", "quick", "--config", "FILE"), (), QUICK, FILE),
        (("--config", "FILE"), (), DEFAULT, FILE),
        (("--preset", "quick", "--config", "FILE"), ("clients=15",), QUICK, FILE | {"clients": 15}),
        (("--preset", "quick"), ("clients=15",), QUICK, {"clients": 15}),
        ((), ("clients=15", "clients=16"), DEFAULT, {"clients": 16}),
    ],
    ids=["default", "preset", "file over preset", "file", "word over file", "word over preset", "last word"],
)
def test_settings_take_precedence_from_preset_to_file_to_words(fake, out, tmp_path, options, words, base, changes):
    file = tmp_path / "settings.toml"
    file.write_text("".join(f"{name} = {value}\n" for name, value in FILE.items()))
    run(out, *words, options=tuple(str(file) if part == "FILE" else part for part in options))
    assert fake.played[0].to_dict() == base.to_dict() | changes


def test_a_preset_named_in_the_file_is_the_base(fake, out, tmp_path):
    (tmp_path / "settings.toml").write_text('preset = "where-it-loses"\nrounds = 1\n')
    run(out, options=("--config", str(tmp_path / "settings.toml")))
    assert kept(out)["alpha"] == presets.build(preset="where-it-loses").alpha


def test_a_file_written_by_the_program_gives_the_same_experiment(fake, out, tmp_path):
    config = presets.build({"clients": 12, "rounds": 1, "link": {"rtt_ms": 5}}, preset="quick")
    (tmp_path / "settings.toml").write_text(to_toml(config))
    run(out, options=("--config", str(tmp_path / "settings.toml")))
    assert fake.played == [config]


@pytest.mark.parametrize(
    ("words", "options", "name", "value"),
    [
        ((), ("--seed", "3"), "seed", 3),
        (("seed=4",), ("--seed", "3"), "seed", 4),
        (("link.rtt_ms=5",), (), "link", {"rtt_ms": 5, "uplink_mbit": 20}),
        (("target.metric=test_loss", "target.value=0.5"), (), "target", {"metric": "test_loss", "value": 0.5}),
        (("server_optimizer=adam",), (), "server_lr", 0.001),
    ],
    ids=["seed", "word over seed", "part of a table", "two parts", "default that follows"],
)
def test_words_and_options_reach_the_kept_configuration(fake, out, words, options, name, value):
    run(out, "rounds=1", *words, options=options)
    found = kept(out)[name]
    assert found == value if not isinstance(value, dict) else value.items() <= found.items()


def test_presets_lists_them_all(capsys, monkeypatch):
    monkeypatch.setattr(console, "_width", 200)
    assert cli.main(["presets"]) == 0
    table = cells(capsys.readouterr().out)
    assert table[""] == presets.names()
    assert table["heterogeneity"] == [f"α = {presets.build(preset=name).alpha:g}" for name in presets.names()]


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("clients=0", "clients = 0"),
        ("clients=1.5", "clients = 1.5"),
        ("alpha=0", "alpha = 0"),
        ("alpha=-1", "alpha = -1"),
        ('lanes=[{id="a", rule="schedule", epochs=0}]', "epochs = 0"),
        ("clients_per_round=41", "clients_per_round = 41"),
        ("client_lr=nan", "client_lr = nan"),
        ("server_optimizer=lion", "server_optimizer = 'lion'"),
        ("preset=zz", "preset = 'zz'"),
        ("train_examples=39", "clients = 40 is more than the 39 training examples"),
        ("garbage", "'garbage'"),
        ("nonsense=1", "nonsense is not a setting"),
        ("rounds=", "rounds = ''"),
        ("target.value=inf", "target.value = inf"),
        ("lanes=[]", "lanes = []"),
    ],
)
def test_a_word_that_is_not_allowed_is_named_in_one_sentence(fake, out, capsys, word, named):
    assert named in refusal(capsys, run(out, word))
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--preset", "zz"), ", ".join(presets.names())),
        (("--seed", "x"), "seed = 'x'"),
        (("--seed", "-1"), "seed = -1"),
        (("--config", "no-such.toml"), "no-such.toml cannot be read"),
        (("--config", "."), "cannot be read"),
    ],
    ids=["preset", "word seed", "negative seed", "missing file", "folder as file"],
)
def test_an_option_that_is_not_allowed_is_named_in_one_sentence(fake, out, capsys, options, named):
    assert named in refusal(capsys, run(out, options=options))


@pytest.mark.parametrize("content", [b"clients = ", b"\xff\xfe", b"[clients]\nx = 1", b"target = 0.7"])
def test_an_ill_file_is_refused_in_one_sentence(fake, out, tmp_path, capsys, content):
    (tmp_path / "ill.toml").write_bytes(content)
    refusal(capsys, run(out, options=("--config", str(tmp_path / "ill.toml"))))


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(fake, out, capsys):
    run(out, "rounds=1")
    before = (out / "events.jsonl").read_bytes()
    capsys.readouterr()
    assert "already holds a run" in refusal(capsys, run(out, "rounds=2"))
    assert (out / "events.jsonl").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused(fake, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert "cannot be written" in refusal(capsys, run(tmp_path / "file" / "out"))


def test_a_failed_run_ends_with_one_and_its_sentence(fake, out, capsys):
    fake.error, fake.after = RuntimeError("no room"), 2
    assert run(out, "rounds=3") == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1] == "Unexpected RuntimeError: no room"
    assert printed.out.splitlines()[-1] == f"failed: {out}"


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt()], ids=["cancelled", "ctrl-c"])
def test_a_stopped_run_ends_with_130_and_shows_what_it_kept(fake, out, capsys, error):
    fake.error, fake.after = error, 4
    assert run(out, "rounds=3") == 130
    assert cells(capsys.readouterr().out)["rounds"] == ["2", "1", "1"]


def test_a_run_that_fails_before_its_first_event_ends_the_same_way(fake, out, capsys, monkeypatch):
    def fails(*_):
        raise saying(MissingAssets, "The package scattertext is not installed.")

    monkeypatch.setattr(play, "record", functools.partial(record, produce=fails))
    assert run(out) == 1
    assert capsys.readouterr().err == "The package scattertext is not installed.\n"


@pytest.mark.parametrize("words", [(), ("run",), ("fly",)], ids=["nothing", "no folder", "unknown action"])
def test_a_command_without_its_words_explains_itself(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(list(words))
    assert end.value.code == 2
    assert "usage: python -m fda_core" in capsys.readouterr().err


def test_a_real_run_trains_and_measures(cold_cache, out, capsys):
    assert run(out, *TINY) == 0
    rounds = [event for event in read_events(out) if isinstance(event, Round)]
    assert len(rounds) == 6
    assert all(0.3 < event.test_loss < 1.5 for event in rounds)
    assert cells(capsys.readouterr().out)["rounds"] == ["2", "2", "2"]


def test_a_run_that_diverges_is_kept_and_counts_as_done(cold_cache, out, capsys):
    assert run(out, *TINY, "client_lr=1e6") == 0
    assert cells(capsys.readouterr().out)["status"] == ["diverged"] * 3
    assert [lane["status"] for lane in json.loads((out / "summary.json").read_text())["lanes"]] == ["diverged"] * 3


def test_an_interrupted_run_is_resumed_and_its_record_is_intact(fake, out, capsys):
    fake.error, fake.after = Preempted(), 4
    run(out, "rounds=3")
    capsys.readouterr()
    assert cli.main(["audit", str(out)]) == 3
    assert "not closed" in capsys.readouterr().out
    assert cli.main(["resume", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"finished: {out}"
    assert cli.main(["audit", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Count and digest in the last line are right" in printed
    assert sum(line.split()[1:2] == ["fda-opt"] for line in printed.splitlines()) == 3


def test_the_audit_of_a_changed_record_ends_with_one(fake, out, capsys):
    run(out, "rounds=1")
    (out / EVENTS).write_text((out / EVENTS).read_text().replace('"accuracy":0.5', '"accuracy":0.9'))
    assert cli.main(["audit", str(out)]) == 1
    assert "Damaged" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["resume", "audit"])
def test_a_folder_without_a_run_is_refused(tmp_path, capsys, action):
    assert "cannot be read" in refusal(capsys, cli.main([action, str(tmp_path / "nothing")]))


def test_a_real_run_that_was_stopped_in_the_middle_resumes_to_the_same_numbers(cold_cache, tmp_path, monkeypatch):
    assert run(tmp_path / "whole", *TINY) == 0

    def interrupted(recording, callbacks, **more):
        rounds = iter(range(3))

        def tick():
            if next(rounds, None) is None:
                raise Preempted

        return record(recording, replace(callbacks, tick=tick), **more)

    with monkeypatch.context() as patch:
        patch.setattr(play, "record", interrupted)
        assert run(tmp_path / "torn", *TINY) == 1
    assert cli.main(["resume", str(tmp_path / "torn")]) == 0
    whole, torn = (read_events(tmp_path / name) for name in ("whole", "torn"))
    assert [comparable(e) for e in torn if isinstance(e, Round)] == [
        comparable(e) for e in whole if isinstance(e, Round)
    ]
    assert any(e.event == "run_resumed" and any(e.from_round.values()) for e in torn)


def test_a_dry_run_prints_what_the_run_would_cost_and_writes_no_run(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path))
    monkeypatch.setattr(calibration, "measure", lambda config, **_: TIMINGS)
    monkeypatch.setattr(console, "_width", 200)
    assert cli.main(["run", "--dry-run", "--preset", "quick"]) == 0
    printed = capsys.readouterr().out
    table = cells(printed)
    assert table["rounds"] == ["30", "30", "30"]
    assert table["local epochs"] == ["30", "150", "146 (≤ 291)"]
    assert table["MB in all"][0] == "193.1"
    assert "minutes on this machine" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["paces.json"]
