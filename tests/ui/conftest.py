"""The app in AppTest, with a stand-in for training. AppTest has no timers: `run()` polls."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from fda_core.live.other_programs import OtherPrograms
from fda_core.live.runner import Runner
from fda_core.support import assets
from tests.helpers.fake import Fake, until
from ui.state import session

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(scope="session", autouse=True)
def no_components_of_packages():
    """AppTest reads the metadata of all installed packages for each new viewer, a third of its time, and finds none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: [])
        yield


@pytest.fixture
def fake():
    """Every round waits for `fake.allow`."""
    return Fake(held=True)


@pytest.fixture
def runner(tmp_path, monkeypatch, fake):
    """The one runner of all viewers of this test; its runs end with the test."""
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(session, "Runner", lambda **_: Runner(produce=fake))
    monkeypatch.setattr(assets, "problem", lambda: None)
    monkeypatch.setattr(OtherPrograms, "crowding", lambda _: False)  # whatever this machine does meanwhile
    st.cache_resource.clear()
    runner = session.runner()
    yield runner
    for run_id, _ in runner.queue():
        runner.stop(run_id)
    until(lambda: not runner.queue(), "runs went on")
    st.cache_resource.clear()


@pytest.fixture
def visit(runner):
    """Opens a page as a new viewer, by its address."""

    def open_page(name: str = "race", **query: str) -> AppTest:
        page = AppTest.from_file(str(APP), default_timeout=60)
        page.session_state["listening"] = True  # as a browser says it
        for key, value in query.items():
            page.query_params[key] = value
        return page.switch_page(f"pages/{name}.py").run()

    return open_page
