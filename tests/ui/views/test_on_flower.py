"""A federation on Flower, started from To production and shown as any other run; what starts it is stood in for."""

import pytest

import fda_core.setup
from fda_core.runs import recorded
from fda_core.runs.audit import audit
from fda_core.runs.exports import to_csv, to_json
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS, FLOWER
from fda_core.support.errors import StoreError
from tests.helpers import here
from tests.helpers.fake import Fake, fast_config, reach, until
from tests.helpers.widgets import chosen_in
from ui.text.i18n import t
from ui.views.production import on_flower
from ui.views.production.start_here import SETUP
from ui.views.race import live_part


@pytest.fixture
def flower(tmp_path, monkeypatch):
    """Flower's environment; called with how a federation in it is to end."""
    monkeypatch.setenv(on_flower.PLACE, str(here.environment(tmp_path / "flower")))
    monkeypatch.setattr(fda_core.setup, "prepare", lambda config, progress: None)
    return lambda what: monkeypatch.setenv(here.WHAT, what)


def started(visit, runner):
    """The Race after Start, and the run."""
    page = visit("production")
    assert not page.exception
    page.button(key="production_start").click().run()
    assert not page.exception
    [(run_id, _)] = runner.queue()
    return page, run_id


@pytest.mark.parametrize("depth", ["engineer", "manager"])
def test_without_flower_the_page_says_how_to_get_it(visit, monkeypatch, tmp_path, depth):
    monkeypatch.setenv(on_flower.PLACE, str(tmp_path / "nowhere"))
    page = visit("production", depth=depth)
    assert not page.exception and page.info and SETUP.startswith("python3 -m venv .venv-flower && ")
    assert (SETUP in [each.value for each in page.code]) == (depth == "engineer")
    assert "production_start" not in [each.key for each in page.button]


def test_its_rounds_arrive_in_the_race_and_it_ends(visit, runner, flower):
    flower("finished")
    page, run_id = started(visit, runner)
    run = reach(runner, run_id, "finished")
    assert run.events[0].source == "flower" and not run.steerable
    page = visit(run=run_id)
    assert not page.exception and page.table[0].value[t("table.rounds")].astype(int).sum() > 2
    assert any(t("race.on_flower")[:30] in each.value for each in page.caption)


def test_what_flower_says_of_a_failure_is_shown(visit, runner, flower):
    flower("failed")
    _, run_id = started(visit, runner)
    assert "no such module" in reach(runner, run_id, "failed").message
    page = visit(run=run_id)
    assert not page.exception and "no such module" in page.error[0].value


def test_it_can_be_stopped_but_not_paused(visit, runner, flower):
    flower("stopped")
    _, run_id = started(visit, runner)
    until(lambda: len(runner.snapshot(run_id).events) > 10, "its events")
    page = visit(run=run_id)
    assert page.button(key="pause").disabled and page.button(key="step").disabled
    runner.pause(run_id)
    assert runner.snapshot(run_id).status == "running"
    page.button(key="stop").click().run()
    reach(runner, run_id, "stopped")


def test_one_that_died_with_the_app_is_not_resumed_as_if_the_engine_had_played_it(visit, runner):
    """Not even before its first event, when nothing but its settings is on record."""
    folder = runner.folders.root() / "20261127-120000-abcdef"
    Recorder(folder, folder.name, config=fast_config().to_json()).close()
    (folder / FLOWER).touch()
    assert runner.snapshot(folder.name).status == "interrupted"
    with pytest.raises(StoreError, match="Flower"):
        runner.resume(folder.name)
    page = visit(run=folder.name)
    assert not page.exception and "resume" not in [each.key for each in page.button]


def test_simulation_or_processes_is_the_viewer_s_choice(visit, runner, flower, monkeypatch):
    asked = []
    monkeypatch.setattr(runner, "start", lambda config, produce: asked.append(produce) or "20261127-120000-abcdef")
    page = visit("production")
    chosen_in(page.radio, "production_runtime").set_value("processes").run()
    page.button(key="production_start").click().run()
    words = asked[0].command(fast_config(clients=3))
    assert words[words.index("--nodes") + 1] == "3" and on_flower.OnFlower(False).command(fast_config())[6] == "0"


def test_a_run_that_another_process_writes_is_drawn_as_it_grows(visit, runner):
    """As a federation on other machines records it into this folder: the Race draws itself again until it has ended."""
    folder = runner.folders.root() / "20261127-120001-abcdef"
    recorder = Recorder(folder, folder.name, config=fast_config().to_json())
    events = list(Fake()(fast_config(), lambda *_: None, lambda: None))
    for event in events[:20]:
        recorder.add(event)
    page = visit(run=folder.name)
    before = page.table[0].value[t("table.rounds")].astype(int).sum()
    assert not page.exception and live_part.identity(runner.snapshot(folder.name), None).live
    for event in events[20:]:
        recorder.add(event)
    assert page.run().table[0].value[t("table.rounds")].astype(int).sum() > before
    recorder.finish("finished")
    assert not live_part.identity(runner.snapshot(folder.name), None).live


@pytest.mark.parametrize("name", ["race", "inside", "budget", "heterogeneity", "schedules", "runs", "lesson", "story"])
def test_every_page_shows_a_recorded_federation(visit, runner, name):
    """Its rounds have no paths, and no exact variance before their end."""
    folder = runner.folders.root() / "20261127-120002-abcdef"
    folder.mkdir(parents=True)
    (folder / EVENTS).write_bytes((recorded.ROOT / "flower" / EVENTS).read_bytes())
    page = visit(name, **{"runs": folder.name} if name == "runs" else {"run": folder.name})
    assert not page.exception
    assert not audit(folder).wrong and "flower" in to_json(folder)
    assert len(to_csv(folder).splitlines()) > 17
