"""The load benchmark counts what it says, and its viewers really see the page."""

import asyncio

import pytest

from benchmarks.load import delays, quantile
from benchmarks.viewer import Viewer
from tests.helpers.server import Server


def test_a_round_s_delay_is_the_time_until_the_page_shows_it():
    recorded = [10.0, 11.0, 12.0, 13.0]
    # Came when two rounds had been played; saw the third half a second late, the fourth 2 s late.
    assert delays([(2, 11.5), (2, 12.2), (3, 12.5), (4, 15.0)], recorded) == [0.5, 2.0]
    assert delays([(1, 10.5), (4, 14.0)], recorded) == [3.0, 2.0, 1.0]


def test_quantiles_are_values_that_occurred():
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0] * 19 + [9.0], 0.95) == 9.0


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path).start()
    yield server
    server.kill()


@pytest.mark.server
def test_a_viewer_gets_the_whole_page_and_can_press_its_buttons(server):
    async def visit() -> Viewer:
        async with Viewer(server.url, "race", "rounds=1&train_examples=1") as viewer:
            await viewer.interact()
        return viewer

    viewer = asyncio.run(visit())
    assert viewer.seen.errors == []
    assert "Start" in viewer.buttons
    assert 0 < viewer.seen.interactions[0] < 30


@pytest.mark.server
def test_a_viewer_keeps_the_run_it_has_started_although_its_link_said_more_than_it_must(server):
    async def start() -> Viewer:
        async with Viewer(server.url, "race", "preset=quick&seed=0") as viewer:
            await viewer.draw(press="Start")
            await viewer.draw()
        return viewer

    viewer = asyncio.run(start())
    assert "run=" in viewer.query
    assert not any("Watch it" in label for label in viewer.buttons)
