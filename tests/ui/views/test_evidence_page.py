"""The Evidence page: a row a claim, with what the committed tables say."""

import pandas as pd

from fda_core.evidence.tables import PUBLISHED
from ui.text.i18n import t
from ui.text.viewer import reading
from ui.views.evidence.evidence_page import MARKS, measured, records
from ui.views.evidence.opponents import own_rule


def test_every_claim_has_its_row_and_its_verdict(visit):
    page = visit("evidence")
    assert not page.exception
    rows = page.table[0].value
    assert len(rows) == len(measured()) == 7
    assert all(any(mark in verdict for mark in MARKS.values()) for verdict in rows[t("evidence.verdict")])
    assert rows[t("evidence.ours")].iloc[-1].startswith("2 lines of a Flower app change")


def test_the_published_figure_is_that_of_the_published_table(visit):
    ratio = pd.read_csv(PUBLISHED).bytes_ratio.dropna()
    low, middle, high = (f"{value:.1f}" for value in (ratio.min(), ratio.median(), ratio.max()))
    cell = visit("evidence").table[0].value[t("evidence.published")].iloc[0]
    assert cell == t("evidence.unit_fewer_bytes", value=middle, low=low, high=high, runs=len(ratio), all=30)


def test_engineers_are_told_what_became_of_our_own_rule(visit):
    tried = own_rule()
    words = f"{tried.enough} of {tried.seeds}"
    assert any(words in text.value for text in visit("evidence", depth="engineer").markdown)
    assert not any(words in text.value for text in visit("evidence", depth="manager").markdown)


def test_it_can_be_read_in_japanese(visit):
    page = visit("evidence", lang="ja")
    with reading("ja"):
        assert not page.exception and t("evidence.claim_drop_in") in list(page.table[0].value[t("evidence.claim")])


def test_logs_are_weighed_against_all_lanes_traffic():
    for log, sent in records():
        assert 0 < log < sent
