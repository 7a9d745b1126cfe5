"""The table of opponents on the Evidence page: a row an opponent, and in every cell what was chosen for it there."""

from dataclasses import replace

import pytest

from fda_core.analysis.saving import Saving, Spent
from fda_core.atlas.cells import LOCAL_EPOCHS, Cell
from fda_core.atlas.opponents import OPPONENTS, Finding
from tests.helpers.savings import BY_STANDING
from ui.text.i18n import catalogue, t
from ui.text.viewer import DEPTHS, LANGUAGES, reading
from ui.views.evidence import opponents
from ui.views.evidence.opponents import Setting, cell_of, peer, rows, told

READERS = [(language, depth) for language in LANGUAGES for depth in DEPTHS]
SLOW, FAST, FASTER, STEEP = (Cell(client_lr=rate) for rate in (0.03, 0.07, 0.2, 0.6))
RATIO = BY_STANDING["ratio"]
# At the second target another rate is the fastest and another E the best.
SETTING = Setting(
    SLOW,
    {
        share: [
            Finding("peak", "fedopt-e1", SLOW, SLOW, RATIO),
            Finding("fastest", "fedopt-e1", fastest, SLOW, RATIO),
            Finding("both_fastest", "fedopt-e1", fastest, STEEP, RATIO),
            Finding("best_e", f"fedopt-e{epochs}", SLOW, SLOW, RATIO),
            Finding("best_e_fastest", f"fedopt-e{epochs}", fastest, STEEP, RATIO),
        ]
        for share, fastest, epochs in ((0.9, FAST, 17), (0.99, FASTER, 13))
    },
)


@pytest.mark.parametrize(("language", "depth"), READERS)
def test_a_cell_names_the_rate_or_e_of_its_own_target_and_the_row_none(language, depth):
    with reading(language, depth):
        table = [list(row.values()) for row in rows(SETTING)]
        one, two, both, three, tuned = [cells for _, *cells in table]
        names = [row[0] for row in table]
        assert names == [t(f"opponents.{name}") for name in OPPONENTS]
    assert not any(figure in name for name in names for figure in ("0.03", "0.07", "0.2", "0.6", "17", "13"))
    assert one[0] == one[1] and "0.03" not in one[0]  # the rate is in the heading
    assert "0.07" in two[0] and "0.2" in two[1] and "0.07" not in two[1]
    for cells in (both, tuned):
        assert all("0.6" in cell for cell in cells) and "0.07" in cells[0] and "0.2" in cells[1]
    assert "17" in tuned[0] and "13" in tuned[1]
    assert "17" in three[0] and "13" in three[1] and "17" not in three[1]


@pytest.mark.parametrize(("language", "depth"), READERS)
def test_where_no_seed_tells_rates_apart_none_is_named(language, depth):
    """A rate beside "undecided" looks like a finding, and is the first of a list."""
    nobody = Saving([(Spent(None, 10), Spent(None, 10))] * 3)
    finding = Finding("both_fastest", "fedopt-e1", FAST, STEEP, nobody)
    with reading(language, depth):
        assert told(finding) == cell_of(nobody)
        assert told(replace(finding, saving=BY_STANDING["missed"])) != cell_of(BY_STANDING["missed"])


@pytest.mark.parametrize(("language", "depth"), READERS)
def test_each_standing_has_its_own_words_and_open_is_not_missed(language, depth):
    with reading(language, depth):
        told = {standing: cell_of(saving) for standing, saving in BY_STANDING.items()}
        undecided = {"en": ("undecided", "not decided"), "ja": ("未確定",)}[language]
        missed = {"en": ("missed", "seldom"), "ja": ("未到達", "ほとんど")}[language]
        peers = {standing: peer("diloco", saving) for standing, saving in BY_STANDING.items()}
    assert len({*told.values()}) == len({*peers.values()}) == len(BY_STANDING)
    assert any(word in told["undecided"] for word in undecided)
    assert not any(word in told["undecided"] for word in missed)
    assert any(word in told["missed"] for word in missed)
    assert any(word in peers["undecided"] for word in undecided) and "4" in peers["undecided"]
    assert not any(word in peers["undecided"] for word in missed)


def test_the_length_of_a_lane_is_the_atlas_s(visit, monkeypatch):
    monkeypatch.setattr(opponents, "LOCAL_EPOCHS", 4321)
    assert any("4321 local epochs" in caption.value for caption in visit("evidence").caption)
    assert not [language for language in LANGUAGES if str(LOCAL_EPOCHS) in catalogue(language)["opponents.how"]]
