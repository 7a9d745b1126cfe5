"""`python classroom.py`: without a PIN there is no class; with one, the network can reach the server."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from fda_core.cli import main, serve
from fda_core.support.presenter_pin import PIN

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch, tmp_path):
    monkeypatch.delenv(PIN, raising=False)
    monkeypatch.setattr(serve, "SECRETS", (tmp_path / "secrets.toml",))


@pytest.fixture
def started(monkeypatch):
    """What would be started: command and environment."""
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda command, **more: calls.append((command, more["env"])) or 0)
    return calls


def test_without_a_pin_it_refuses_in_one_sentence(started, capsys):
    assert main(["classroom"]) == 2
    assert "A class needs a presenter PIN: set FDA_OPT_LAB_PIN" in capsys.readouterr().err
    assert started == []


def test_a_short_pin_is_refused_without_being_printed(started, capsys, monkeypatch):
    monkeypatch.setenv(PIN, "9137")
    assert main(["classroom"]) == 2
    printed = capsys.readouterr()
    assert "The presenter PIN has 4 characters" in printed.err and "9137" not in printed.err + printed.out
    assert started == []


def test_a_broken_secrets_file_is_named(started, capsys, tmp_path):
    (tmp_path / "secrets.toml").write_text("presenter_pin = \n")
    assert main(["classroom"]) == 2
    assert "secrets.toml is not valid TOML" in capsys.readouterr().err
    assert started == []


@pytest.mark.parametrize("source", ["environment", "secrets"])
def test_with_a_pin_it_listens_on_the_network_and_passes_the_pin_by_the_environment(
    started, capsys, monkeypatch, tmp_path, source
):
    if source == "environment":
        monkeypatch.setenv(PIN, "open-sesame")
    else:
        (tmp_path / "secrets.toml").write_text('presenter_pin = "open-sesame"\n')
    assert main(["classroom", "--port", "8765"]) == 0
    [(command, environment)] = started
    assert command[command.index("--server.address") + 1] == "0.0.0.0"
    assert command[command.index("--server.port") + 1] == "8765"
    assert command[command.index("--browser.serverAddress") + 1] == serve.own_address()
    assert command[command.index("--server.allowedHosts") + 1] == "*"
    assert environment[PIN] == "open-sesame" and "open-sesame" not in " ".join(command)
    printed = capsys.readouterr().out
    assert f"http://{serve.own_address()}:8765/race" in printed and "sesame" not in printed


@pytest.mark.server
@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_a_real_class_answers_under_the_address_of_the_machine(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {"FDA_OPT_LAB_RUNS": str(tmp_path), "FDA_OPT_LAB_CACHE": str(tmp_path), PIN: "open-sesame"}
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "classroom.py", "--port", str(port)], cwd=ROOT, env=os.environ | folders, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        address = f"http://{serve.own_address()}:{port}/_stcore/health"
        deadline = time.monotonic() + 60
        while not answers(address):
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    assert "open-sesame" not in (tmp_path / "log").read_text()


def answers(address: str) -> bool:
    try:
        return urlopen(address, timeout=5).status == 200
    except OSError:
        return False
