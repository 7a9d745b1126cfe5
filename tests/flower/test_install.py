"""The library by itself: built, installed where nothing of the lab is, and used by an app with one changed line."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing is left behind in the checkout."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in ("fda_flower", "fda_core"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "recorded"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out]
    done = subprocess.run([*command, copy / "fda_flower"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [built] = out.glob("*.whl")
    return built


def test_every_module_of_it_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"fda_flower/{file.name}" for file in (ROOT / "fda_flower").glob("*.py")} <= names


def test_an_app_uses_it_without_torch_or_any_of_the_lab(wheel, tmp_path):
    environment, elsewhere = tmp_path / "env", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(environment, symlinks=True)
    packages = next((environment / "lib").glob("python*/site-packages"))
    (packages / "lent.pth").write_text(sysconfig.get_paths()["purelib"])  # flwr and numpy, as installed for the tests
    with zipfile.ZipFile(wheel) as built:
        built.extractall(packages)  # what pip does with a wheel of pure Python
    for name in ("alone.py", "local_grid.py", "tiny_app.py"):
        shutil.copy(ROOT / "tests" / "flower" / name, elsewhere / name)
    python, variables = environment / "bin" / "python", {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python, "alone.py"], cwd=elsewhere, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    library, core, moved = done.stdout.splitlines()[-3:]
    assert str(packages) in library and str(packages) in core and float(moved) > 0
