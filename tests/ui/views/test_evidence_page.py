"""The Evidence page: a row a claim, with what the committed tables say."""

import pytest

from fda_core.atlas.cells import ATLAS
from fda_core.atlas.file import load
from fda_core.evidence import authors
from fda_core.evidence.claims import Finding
from fda_core.evidence.published import theirs
from ui.text.i18n import t
from ui.text.numbers import percent, tenths
from ui.text.viewer import reading
from ui.views.evidence.evidence_page import CROSSINGS, MARKS, measured, others, records, source, told
from ui.views.evidence.opponents import own_rule, server_savings


def test_every_claim_has_its_row_and_its_verdict(visit):
    page = visit("evidence")
    assert not page.exception
    rows = page.table[0].value
    assert len(rows) == len(measured()) == 7
    assert all(any(mark in verdict for mark in MARKS.values()) for verdict in rows[t("evidence.verdict")])
    assert rows[t("evidence.ours")].iloc[-1].startswith("2 lines of a Flower app change")


def test_the_figures_of_both_sides_are_of_one_definition(visit):
    """What the authors' table and the atlas come to at the same share, first crossing, with the share in the words."""
    sides = {"published": theirs(), "ours": authors.ours(load(ATLAS))}
    table = visit("evidence").table[0].value.set_index(t("evidence.claim"))
    for side, found in sides.items():
        for name, saving in (("fewer_bytes", found.bytes), ("local_work", found.epochs)):
            low, high = tenths(min(saving.ratios)), tenths(max(saving.ratios))
            assert table.loc[t(f"evidence.claim_{name}"), t(f"evidence.{side}")] == t(
                f"evidence.unit_{name}", value=tenths(saving.middle), low=low, high=high, runs=len(saving.ratios),
                all=len(saving.pairs), share=percent(0.95, 0),
            )  # fmt: skip


@pytest.mark.parametrize("language", ("en", "ja"))
@pytest.mark.parametrize("depth", ("manager", "engineer"))
def test_every_reader_is_told_the_definition_and_how_many_pairs_each_side_has(language, depth):
    with reading(language, depth):
        words, share = source(measured()), percent(0.95, 0)
        figures = {claim.name: told(claim.name, claim.ours, "") for claim in measured() if claim.name in CROSSINGS}
    assert share in words and all(share in figure for figure in figures.values())
    for number in (len(theirs().bytes.pairs), len(authors.ours(load(ATLAS)).bytes.pairs)):
        assert str(number) in words


def test_a_median_that_is_no_ratio_is_not_shown_as_one():
    for value in (0.0, float("inf")):
        words = told("fewer_bytes", Finding(value, 2, 5, (3.0, 4.0)), "")
        assert words == t("evidence.mostly_one", share=percent(0.95, 0), runs=2, all=5)


def test_each_server_of_the_other_runs_has_their_number_and_the_words_say_that_they_are_other_runs():
    words = others()
    assert words.count("; 5 of 5)") == 6 and "other runs" in words and "held for two rounds" in words


def test_engineers_are_told_what_became_of_our_own_rule(visit):
    tried = own_rule()
    words = f"{tried.enough} of {tried.seeds}"
    assert any(words in text.value for text in visit("evidence", depth="engineer").markdown)
    assert not any(words in text.value for text in visit("evidence", depth="manager").markdown)


def test_engineers_see_each_adaptive_server_against_both_fedopts(visit):
    told = [table.value for table in visit("evidence", depth="engineer").table if t("opponents.server") in table.value]
    assert [len(table) for table in told] == [len(server_savings())] and len(server_savings()) >= 4
    names = set(told[0][t("opponents.server")])
    assert {"FedAdam", "FedAdagrad"} <= names
    assert all(" of 3 seeds" in cell or "3 seeds" in cell for cell in told[0][t("opponents.against_e", epochs=1)])


def test_it_can_be_read_in_japanese(visit):
    page = visit("evidence", lang="ja")
    with reading("ja"):
        assert not page.exception and t("evidence.claim_drop_in") in list(page.table[0].value[t("evidence.claim")])


def test_logs_are_weighed_against_all_lanes_traffic():
    for log, sent in records():
        assert 0 < log < sent
