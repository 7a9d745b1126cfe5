"""The Race before anything was started: what the atlas has nearest to the sliders, and that it follows them."""

import json

import pytest

from fda_core.atlas.cells import ATLAS, DEFAULT, RACE
from fda_core.atlas.file import load
from fda_core.settings.config import Target
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.text.i18n import t
from ui.views.race.recorded_cell import figure, frame, shown_bytes


def said(page) -> str:
    return " ".join(unlinked(each.value) for each in page.markdown)


def test_the_default_settings_are_shown_as_recorded_with_what_they_come_to(visit):
    page = visit("race")
    assert not page.exception
    assert "Recorded with these settings: 40 clients, α = 1, FedAvg, client rate 0.05" in said(page)
    assert "times fewer bytes than FedOpt E=1" in said(page)


def test_another_setting_says_that_the_nearest_is_shown(visit):
    page = visit("race")
    chosen_in(page.slider, "clients").set_value(37).run()
    assert not page.exception and "Recorded, with the nearest settings there are: 40 clients" in said(page)


def test_without_a_clock_in_the_atlas_the_record_is_shown(visit):
    page = visit("race", x="time")
    assert not page.exception
    assert any(each.value.startswith(t("race.example", label="")[:30]) for each in page.caption)


@pytest.mark.parametrize("target", [Target(), Target(metric="test_loss", value=0.6), Target(value=1.0)])
def test_one_seed_is_drawn_with_marks_and_every_other_as_a_thin_line(visit, target):
    known = load(ATLAS)
    drawn = json.loads(figure(DEFAULT, "bytes", "accuracy", target.model_dump_json(), None))
    thin = [trace for trace in drawn["data"] if trace.get("opacity") == 0.35]
    seeds = len({run.seed for run in known.curves if run.cell == DEFAULT and run.seed < 100})
    assert len(thin) == (seeds - 1) * len(RACE)
    shown = frame(known, DEFAULT, 0, shown_bytes(known, DEFAULT, target))
    assert set(shown.lane) == set(RACE) and (shown[shown["round"] == 0].megabytes == 0).all()


def test_of_another_server_its_own_recorded_race_is_shown_with_its_name_and_rate(visit):
    page = visit("race", server_optimizer="adam", server_lr="0.03")
    assert not page.exception
    assert "Recorded with these settings: 40 clients, α = 1, FedAdam at rate 0.03, client rate 0.05" in said(page)
    assert "than FedAdam E=1" in said(page)
