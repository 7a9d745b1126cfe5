"""One number: what every page says FDA-OPT saves comes from the same runs, and is the same."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from pptx import Presentation

from fda_core.analysis.summary import cost_to_target
from fda_core.atlas import default_figures
from fda_core.atlas.cells import ATLAS, BASELINE, OURS, PROTOCOL, Run
from fda_core.atlas.cells import DEFAULT as CELL
from fda_core.atlas.file import load
from fda_core.atlas.opponents import findings
from fda_core.runs.imports import import_events
from fda_core.runs.recorded import folder_of, recorded
from fda_core.runs.store import EVENTS, runs_folder
from tests.helpers.words import unlinked
from ui.shared.atlas_numbers import labels, over_seeds, saving_words
from ui.shared.own_network import OwnNetwork
from ui.shared.shown_run import DEFAULT
from ui.shared.story_words import others, published
from ui.takeaway.offers import make_film, make_slides
from ui.text.i18n import t
from ui.text.viewer import Viewing, reading
from ui.views.runs import downloads
from ui.views.runs.picture import notes

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def known():
    return load(ATLAS)


def ratio_of_story() -> float:
    events = recorded(DEFAULT).events
    return cost_to_target(events, BASELINE).bytes / cost_to_target(events, OURS).bytes


def test_the_story_shows_the_seed_in_the_middle_not_the_best(known):
    """A visitor who repeats the Story's number repeats the median of all seeds."""
    assert recorded(DEFAULT).config.seed == default_figures.median_seed(known)
    assert ratio_of_story() == pytest.approx(default_figures.saving(known).spread[1], rel=1e-9)


def test_the_atlas_has_the_story_s_run_as_it_was_recorded(known):
    events, seed = recorded(DEFAULT).events, recorded(DEFAULT).config.seed
    place = default_figures.seeds(known).index(seed)
    for lane in (BASELINE, OURS):
        kept, run = default_figures.costs(known, lane)[place], cost_to_target(events, lane)
        assert (kept.rounds, kept.local_epochs, kept.bytes) == (run.rounds, run.local_epochs, run.bytes)


@pytest.mark.parametrize("depth", ["engineer", "manager"])
def test_all_pages_say_the_same(visit, known, depth):
    """Story and Schedules: times fewer bytes than FedOpt E=1 over the seeds."""
    times = f"{default_figures.saving(known).spread[1]:.1f} times"
    page = visit("story", depth=depth)
    story = " ".join(unlinked(each.value) for each in (*page.markdown, *page.caption))
    said = re.findall(r"([\d.]+) times fewer bytes", story)
    assert times.split()[0] in said
    schedules = unlinked(visit("schedules", depth=depth).markdown[0].value)
    assert f"seed by seed {times} as many as FDA-OPT" in schedules


def test_the_readme_says_it_too():
    assert over_seeds() in README.read_text(encoding="utf-8")


def test_the_readme_s_table_is_the_atlas(known):
    text = README.read_text(encoding="utf-8")
    lanes = [default_figures.costs(known, lane) for lane in (BASELINE, "fedopt-e5", OURS)]
    for seed, costs in zip(default_figures.seeds(known), zip(*lanes, strict=True), strict=True):
        cells = [f"{c.bytes / 1e6:.0f} / {c.rounds} / {c.local_epochs}" if c else "not reached" for c in costs]
        assert f"| {seed} | {' | '.join(cells)} |" in text
    work = [ours.local_epochs / theirs.local_epochs for theirs, _, ours in zip(*lanes, strict=True) if theirs and ours]
    assert f"It trains {min(work):.1f} to {max(work):.1f} times as many local epochs as E=1" in text
    best = [max_of(known, BASELINE), max_of(known, "fedopt-e5") + max_of(known, OURS)]
    told = [f"{min(values):.3f} to {max(values):.3f}" for values in best]
    assert f"its best accuracy is {told[0]}, that of the other two {told[1]}." in text


def test_the_readme_says_what_is_left_where_both_sides_are_tuned(known):
    """A reader repeats the saving against an opponent that was tuned as well, or that FDA-OPT loses to the best E."""
    text = README.read_text(encoding="utf-8")
    for cell in (PROTOCOL, CELL):
        told = []
        for opponent in ("both_fastest", "best_e_fastest"):
            for share in (0.90, 0.95):
                [saving] = [f.saving for f in findings(known, cell, share, held=True) if f.opponent == opponent]
                low, middle, high = saving.spread
                assert len(saving.ratios) == 3
                told.append(f"{middle:.1f} ({low:.1f} to {high:.1f})")
        assert f"| {cell.clients} | {' | '.join(told)} |" in text


def max_of(known, lane: str) -> list[float]:
    seeds = default_figures.seeds(known)
    return [float(known.curves[Run(CELL, lane, seed)].accuracy.max()) for seed in seeds]


@pytest.mark.parametrize("depth", ["engineer", "manager"])
@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", ["story", "race"])
def test_both_languages_say_the_same(visit, known, name, lang, depth):
    """The whole sentence: its opponent, its spread and its number of runs too."""
    page = visit(name, lang=lang, depth=depth)
    with reading(lang, depth):
        sentence = saving_words("saving.seeds", default_figures.saving(known), labels()[BASELINE])
    assert sentence in " ".join(unlinked(each.value) for each in (*page.markdown, *page.caption))


VIEWS = [(language, depth) for language in ("en", "ja") for depth in ("engineer", "manager")]
OTHER = "alpha-0.1"  # a recorded run with other settings than the preset's


def said(page) -> str:
    """All that a page says in words."""
    assert not page.exception
    return " ".join(unlinked(each.value) for each in (*page.markdown, *page.caption))


def slides_of(name: str, language: str, depth: str) -> list[str]:
    """What stands on each slide outside charts and tables."""
    run = recorded(name)
    network = OwnNetwork(run.config.clients, run.config.link)
    deck = Presentation(BytesIO(make_slides(run, network, Viewing(language, depth))))
    frames = [[shape.text_frame.text for shape in slide.shapes if shape.has_text_frame] for slide in deck.slides]
    return ["\n".join(each) for each in frames]


@pytest.fixture
def kept(runner):
    """The run of the Story as one of the viewer's own, on record."""
    return import_events((folder_of(DEFAULT) / EVENTS).read_bytes(), runs_folder())


@pytest.fixture
def reports(monkeypatch):
    """What makes the reports that the Runs page offers."""
    made = []
    monkeypatch.setattr(downloads, "downloads", lambda chosen, runs, make: made.append(make))
    return made


@pytest.mark.parametrize(("lang", "depth"), VIEWS)
def test_beside_one_run_s_ratio_stands_what_all_seeds_came_to(visit, kept, reports, lang, depth):
    """Opponents, spread and number of runs, in the same words on Story, Budget, Runs and in the report of a run."""
    with reading(lang, depth):
        words, reached = over_seeds(), t("headline.reached")
    shown = [said(visit(name, lang=lang, depth=depth)) for name in ("story", "budget")]
    shown.append(said(visit("runs", runs=kept, lang=lang, depth=depth)))
    report = reports[-1]()
    assert all(words in each for each in (*shown, report)) and reached in report


@pytest.mark.parametrize(("lang", "depth"), VIEWS)
def test_what_is_taken_away_says_it_too(lang, depth):
    """Slides with the ratio on them, and the film."""
    idea, race, *_ = slides_of(DEFAULT, lang, depth)
    film = make_film(recorded(DEFAULT), Viewing(lang, depth))
    with reading(lang, depth):
        assert all(over_seeds() in each for each in (idea, race, film))


def test_of_other_settings_nothing_is_said_that_was_not_played():
    run, slides = recorded(OTHER), slides_of(OTHER, "en", "engineer")
    assert others(run) == "" and over_seeds() not in " ".join([*slides, notes([run], False)])
    assert over_seeds() not in notes([recorded(DEFAULT), run], False)
    assert all(t("take.one_run", seed=run.config.seed) in slide for slide in slides)


@pytest.mark.parametrize(("lang", "depth"), VIEWS)
def test_reached_is_explained_where_it_stands_beside_a_number(visit, kept, lang, depth):
    with reading(lang, depth):
        words = t("headline.reached")
    pages = visit("race", run=kept, lang=lang, depth=depth), visit("budget", lang=lang, depth=depth)
    assert [words in said(page) for page in pages] == [True, True]
    assert all(words in slide for slide in slides_of(DEFAULT, lang, depth)[1:])


@pytest.mark.parametrize(("lang", "depth"), VIEWS)
def test_the_authors_medians_have_their_opponent(lang, depth):
    with reading(lang, depth):
        assert labels()[BASELINE] in published()
