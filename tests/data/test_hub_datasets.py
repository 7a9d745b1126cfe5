"""Datasets of a hub that these tests serve on 127.0.0.1, well and badly: one process that asks for all of them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ASK = r'''
import io, json, os, sys, time
from pathlib import Path
import pandas as pd
from tests.helpers.hub import BROKEN, CUT, GATED, MISSING, LOCKED, Hub, Trouble

folder = Path(sys.argv[1])
answers = {}


class Impatient:
    """The hub's library tries again after 1 to 8 seconds; nothing here is different then."""

    sleep = staticmethod(lambda seconds: None)

    def __getattr__(self, name):
        return getattr(time, name)


def parquet(path, rows, names=None):
    """names: of the labels, as the hub keeps them in a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(path)


def words(count, start=0):
    return [f"sentence number {i}" for i in range(start, start + count)]


glue = folder / "glue"
head = ["---", "configs:"]
for task, (first, second) in {"cola": ("sentence", None), "mrpc": ("sentence1", "sentence2"),
                              "mnli": ("premise", "hypothesis")}.items():
    splits = {"train": 40, "validation_matched" if task == "mnli" else "validation": 12}
    head += [f"- config_name: {task}", "  data_files:"]
    for split, count in splits.items():
        rows = {first: words(count), **({second: words(count, 100)} if second else {}),
                "label": [i % (3 if task == "mnli" else 2) for i in range(count)]}
        parquet(glue / task / f"{split}-00000-of-00001.parquet", rows)
        head += [f"  - split: {split}", f"    path: {task}/{split}-*"]
(glue / "README.md").write_text("\n".join([*head, "---", ""]))

plain = folder / "plain"
rows = {"body": words(60) + ["", None], "kind": ["good", "bad"] * 31, "site": [f"s{i % 3}" for i in range(62)]}
parquet(plain / "data" / "train-00000-of-00001.parquet", rows)
uneven = folder / "uneven"
sites = ["a"] * 300 + ["b"] * 294 + ["c"] * 6
for split, count in {"train": 600, "test": 60}.items():
    rows = {"body": words(count), "kind": ["good", "bad"] * (count // 2), "site": sites[:count]}
    parquet(uneven / "data" / f"{split}-00000-of-00001.parquet", rows)
gaps = folder / "gaps"
for split, count, missing in (("train", 40, 2), ("test", 12, 1)):
    rows = {"body": words(count) + [None] * missing, "kind": (["good", "bad"] * 21)[: count + missing]}
    parquet(gaps / "data" / f"{split}-00000-of-00001.parquet", rows)
code = folder / "code"
code.mkdir()
(code / "code.py").write_text("raise SystemExit('run!')")
garbled = folder / "garbled" / "data"
garbled.mkdir(parents=True)
whole = (plain / "data" / "train-00000-of-00001.parquet").read_bytes()
(garbled / "train-00000-of-00001.parquet").write_bytes(whole[:-500])
empty = folder / "empty"
empty.mkdir()
(empty / "README.md").write_text("nothing here")

with Hub() as hub:
    os.environ |= hub.environment(folder / "cache")
    from huggingface_hub.utils import _http
    _http.time = Impatient()
    places = {"nyu-mll/glue": glue, "me/code": code,  "me/empty": empty, "me/garbled": garbled.parent}
    places |= {"me/uneven": uneven, "me/gaps": gaps}
    places |= {f"me/{name}": plain for name in ("plain", "gated", "broken", "cut", "locked")}
    for name, place in places.items():
        hub.add(name, place, "datasets")
    hub.troubles |= {"*datasets/me/gated*": GATED, "*datasets/me/locked*": LOCKED, "*datasets/me/broken*": BROKEN,
                     "*datasets/me/cut/*.parquet": CUT}
    from fda_core.settings.config import ExperimentConfig
    from fda_core.data.sources import examples
    from fda_core.support.errors import Cancelled, LabError

    def ask(name, progress=lambda *_: None, **settings):
        began = time.monotonic()
        settings = {"train_examples": 20, "test_examples": 6, "clients": 4} | settings
        try:
            found = examples(ExperimentConfig(**settings), None, progress)
            answers[name] = {
                "labels": found.labels, "clients": found.clients, "train": found.train.texts, "test": found.test.texts,
                "pairs": found.train.pairs, "numbers": found.train.labels.tolist(),
                "rows": [found.notes.rows, found.notes.left_out],
                "sizes": [len(rows) for rows in found.partition(ExperimentConfig(**settings))],
            }
        except LabError as error:
            answers[name] = f"{type(error).__name__}: {error}"
        answers[name + " seconds"] = time.monotonic() - began

    columns = {"text": "body", "label": "kind"}
    for task in ("cola", "mrpc", "mnli"):
        ask(task, dataset=f"glue/{task}")
    ask("too many", dataset="glue/cola", train_examples=41)
    ask("plain", dataset="hub:me/plain", table=columns)
    ask("sites", dataset="hub:me/plain", table=columns | {"partition": "site"}, partition="column", clients=3)
    whose = {"table": columns | {"partition": "site", "test_split": "test"}, "partition": "column", "clients": 3}
    ask("uneven sites", dataset="hub:me/uneven", **whose, train_examples=40)
    ask("sites and few examples", dataset="hub:me/uneven", **whose | {"train_examples": 3, "clients_per_round": 1})
    ask("gaps", dataset="hub:me/gaps", table=columns | {"test_split": "test"})
    ask("no column", dataset="hub:me/plain", table={"text": "body", "label": "nothing"})
    ask("no split", dataset="hub:me/plain", table=columns | {"split": "dev"})
    ask("no subset", dataset="hub:me/plain", table=columns | {"subset": "other"})
    for name in ("missing", "gated", "locked", "broken", "cut", "garbled", "code", "empty"):
        ask(name, dataset=f"hub:me/{name}", table=columns)

    def stop(*_):
        raise Cancelled

    hub.troubles["*datasets/me/slow*"] = Trouble(before=60)
    hub.add("me/slow", plain, "datasets")
    ask("stopped", stop, dataset="hub:me/slow", table=columns)

ask("away", dataset="hub:me/away", table=columns)
print(json.dumps(answers))
'''

OFFLINE = r"""
import sys
from fda_core.settings.config import ExperimentConfig
from fda_core.data.sources import examples
from fda_core.support.errors import LabError

for dataset in ("hub:me/plain", "hub:me/never"):
    table = {"text": "body", "label": "kind"}
    try:
        found = examples(ExperimentConfig(dataset=dataset, table=table, train_examples=20, test_examples=6, clients=4))
        print(len(found.train.texts))
    except LabError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def answers(folder):
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_task_of_glue_is_taken_in_the_paper_s_split(answers):
    cola = answers["cola"]
    assert len(cola["train"]) == 20 and len(cola["test"]) == 6
    assert set(cola["test"]) <= {f"sentence number {i}" for i in range(12)}
    assert sum(cola["numbers"]) == 10  # labels in like shares
    assert cola["pairs"] is None and sum(cola["sizes"]) == 20


@pytest.mark.parametrize(("task", "labels"), [("mrpc", 2), ("mnli", 3)])
@pytest.mark.slow
def test_sentence_pairs_stay_together(answers, task, labels):
    found = answers[task]
    numbers = [[int(text.split()[-1]) for text in texts] for texts in (found["train"], found["pairs"])]
    assert [second - first for first, second in zip(*numbers, strict=True)] == [100] * 20
    assert len(found["labels"]) == labels


@pytest.mark.slow
def test_any_dataset_is_taken_by_its_columns(answers):
    plain = answers["plain"]
    assert plain["labels"] == ["bad", "good"]
    assert not set(plain["train"]) & set(plain["test"])
    assert "" not in plain["train"]


@pytest.mark.slow
def test_rows_that_were_left_out_of_a_dataset_of_the_hub_are_counted(answers):
    assert answers["plain"]["rows"] == [62, 2]
    assert answers["gaps"]["rows"] == [55, 3]


@pytest.mark.slow
def test_a_column_can_say_who_the_clients_are(answers):
    assert answers["sites"]["clients"] == ["s0", "s1", "s2"]
    assert len(answers["sites"]["sizes"]) == 3 and sum(answers["sites"]["sizes"]) == 20


@pytest.mark.slow
def test_every_site_has_a_row_to_train_on_where_the_test_split_is_the_hub_s(answers):
    assert sum(answers["uneven sites"]["sizes"]) == 40
    assert min(answers["uneven sites"]["sizes"]) >= 1
    assert min(answers["sites and few examples"]["sizes"]) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("too many", "train_examples = 41 is more than the 40"),
        ("no column", "has no column 'nothing': its columns are 'body', 'kind', 'site'"),
        ("no split", "has no split 'dev'"),
        ("no subset", "set table.subset"),
        ("missing", "The hub has no dataset me/missing, or it is private"),
        ("gated", "granted on request"),
        ("locked", "granted on request|private"),
        ("broken", "answered 500"),
        ("cut", "damaged or broke off"),
        ("garbled", "damaged or broke off"),
        ("code", "which is not run here|no files"),
        ("empty", "no files that are read"),
        ("away", "cannot be reached"),
        ("stopped", "Cancelled"),
    ],
)
@pytest.mark.slow
def test_trouble_is_one_sentence(answers, name, words):
    said = answers[name]
    assert isinstance(said, str), "it should have failed"
    assert re.search(words, said), said
    assert "\n" not in said and "Traceback" not in said


@pytest.mark.slow
def test_a_hub_that_does_not_answer_can_be_left(answers):
    assert answers["stopped seconds"] < 10  # it would take a minute


@pytest.mark.slow
def test_offline_takes_what_is_there_and_says_what_is_not(answers, folder):
    environment = {"HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], cwd=ROOT, capture_output=True, text=True, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    there, missing = done.stdout.splitlines()
    assert there == "20"
    assert "HF_HUB_OFFLINE" in missing
