"""Every command prints whatever it has to say, into a pipe or file of any encoding."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core.cli import main
from fda_core.runs.recorded import folder_of
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS
from tests.helpers.server import ROOT
from tests.helpers.stored_runs import begun

ENCODINGS = ("cp932", "cp1252", "ascii")
SMALL = ("train_examples=64", "test_examples=32", "rounds=1", "clients=4", "clients_per_round=2", "max_tokens=16")
SETS = [part for word in SMALL for part in ("--set", word)]
TABLE = "text,label\n" + "".join(f"größe 大きさ {n} 😀,{'良い' if n % 2 else '悪い'}\n" for n in range(40))


def in_a_process(encoding: str, *words: str | Path) -> str:
    """What a command prints on both streams, as bytes of the encoding; no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "fda_core", *map(str, words)], cwd=ROOT, capture_output=True, timeout=300,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "120"},
    )  # fmt: skip
    text = (done.stdout + done.stderr).decode(encoding)
    assert "Traceback" not in text and done.returncode == 0, text
    return text


@pytest.fixture
def said(monkeypatch):
    """The same without the seconds that a process takes to begin: this one's streams have the encoding."""

    def said(encoding: str, *words: str | Path, code: int = 0) -> str:
        printed = io.BytesIO()
        streams = {name: io.TextIOWrapper(printed, encoding, write_through=True) for name in ("stdout", "stderr")}
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            try:
                found = main([str(word) for word in words])
            except SystemExit as end:
                found = end.code
        text = printed.getvalue().decode(encoding)
        assert "Traceback" not in text and (found or 0) == code, text
        return text

    return said


def test_the_presets_are_printed_in_ascii():
    assert "alpha = 1" in in_a_process("ascii", "presets")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_that_reads_is_printed(encoding, tmp_path, said):
    assert "Count and digest" in said(encoding, "audit", folder_of("alpha-1"))
    run = said(encoding, "import", folder_of("alpha-1") / EVENTS, "--runs", tmp_path).strip()
    assert (tmp_path / run / EVENTS).is_file()
    assert "1 run(s)" in said(encoding, "index", "--runs", tmp_path)
    said(encoding, "presets")
    said(encoding, "evidence", "--page-only", "--page", tmp_path / "evidence.md")
    said(encoding, "--help")
    for command in ("run", "resume", "audit", "import", "index", "presets", "evidence", "app", "classroom"):
        said(encoding, command, "--help")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_refusal_is_printed(encoding, tmp_path, said):
    nasty = "größer-大きい-😀"
    said(encoding, "audit", tmp_path / nasty, code=2)
    said(encoding, "import", tmp_path / nasty, code=2)
    said(encoding, "resume", tmp_path / nasty, code=2)
    said(encoding, "run", "--out", tmp_path / "o", "--set", f"model={nasty}", code=2)
    said(encoding, "run", "--set", "rounds=1", code=2)
    said(encoding, "classroom", code=2)
    damaged = tmp_path / "ä大"
    recorder = Recorder(damaged, "ä大")
    recorder.add(begun())
    recorder.close()
    (damaged / EVENTS).write_bytes((damaged / EVENTS).read_bytes().replace(b'"fedopt"', '"大"'.encode()))
    said(encoding, "audit", damaged, code=1)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_runs_are_printed(encoding, tmp_path, said):
    file = tmp_path / "größe大.csv"
    file.write_text(TABLE, encoding="utf-8")
    data = ["--data", file, "--text-column", "text", "--label-column", "label"]
    small = [
        part for word in ("clients=4", "clients_per_round=2", "rounds=1", "max_tokens=16") for part in ("--set", word)
    ]
    assert "finished" in said(encoding, "run", *data, *small, "--out", tmp_path / "大きい")
    assert "<=" in said(encoding, "run", "--dry-run", *SETS)
