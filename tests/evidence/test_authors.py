"""The authors' runs to several targets, counted as ours are."""

import pytest

from fda_core.atlas.cells import ATLAS
from fda_core.atlas.file import load
from fda_core.evidence.authors import ALL, savings, table


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


def test_theirs_stand_above_ours_by_the_same_definition():
    lines = table(load(ATLAS)).splitlines()
    assert lines[2].startswith("| theirs, FedAvg |") and "**3.00** (1.14–5.15); 5/0/0/0" in lines[2]
    assert [line.split(" |")[0] for line in lines[-2:]] == ["| ours, FedAvg, N = 10", "| ours, FedAvg, N = 40"]
