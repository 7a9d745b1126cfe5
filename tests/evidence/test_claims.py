"""Verdicts follow from the tables: other rows, another verdict."""

import json
from math import inf

import numpy as np
import pandas as pd
import pytest

from fda_core.analysis.saving import Saving, Spent
from fda_core.evidence.claims import (
    by_server,
    claims,
    drop_in,
    early_loss,
    fewer_bytes,
    like_published,
    local_work,
    small_log,
    small_sketch,
    stable,
)
from fda_core.evidence.flower import Measured, measured, of
from fda_core.evidence.plan import BASELINE
from fda_core.evidence.published import Crossing
from fda_core.evidence.tables import FLOWER


def saving(*ratios: float) -> Saving:
    """A pair a ratio: 0 for a target that the first of the two alone missed, infinite where only it got there."""
    ours = [Spent(1, 1) if ratio else Spent(None, 9) for ratio in ratios]
    theirs = [Spent(None, 9) if ratio == inf else Spent(ratio or 1, 9) for ratio in ratios]
    return Saving(list(zip(ours, theirs, strict=True)))


NOTHING = Crossing(saving(), saving())


def ours(*bytes_ratios: float) -> pd.DataFrame:
    return pd.DataFrame({"lane": "fda-opt", "alpha": 1.0, "bytes_ratio": bytes_ratios})


@pytest.mark.parametrize(
    ("theirs", "own", "verdict"),
    [(2.5, 2.1, "holds"), (1.8, 2.1, "partly"), (2.5, 1.5, "partly"), (2.5, 1.0, "fails"), (0.9, 3.0, "fails")],
)
def test_fewer_bytes_needs_both_sets_of_runs(theirs, own, verdict):
    assert fewer_bytes(saving(own, own, own), saving(theirs)).verdict == verdict


def test_a_target_that_fda_opt_alone_missed_counts_against_it():
    """Else who fails on the hard seeds would be judged by the easy ones."""
    claim = fewer_bytes(saving(3.0, 3.0, 0.0, 0.0, 0.0), saving(2.0, 4.0, inf))
    assert (claim.ours.value, claim.ours.runs, claim.ours.all, claim.ours.spread) == (0, 2, 5, (3, 3))
    assert (claim.published.value, claim.published.runs, claim.published.all) == (4, 2, 3)
    assert claim.verdict == "fails"
    work = local_work(saving(1.0, inf, inf), saving(1.0))
    assert (work.ours.value, work.ours.runs, work.ours.all, work.verdict) == (inf, 1, 3, "fails")


@pytest.mark.parametrize(("times", "verdict"), [(1.0, "holds"), (1.3, "partly"), (3.2, "fails")])
def test_local_work_is_judged_by_the_worse_of_both(times, verdict):
    assert local_work(saving(1.0), saving(times)).verdict == verdict
    assert local_work(saving(times), saving(1.0)).verdict == verdict


def losses(*gains: float) -> pd.DataFrame:
    """A seed a gain: by how much FDA-OPT's early loss is lower than FedOpt E=1's 0.6."""
    lanes = [(seed, lane, gain) for seed, gain in enumerate(gains) for lane, gain in ((BASELINE, 0), ("fda-opt", gain))]
    rows = [
        {"server": "sgd", "alpha": 1.0, "seed": s, "lane": lane, "early_loss": 0.6 - gain} for s, lane, gain in lanes
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.1, 0.2, 0.05), "holds"),
        ((0.1, 0.2, -0.3), "partly"),
        ((0.001, 0.002, 0.001), "fails"),
        ((-0.1, -0.2), "fails"),
    ],
)
def test_an_early_loss_must_be_noticeably_better(gains, verdict):
    assert early_loss(losses(*gains)).verdict == verdict


@pytest.mark.parametrize(("model", "verdict"), [(6_004 * 10**6, "holds"), (498_000_000, "partly"), (643_592, "fails")])
def test_a_millionth_is_a_millionth(model, verdict):
    assert small_sketch(6_004, model).verdict == verdict


@pytest.mark.parametrize(("records", "verdict"), [([(1, 1000)], "holds"), ([(1, 10)], "fails"), ([], "unmeasured")])
def test_the_log_is_measured_against_the_traffic(records, verdict):
    assert small_log(records).verdict == verdict


def test_what_was_not_measured_says_so():
    theirs = Crossing(saving(2.0), saving(1.0))
    everything = losses(0.1).assign(largest_rise=0.1)
    found = {claim.name: claim for claim in claims(everything, NOTHING, theirs, 6004, 498_000_000, [])}
    for name in ("drop_in", "fewer_bytes", "local_work"):
        assert found[name].verdict == "unmeasured" and found[name].ours.value is None


def on_flower(**changes) -> Measured:
    usual = {
        "lines": 2, "weights": 100, "rounds": 6, "equal": 6, "apart": 1e-6,
        "messages": {}, "wire_over_ledger": 0.02, "clients": 3,
        "runtimes": {"simulation": True, "processes": True}, "runtimes_apart": 1e-6, "machine": "", "date": "",
    }  # fmt: skip
    return Measured(**usual | changes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "holds"),
        ({"lines": 5}, "partly"),
        ({"apart": 1e-3}, "partly"),
        ({"runtimes": {"simulation": True}}, "partly"),
        ({"runtimes": {"simulation": True, "processes": False}}, "partly"),
        ({"runtimes_apart": 1e-3}, "partly"),
        ({"wire_over_ledger": 0.06}, "partly"),
        ({"wire_over_ledger": -0.06}, "partly"),
        ({"equal": 5}, "fails"),
    ],
)
def test_dropping_in_takes_few_lines_the_engine_s_rounds_and_bytes_and_the_same_in_every_runtime(changes, verdict):
    assert drop_in(on_flower(**changes)).verdict == verdict


def test_what_is_said_of_flower_is_what_was_measured():
    """Against the engine in one process, and of the runtimes against that: the table's figures, none of another row."""
    table = json.loads(FLOWER.read_text(encoding="utf-8"))
    parity, finding = table["parity"], drop_in(measured()).ours
    assert (finding.value, finding.runs, finding.all) == (table["lines"], 2, 2)
    assert finding.besides["equal"] == finding.besides["rounds"] == len(parity["epochs_of_the_engine"])
    assert finding.besides["apart"] == max(parity["variance"], parity["threshold"])
    assert finding.besides["over"] == parity["wire_bytes"] / parity["ledger_bytes"] - 1
    assert finding.besides["runtimes_apart"] == max(row["variance"] for row in table["runtimes"].values()) > 0


def test_rounds_that_only_one_of_both_played_are_not_equal():
    table = json.loads(FLOWER.read_text(encoding="utf-8"))
    table["parity"]["epochs"] = table["parity"]["epochs"][:-1]
    found = of(table)
    assert found.equal == found.rounds - 1 and drop_in(found).verdict == "fails"


@pytest.mark.parametrize(("gains", "verdict"), [((0.1, 0.2), "holds"), ((0.0, 0.0), "fails"), ((-0.1, 0.0), "fails")])
def test_stability_is_the_largest_rise(gains, verdict):
    assert stable(losses(*gains).rename(columns={"early_loss": "largest_rise"})).verdict == verdict


def test_a_server_is_judged_by_its_own_runs():
    two = pd.concat([ours(2.0, 4.0).assign(server="sgd"), ours(0.5, np.nan).assign(server="adam")])
    assert [(name, found.value, found.runs, found.all) for name, found in by_server(two).items()] == [
        ("sgd", 3.0, 2, 2), ("adam", 0.5, 1, 2),
    ]  # fmt: skip


def test_clients_more_unlike_than_the_authors_are_not_counted_beside_theirs():
    mixed = pd.concat([ours(3.0, 3.0), ours(0.5, 0.5).assign(alpha=0.1)])
    assert like_published(mixed).bytes_ratio.tolist() == [3.0, 3.0]
    assert by_server(mixed.assign(server="sgd"))["sgd"].value == 3.0
