"""The example's README: its own command applies the patch, and two lines change by it."""

import re
import shutil
import subprocess

from tests.flower.apps import EXAMPLE, changed_lines


def test_the_patch_changes_two_lines_besides_the_imports():
    assert changed_lines() == (2, 2)


def test_the_readme_s_command_applies_the_patch_in_a_checkout(tmp_path):
    """Typed as it stands there, in the folder where its reader is by then."""
    folder = tmp_path / "checkout" / "examples" / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=tmp_path / "checkout", check=True)
    [command] = re.findall(r"^git apply .*", (folder / "README.md").read_text(), re.M)
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    diff = subprocess.run(["git", "diff", "-U0"], cwd=folder, capture_output=True, text=True, check=True).stdout
    changed = [line for line in diff.splitlines() if re.match(r"\+(?!\+| *from )", line)]
    assert [line.split("(")[0] for line in changed] == ["+app = ClientApp", "+    strategy = FdaAdam"]
