"""Fixtures for the tests that need the real encoder: few texts, and a prefix cache that no earlier run has filled."""

import os
import sys

import hypothesis
import pytest

from fda_core.settings.config import ExperimentConfig

TRAIN, TEST = 64, 32

# A thread for each worker, before torch and numpy count the cores, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Pages are tested in full, as engineers read them, unless a test says otherwise.
os.environ["FDA_OPT_LAB_DEPTH"] = "engineer"

# A worker may have to wait for its core: no example is too slow.
hypothesis.settings.register_profile("shared cores", deadline=None)
hypothesis.settings.load_profile("shared cores")


# Files of minutes: handed out first, so that no worker is left with one at the end, and so that no two files train in
# the app at once: a run has a low priority, and on two busy cores it would not come to its first point.
LONG = (
    "test_wheel.py",
    "test_own_models_generated.py",
    "test_access.py",
    "test_cli_encodings.py",
    "test_walks.py",
    "test_race.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(autouse=True)
def own_main():
    """AppTest leaves its script behind as `__main__`; a process that a later test spawns would run that script."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two threads are no faster on so little data, and many times slower on a machine that is busy with other work."""
    if torch := sys.modules.get("torch"):  # not imported here: many tests do without it
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def cold_cache(tmp_path_factory):
    """The folder that stands in for the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("FDA_OPT_LAB_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def small_config():
    """Six unlike clients of 10 or 11 real reviews, two a round."""
    return ExperimentConfig(
        train_examples=TRAIN,
        test_examples=TEST,
        max_tokens=32,
        clients=6,
        clients_per_round=2,
        alpha=0.5,
        client_lr=0.1,
    )


@pytest.fixture(scope="session")
def texts(small_config):
    """The tokens of the training and the test reviews."""
    from fda_core import setup

    return setup.texts(TRAIN, TEST, small_config.max_tokens)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory):
    """A folder with a tiny model of every architecture, which no test may change."""
    from tests.helpers import tiny_models

    folder = tmp_path_factory.mktemp("models_folder")
    for kind in (*tiny_models.SETTINGS, *tiny_models.OTHERS):
        tiny_models.save(kind, folder / kind)
    return folder
