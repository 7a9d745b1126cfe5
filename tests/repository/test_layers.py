"""The engine knows no view."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import importlib, pkgutil, sys
import fda_core

names = [module.name for module in pkgutil.walk_packages(fda_core.__path__, "fda_core.")]
names = [name for name in names if not name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names), *sorted({"streamlit", "plotly", "ui", "pages"} & set(sys.modules)))
"""


def imported_with(code: str, *words: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_no_module_of_the_engine_imports_a_view():
    count, *views = imported_with(IMPORT_ALL)
    assert views == []
    assert int(count) >= 28  # the walk has found the modules


def test_a_page_can_name_a_config_and_read_a_run_without_loading_torch():
    code = """
import sys
import fda_core.models.payload, fda_core.settings.presets, fda_core.cost.estimate
import fda_core.live.runner, fda_core.analysis.summary
print(*sorted({"torch", "transformers", "datasets"} & set(sys.modules)))
"""
    assert imported_with(code) == []


DRAW_ALL = """
import sys
from streamlit.testing.v1 import AppTest
from ui.state import session

# Torch is loaded for the first run, and to measure what one costs, in a thread of its own.
session.warm_up, session.measure = lambda: None, None
PAGES = "story race inside heterogeneity schedules budget evidence production lesson runs"
for page in PAGES.split():
    drawn = AppTest.from_file("app.py", default_timeout=120)
    drawn.query_params["run"] = sys.argv[1]
    drawn.switch_page(f"pages/{page}.py").run()
    assert not drawn.exception, drawn.exception
    unwanted = {"torch", "transformers", "datasets", "peft", "pptx"}
    if page == "story":  # the first that anybody waits for
        unwanted |= {"pandas", "pyarrow"}
    heavy = unwanted & set(sys.modules)
    print(*(f"{page}:{name}" for name in sorted(heavy)))
"""


@pytest.mark.slow
def test_no_page_that_shows_a_record_loads_torch_or_what_makes_slides():
    """Else the first page waits seconds, and takes hundreds of MB, for what nobody may ever start."""
    assert imported_with(DRAW_ALL, "alpha-1") == []
