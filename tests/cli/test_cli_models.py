"""`run --model`: a folder by any path, of which the record keeps the last name; an id, from a hub on this machine."""

import os
import subprocess
import sys

import pytest
import torch

from fda_core import cli, predict
from fda_core.algorithm.checkpoint import load
from fda_core.analysis.summary import rounds_of, started
from fda_core.runs.exports import to_json
from fda_core.runs.store import config_of, read_events
from fda_core.settings.config import TRAINED
from fda_core.support.errors import LabError
from tests.helpers import hub, tiny_models
from tests.helpers.tiers import tiered

SMALL = (
    "train_examples=40", "test_examples=20", "clients=4", "clients_per_round=4", "max_tokens=32", "rounds=2",
    "target.metric=test_loss", "target.value=0",
)  # fmt: skip


def run(out, model, *words: str) -> int:
    sets = [part for word in (*SMALL, *words) for part in ("--set", word)]
    return cli.main(["run", "--model", str(model), "--seed", "3", "--out", str(out), *sets])


@pytest.mark.parametrize("trained", tiered(TRAINED, ["lora"]))
@pytest.mark.parametrize("kind", tiered(["distilbert", "roberta", "deberta-v2", "mpnet"], ["distilbert"]))
def test_a_folder_by_its_path_trains(kind, trained, models_folder, cold_cache, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(out, models_folder / kind, f"trained={trained}") == 0
    events = read_events(out)
    facts = started(events).facts
    said = capsys.readouterr().out
    assert f"trained: {trained}, {facts['trainable_parameters']:,} of {facts['parameters']:,} parameters" in said
    fast = kind in ("distilbert", "roberta") and trained in ("lora", "head")
    assert f"{'fast' if fast else 'plain'} path on" in said
    for lane in ("fedopt-e1", "fedopt-e5", "fda-opt"):
        weights = load(out / "checkpoints" / f"{lane}.safetensors").state["server"]["weights"]
        rounds = rounds_of(events, lane)
        assert len(rounds) == 2
        assert [each.bytes_up for each in rounds] == [weights.numel() * weights.element_size() * 4] * 2


def test_where_the_folder_is_stays_on_this_machine(models_folder, cold_cache, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    monkeypatch.chdir(models_folder.parent)
    assert run(out, f"{models_folder.name}/bert/") == 0
    assert config_of(read_events(out), out).model == "folder:bert"
    kept = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert not any(str(models_folder).encode() in text or models_folder.name.encode() in text for text in kept)
    assert str(models_folder) not in to_json(out) and str(models_folder) not in capsys.readouterr().out


@pytest.mark.models
def test_a_folder_goes_on_where_it_was(models_folder, cold_cache, tmp_path, capsys):
    """The record knows no path, so the folder is given again; another one is refused."""
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert run(whole, models_folder / "bert") == 0 == run(out, models_folder / "bert")
    lines = (out / "events.jsonl").read_bytes().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if b'"event":"round"' in line)
    (out / "events.jsonl").write_bytes(b"".join(lines[: cut + 1]))
    capsys.readouterr()
    assert cli.main(["resume", str(out), "--model", str(models_folder / "roberta")]) == 2
    assert "The run's model is folder:bert, not folder:roberta" in capsys.readouterr().err
    assert cli.main(["resume", str(out), "--model", str(models_folder / "bert")]) == 0
    for lane in ("fedopt-e1", "fda-opt"):
        ends = [
            load(folder / "checkpoints" / f"{lane}.safetensors").state["server"]["weights"] for folder in (out, whole)
        ]
        assert torch.equal(*ends)


@pytest.mark.models
def test_asking_reads_the_model_of_the_run_and_no_other(models_folder, cold_cache, tmp_path, monkeypatch):
    mine, out = tmp_path / "mine", tmp_path / "out"
    tiny_models.save("roberta", mine / "tiny")
    assert run(out, mine / "tiny", "trained=last") == 0
    config = config_of(read_events(out), out)
    with pytest.raises(LabError, match="FDA_OPT_LAB_MODELS"):
        predict.answers(config, out, "a good film")
    monkeypatch.setenv("FDA_OPT_LAB_MODELS", str(mine))
    found = predict.answers(config, out, "a good film")
    assert [answer.lane for answer in found] == [None, "fedopt-e1", "fedopt-e5", "fda-opt"]
    tiny_models.save("roberta", mine / "tiny", seed=1)
    predict.reader_of.cache_clear()
    with pytest.raises(LabError, match="have changed since this run began"):
        predict.answers(config, out, "a good film")


@pytest.mark.parametrize("word", ["./nowhere", "~/no/such/folder", "/no/such", "a/b/c"])
def test_a_path_to_nothing_is_refused(word, tmp_path, capsys):
    assert run(tmp_path / "out", word) == 2
    assert "is no folder: give the folder of a model, or its id on the hub." in capsys.readouterr().err


@pytest.mark.slow
def test_an_id_is_fetched_from_the_hub_of_the_environment(models_folder, cold_cache, tmp_path):
    """In a process of its own, as users have it; then again without a hub."""
    words = [part for word in SMALL for part in ("--set", word)]

    def play(name: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "fda_core", "run", "--model", "tiny/roberta", "--out", tmp_path / name, *words]
        return subprocess.run(
            command,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    with hub.Hub() as server:
        commit = server.add("tiny/roberta", models_folder / "roberta")
        environment = server.environment(tmp_path / "hub")
        done = play("first", environment)
        assert done.returncode == 0, done.stderr
        assert f"tiny/roberta (tiny/roberta, revision {commit[:12]}" in done.stdout
        server.troubles["*"] = hub.GATED
        refused = play("refused", environment)
        assert refused.returncode == 1
        assert "Access to tiny/roberta is granted on request" in refused.stderr and "Traceback" not in refused.stderr
    again = play("again", environment | {"HF_HUB_OFFLINE": "1"})
    assert again.returncode == 0, again.stderr
    first, second = (rounds_of(read_events(tmp_path / name), "fda-opt") for name in ("first", "again"))
    assert [each.test_loss for each in first] == [each.test_loss for each in second]
    assert started(read_events(tmp_path / "again")).facts["revision"] == commit
