"""One number: what every page says FDA-OPT saves comes from the same runs, and is the same."""

import re
from pathlib import Path

import pytest

from fda_core.analysis.summary import cost_to_target
from fda_core.atlas import default_cell
from fda_core.atlas.cells import ATLAS, BASELINE, OURS
from fda_core.atlas.file import load
from fda_core.runs.recorded import recorded
from tests.helpers.words import unlinked
from ui.shared.atlas_numbers import over_seeds
from ui.shared.shown_run import DEFAULT

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def known():
    return load(ATLAS)


def ratio_of_story() -> float:
    events = recorded(DEFAULT).events
    return cost_to_target(events, BASELINE).bytes / cost_to_target(events, OURS).bytes


def test_the_story_shows_the_seed_in_the_middle_not_the_best(known):
    """A visitor who repeats the Story's number repeats the median of all seeds."""
    assert recorded(DEFAULT).config.seed == default_cell.median_seed(known)
    assert ratio_of_story() == pytest.approx(default_cell.saving(known).spread[1], rel=1e-9)


def test_the_atlas_has_the_story_s_run_as_it_was_recorded(known):
    events, seed = recorded(DEFAULT).events, recorded(DEFAULT).config.seed
    place = default_cell.seeds(known).index(seed)
    for lane in (BASELINE, OURS):
        kept, run = default_cell.costs(known, lane)[place], cost_to_target(events, lane)
        assert (kept.rounds, kept.local_epochs, kept.bytes) == (run.rounds, run.local_epochs, run.bytes)


@pytest.mark.parametrize("depth", ["engineer", "manager"])
def test_all_pages_say_the_same(visit, known, depth):
    """Story, Schedules and Evidence: times fewer bytes than FedOpt E=1 over the seeds."""
    times = f"{default_cell.saving(known).spread[1]:.1f} times"
    page = visit("story", depth=depth)
    story = " ".join(unlinked(each.value) for each in (*page.markdown, *page.caption))
    said = re.findall(r"([\d.]+) times fewer bytes", story)
    assert times.split()[0] in said
    schedules = unlinked(visit("schedules", depth=depth).markdown[0].value)
    assert f"seed by seed {times} as many as FDA-OPT" in schedules


def test_the_readme_says_it_too():
    assert over_seeds() in README.read_text(encoding="utf-8")
