"""`python -m fda_core evidence` on a plan that takes seconds: resumable, and its page says what its table says."""

import dataclasses
from itertools import product
from pathlib import Path

import pytest

from fda_core.atlas import campaign
from fda_core.evidence import collect, measures, page, plan, play
from fda_core.evidence.tables import COMPARISONS
from fda_core.runs.store import EVENTS, hold
from tests.helpers.tiny_events import a_round, started

DOCS = Path(__file__).parents[2] / "docs"
SCOPE = plan.Scope(
    seeds=(0,), servers=("sgd", "yogi"), alphas=(1.0,), local_epochs=6, local_epochs_others=12,
    changes=(("train_examples", 64), ("test_examples", 32), ("clients", 4), ("clients_per_round", None)),
)  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory, cold_cache):
    """The runs, played in this process."""
    folder = tmp_path_factory.mktemp("evidence")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(play, "run_all", in_this_process)
    yield folder, monkeypatch
    monkeypatch.undo()


def in_this_process(jobs, workers, say):
    for job in jobs:
        if not campaign.complete(*job):
            say(job[0].name)
            assert campaign.play_one(*job) == ("finished", "")


@pytest.fixture(scope="module")
def played(root):
    said = []
    play.play(SCOPE, root[0], 1, said.append)
    return root[0], said


@pytest.mark.slow
def test_every_rate_is_tried_once_and_every_cell_raced_on_every_seed(played):
    assert len(played[1]) == len(plan.grid("sgd")) + len(plan.grid("yogi")) + 2


@pytest.mark.slow
def test_what_is_there_is_not_run_again_but_a_torn_run_is(played):
    folder = plan.race_folder(played[0], "yogi", 1.0, 0)
    lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    (folder / EVENTS).write_bytes(b"".join(lines[:-3]))
    said = []
    play.play(SCOPE, played[0], 1, said.append)
    assert said == [folder.name]


def test_a_run_that_another_process_is_writing_is_left_alone(tmp_path):
    lock = hold(tmp_path)
    (tmp_path / EVENTS).touch()
    try:
        with pytest.raises(campaign.CampaignError, match="being written by another process"):
            campaign.play_one(tmp_path, SCOPE.config("sgd", 1.0, 0, plan.Rates(0.05, 1.0), SCOPE.lanes))
    finally:
        lock.release()
    assert (tmp_path / EVENTS).exists()


@pytest.mark.slow
def test_a_run_of_another_plan_does_not_count(played):
    longer = dataclasses.replace(SCOPE, local_epochs=4)
    rates = play.best_rates(played[0], "sgd", 1.0)
    folder = plan.race_folder(played[0], "sgd", 1.0, 0)
    assert campaign.complete(folder, SCOPE.config("sgd", 1.0, 0, rates, SCOPE.lanes))
    assert not campaign.complete(folder, longer.config("sgd", 1.0, 0, rates, SCOPE.lanes))


@pytest.mark.slow
def test_the_chosen_rates_have_the_lowest_late_loss(played):
    losses = {r: play.late_loss(plan.search_folder(played[0], "yogi", 1.0, r)) for r in plan.grid("yogi")}
    assert play.best_rates(played[0], "yogi", 1.0) == min(losses, key=losses.get)


@pytest.mark.slow
def test_the_table_has_a_row_a_round_and_every_lane_its_local_epochs(played):
    table = collect.table(SCOPE, played[0])
    assert set(table.lane) == set(plan.LANES)
    for _, lane in table.groupby(["server", "seed", "lane"]):
        assert lane["round"].tolist() == list(range(len(lane)))
        allowed = SCOPE.local_epochs if lane.lane.iloc[0] == plan.BASELINE else SCOPE.local_epochs_others
        assert allowed <= lane.epochs.sum() < allowed + plan.MAX_EPOCHS
        assert lane.bytes_total.is_monotonic_increasing
    first = table[table["round"] == 0]
    assert first.test_loss.nunique() == 1  # all from the same weights


@pytest.mark.slow
def test_the_page_is_made_from_the_files_alone_and_names_every_server(played, tmp_path):
    csv = tmp_path / "evidence.csv"
    collect.save(SCOPE, played[0], csv)
    page.write(*collect.load(csv), csv, tmp_path / "evidence.md")
    text = (tmp_path / "evidence.md").read_text()
    assert "| FedAvg | 1 |" in text and "| FedYogi | 1 |" in text
    assert "nan" not in text and "{" not in text
    published = next(line for line in text.splitlines() if line.startswith("| FedAvg | 3.00×"))
    assert "1.73×" in published  # the authors' median over their five tasks


def test_the_plan_is_the_one_the_page_describes():
    scope = plan.Scope()
    assert len(scope.cells) == 12 and scope.seeds == (0, 1, 2, 3, 4) and plan.TUNING_SEED not in scope.seeds
    assert plan.LANES == ("fedopt-e1", "fedopt-e5", "fda-opt", "fda-smoothed")
    assert all(len(plan.grid(server)) >= 4 for server in scope.servers)


@pytest.fixture(scope="module")
def committed():
    return collect.load(COMPARISONS)


def test_the_committed_table_has_every_comparison_whole(committed):
    """Every server, α, seed and lane; all rounds from the untrained model on; no lane short of its local epochs."""
    table, scope = committed[0], plan.Scope()
    lanes = dict(iter(table.groupby(["server", "alpha", "seed", "lane"])))
    assert set(lanes) == set(product(scope.servers, scope.alphas, scope.seeds, plan.LANES))
    for (*_, name), lane in lanes.items():
        assert lane["round"].tolist() == list(range(len(lane)))
        least = plan.LOCAL_EPOCHS if name == plan.BASELINE else plan.LOCAL_EPOCHS_OTHERS
        assert lane.epochs.sum() >= least


def test_the_committed_page_is_made_from_the_committed_table(committed):
    assert (DOCS / "evidence.md").read_text(encoding="utf-8") == page.render(
        *committed, "evidence.csv", "../fda_core/evidence"
    )


def test_what_the_method_page_says_of_the_smoothed_rule_follows_from_the_table(committed):
    table, about = committed
    found = measures.measures(table, collect.targets(about, 0.5))
    wide = found.pivot(index=measures.CELL, columns="lane", values=["mean_epochs", "swing"])
    mean, swing = wide["mean_epochs"], wide["swing"]
    calmer = (swing[page.SMOOTHED] < swing[page.OURS]).sum()
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    assert (
        f"a mean of {mean[page.SMOOTHED].mean():.1f} epochs where the published rule has "
        f"{mean[page.OURS].mean():.1f}, for M = 10, with a mean change from one round to the next of "
        f"{swing[page.SMOOTHED].mean():.1f} instead of {swing[page.OURS].mean():.1f}, calmer in all {calmer}."
    ) in text
    assert calmer == len(wide) == 60


def test_what_the_readme_says_of_the_comparisons_follows_from_the_table(committed):
    table, about = committed
    text = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    counts = [
        measures.outcomes(measures.measures(table, collect.targets(about, share)), page.OURS, plan.BASELINE)
        for share in about["target_shares"]
    ]
    half, more, most = ((count["win"], count["loss"]) for count in counts)
    assert (
        f"fewer bytes in {half[0]} of 60 comparisons and more in {half[1]}; to 70 % in {more[0]} and {more[1]}; "
        f"to 90 % in {most[0]} and {most[1]}."
    ) in text


def test_a_lane_that_has_not_ended_has_rows_without_a_status():
    rows = collect.rows_of([started(), a_round(), a_round("fda-opt")])
    assert [(row["lane"], row["round"], row["status"]) for row in rows] == [
        ("fedopt", 0, None), ("fedopt", 1, None), ("fda-opt", 0, None), ("fda-opt", 1, None)
    ]  # fmt: skip
