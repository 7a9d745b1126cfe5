"""The authors' runs to several targets, counted as ours are, and what the claims take from both."""

from math import inf

import pytest

from fda_core.analysis.saving import Saving
from fda_core.atlas.cells import ATLAS, BASELINE, TUNED
from fda_core.atlas.file import load
from fda_core.atlas.opponents import at_peak, at_servers, comparable, findings
from fda_core.atlas.page import figures
from fda_core.evidence import page
from fda_core.evidence.authors import judged, ours, table
from fda_core.evidence.published import ALL, JUDGED, PUBLISHED_ALPHA, savings, theirs
from fda_core.settings.methods import SERVERS


@pytest.fixture(scope="module")
def atlas():
    return load(ATLAS)


def test_a_pair_is_a_task_and_the_median_is_theirs():
    """FedAvg to 95 %, by hand from their tables: MRPC 30/10, RTE 103/20, CoLA 775/559, SST-2 8/7, QNLI 71/23."""
    found = savings(0.95)["FedAvg"]
    assert sorted(found.ratios) == pytest.approx(sorted([30 / 10, 103 / 20, 775 / 559, 8 / 7, 71 / 23]))
    assert found.middle == 3.0 and found.counts["win"] == 5


def test_who_never_got_there_has_lost():
    """CoLA with FedAdam: FDA-OPT stayed at 0 for all its rounds."""
    found = savings(0.9)["FedAdam"]
    assert len(found.pairs) == 5 and len(found.ratios) == 4 and found.counts["loss"] == 1


def test_all_of_a_target_s_pairs_are_counted():
    assert {share: len(savings(share)[ALL].pairs) for share in (0.9, 0.95, 0.99)} == {0.9: 25, 0.95: 25, 0.99: 5}


def test_theirs_stand_above_ours_by_the_same_definition(atlas):
    """Row by row, however many settings have been played: their servers, our settings, and last all of ours pooled."""
    lines = table(atlas).splitlines()
    assert lines[2].startswith("| theirs, FedAvg |") and "**3.00** (1.14–5.15); 5/0/0/0" in lines[2]
    own = {cell: both[0] for cell, both in at_peak(atlas, PUBLISHED_ALPHA, JUDGED).items()}
    rows = {f"theirs, {name}": saving for name, saving in savings(JUDGED).items()}
    rows |= {f"ours, {SERVERS[cell.server].with_fedopt}, N = {cell.clients}": saving for cell, saving in own.items()}
    rows |= {"ours, all": ours(atlas).bytes}
    at = lines[0].split(" | ").index(f"{JUDGED:.0%} first")
    cells = [line.strip("| ").split(" | ") for line in lines[2:]]
    assert {line[0]: line[at] for line in cells} == {name: figures(saving) for name, saving in rows.items()}
    assert list(rows) == [line[0] for line in cells]


def test_ours_are_all_pairs_at_the_authors_alpha_against_e1_at_the_rate_at_which_it_gets_highest(atlas):
    tuned = [findings(atlas, cell, JUDGED, held=False)[0] for cell in TUNED if comparable(atlas, cell)]
    assert {finding.opponent for finding in tuned} == {"peak"}
    adaptive = [each[BASELINE] for cell, each in at_servers(atlas, JUDGED, held=False).items() if cell.alpha == 1]
    pairs = [pair for saving in [finding.saving for finding in tuned] + adaptive for pair in saving.pairs]
    found = ours(atlas)
    assert list(found.bytes.pairs) == pairs and len(pairs) == len(found.epochs.pairs) >= 8
    assert found.bytes.middle == Saving(pairs).middle


def test_theirs_are_all_pairs_to_the_same_target_and_a_task_that_fda_opt_alone_missed_counts_against_it():
    """By hand from their tables: 25 pairs, the median of bytes AdaGrad's MRPC, 35 rounds against 23; CoLA with FedAdam
    was never reached."""
    found = theirs()
    assert len(found.bytes.pairs) == len(found.epochs.pairs) == 25
    assert found.bytes.middle == pytest.approx(35 / 23) and len(found.bytes.ratios) == 24
    assert found.epochs.middle == 3.33 and len(found.epochs.ratios) == 24
    with_all = sorted([*found.epochs.ratios, inf])
    assert found.epochs.middle == with_all[12] > sorted(found.epochs.ratios)[11]


def test_without_an_atlas_nothing_of_ours_is_measured():
    assert ours(None).bytes.pairs == ours(None).epochs.pairs == []


def test_the_page_says_which_rows_the_claims_take_and_which_figure_is_quoted(atlas):
    words = judged(atlas)
    for saving in (theirs().bytes, ours(atlas).bytes, theirs().epochs, ours(atlas).epochs):
        assert f"**{saving.middle:.2f}** ({min(saving.ratios):.2f}–{max(saving.ratios):.2f}" in words
    head, quoted = page.TEXT.split("{setting}")[0], page.TEXT.split("becomes 1.37")[1].split("\n\n")[0]
    assert all(name in head for name in ("atlas.parquet", "published.csv", "published_shares.csv"))
    assert "but one" in head and "*quoted*" in quoted and "not known here" in quoted
    assert "1.81" not in page.TEXT  # it is computed
