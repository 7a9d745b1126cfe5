"""The Heterogeneity page: its division is a run's own, its costs are those of the atlas."""

import re
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from fda_core.analysis.comparison import median_of_all
from fda_core.analysis.effects import Effect, effect, mean_epochs
from fda_core.analysis.saving import Saving, Spent
from fda_core.analysis.summary import Cost, started
from fda_core.atlas import default_figures
from fda_core.atlas.by_alpha import LaneSeeds, Played
from fda_core.atlas.cells import ALPHAS, ATLAS, BASELINE, DEFAULT, OURS, Run
from fda_core.atlas.file import load
from fda_core.data.labels import labels_per_client, train_labels
from fda_core.data.reviews import reviews
from fda_core.runs.audit import audit
from fda_core.runs.recorded import ROOT, names, recorded
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import a_round, an_epoch
from tests.helpers.widgets import chosen_in
from tests.helpers.words import unlinked
from ui.shared.atlas_numbers import over_seeds
from ui.text.i18n import t
from ui.views.heterogeneity.client_labels import labels_sentence
from ui.views.heterogeneity.heterogeneity_charts import effects_chart, labels_chart
from ui.views.heterogeneity.recorded_effects import (
    cells,
    cost_sentences,
    race_labels,
    series,
    series_names,
    table,
    variance_sentences,
    way,
)

PALETTE = ["#0072B2", "#E69F00", "#009E73"]


@pytest.mark.parametrize("count", [100, 101])
def test_labels_are_those_of_the_texts(count):
    assert train_labels(count).tolist() == reviews(count, 40)["train"]["label"]


@pytest.mark.parametrize("name", series_names())
def test_the_division_shown_is_the_one_a_run_was_made_with(name):
    run = recorded(name)
    told = [client["labels"] for client in started(run.events).facts["clients"]]
    assert labels_per_client(run.config).tolist() == told


def test_the_recorded_runs_are_whole_and_differ_in_alpha_only():
    configs = [recorded(name).config for name in series_names()]
    assert len({config.alpha for config in configs}) == len(configs) >= 5
    assert len({config.model_copy(update={"alpha": 1.0}) for config in configs}) == 1
    assert configs[0].model_copy(update={"alpha": 1.0}) == presets.build()


@pytest.mark.parametrize("name", names())
def test_every_recorded_run_passes_the_audit(name):
    found = audit(ROOT / name)
    assert found.closed and found.problems == []


def test_an_effect_by_hand():
    events = [
        begun(alpha=0.3, seed=4), an_epoch(variance=0.2), a_round(accuracy=0.6),
        an_epoch(number=2, variance=0.4), an_epoch(number=2, epoch=2, variance=9.0), a_round(number=2, epochs=2),
    ]  # fmt: skip
    found = effect(events)
    assert (found.alpha, found.seed) == (0.3, 4) and found.variance == pytest.approx(0.3)


def test_a_round_s_epochs_leave_out_the_first():
    assert mean_epochs([1, 2, 5]) == 3.5 and mean_epochs([1]) is None and mean_epochs([]) is None


def test_the_variance_is_compared_with_the_most_alike_clients():
    [said] = variance_sentences([Effect(100, 0, 0.1), Effect(1, 0, 0.2), Effect(0.1, 0, 0.8)], 0.05)
    assert "8.0 times as far apart (variance after one local epoch) at α = 0.1 as at α = 100" in said


def test_nothing_is_compared_with_itself_or_with_nothing():
    assert "α = 100" in variance_sentences([Effect(100, 0, 0.1), Effect(1, 0, 0.2)], 1000)[0]
    assert variance_sentences([], 1) == [] and variance_sentences([Effect(100, 0, 0.1)], 1) == []
    assert cost_sentences([], 1) == []


def at(alpha: float, bytes: list[tuple[float | None, float | None]], all_sent=(5.0, 9.0)) -> Played:
    """A cell in which FDA-OPT and FedOpt E=1 reached the target with these bytes, seed by seed."""
    sides = [[pair[side] for pair in bytes] for side in (0, 1)]
    ours, theirs = (
        LaneSeeds(tuple(sent and Cost(3, 20, int(sent * 10**6), 1.0) for sent in side), (5.0,), (0.7,))
        for side in sides
    )
    pairs = [(Spent(a, all_sent[0]), Spent(b, all_sent[1])) for a, b in bytes]
    return Played(replace(DEFAULT, alpha=alpha), Saving(pairs), {OURS: ours, BASELINE: theirs, "fedopt-e5": theirs})


def test_what_all_reached_is_a_saving_and_nothing_else():
    said = cost_sentences([at(1, [(1, 2), (1, 4), (1, 3)])], 1)
    assert len(said) == 2 and said[0].startswith("**Recorded with 40 clients at α = 1**")
    assert "needs 3.0 times fewer bytes than FedOpt E=1 (median; 2.0 to 4.0" in said[1]


def test_what_is_open_is_called_open():
    said = " ".join(cost_sentences([at(1, [(1, 4), (1, 4), (None, 6)])], 1))
    assert "4.0 times fewer" in said and "In 1 of 3 runs it is open who needs fewer bytes" in said
    # One that had sent as much as the other needed is the dearer one, and nothing is open.
    assert "open" not in " ".join(cost_sentences([at(1, [(1, 4), (1, 4), (None, 4)])], 1))


def test_the_nearest_alpha_is_named():
    found = [at(10, [(1, 4)]), at(0.1, [(1, 4)])]
    assert cost_sentences(found, 0.03)[0].startswith("**The nearest that is recorded is α = 0.1**")
    assert cost_sentences(found, 100)[0].startswith("**The nearest that is recorded is α = 10**")


@pytest.mark.parametrize("depth", ["engineer", "manager"])
def test_the_page_s_ratio_is_the_story_s(visit, depth):
    """One number: at α = 1 over the very seeds of the preset Default."""
    saving = default_figures.saving(load(ATLAS))
    [default] = [each for each in cells() if each.cell == DEFAULT]
    assert default.saving == saving
    number = f"{saving.middle:.1f} times fewer bytes"
    assert number in unlinked(visit("heterogeneity", depth=depth).markdown[0].value) and number in over_seeds()


@pytest.mark.parametrize("depth", ["engineer", "manager"])
def test_where_it_is_open_nobody_is_called_better(visit, depth):
    undecided = [each for each in cells() if each.saving.middle in (None, 0, inf) and open_in(each)]
    assert {each.cell.alpha for each in undecided} == {0.1, 0.3}
    for each in undecided:
        said = unlinked(visit("heterogeneity", alpha=f"{each.cell.alpha:g}", depth=depth).markdown[0].value)
        assert f"in {open_in(each)} of these" in said and "might have got there" in said and "it is open" not in said
        assert f"{each.cell.alpha:g}**" in said
        assert not re.search("times (fewer|more) bytes|as many|did not", said)


def open_in(each: Played) -> int:
    return each.saving.counts["open"]


def test_the_table_recounts_the_atlas():
    atlas, rows = load(ATLAS), table(cells(), series())
    assert [row[t("runs.alpha")] for row in rows] == [f"{alpha:g}" for alpha in sorted(ALPHAS, reverse=True)]
    [row] = [row for row in rows if row[t("runs.alpha")] == "1"]
    costs = default_figures.costs(atlas, OURS)
    assert f"reached in {sum(map(bool, costs))} of {len(costs)}" in row[race_labels()[OURS]]
    bytes = [cost and cost.bytes / 1e6 for cost in costs]
    known = [count for count in bytes if count]
    low, middle, high = (f"{count:.0f}" for count in (min(known), median_of_all(bytes), max(known)))
    assert row[race_labels()[OURS]].startswith(f"{middle} MB ({low} to {high})")
    epochs = [atlas.curves[Run(DEFAULT, OURS, seed)].epochs[2:].mean() for seed in default_figures.seeds(atlas)]
    assert row[t("heterogeneity.epochs")] == f"{np.median(epochs):.1f}"


def test_a_lane_that_half_of_the_seeds_miss_has_no_median():
    missed = way(at(1, [(1, 4), (None, 4)]).lanes[OURS])
    assert "MB" not in missed and "reached in 1 of 2" in missed


def test_the_labels_sentence_counts():
    counts = np.array([[90, 10], [89, 11], [0, 100], [50, 50]])
    assert labels_sentence(counts, 0.5).startswith("**At α = 0.5, 2 of 4 clients have 90 % or more of one kind**")
    assert "has 90 % of" in labels_sentence(counts, 0.5)


def test_bars_hold_every_review_once():
    counts = labels_per_client(ExperimentConfig(clients=7, clients_per_round=7, alpha=0.1, train_examples=100))
    figure = labels_chart(counts, ["bad", "good"], PALETTE)
    assert sum(sum(bar.y) for bar in figure.data) == 100
    shares = np.array(figure.data[0].y) / counts.sum(axis=1)[list(figure.data[0].customdata)]
    assert (np.diff(shares) >= 0).all()


def test_the_effects_are_drawn_over_alpha():
    runs, found = [Effect(100, 0, 0.1), Effect(1, 0, None)], [at(10, [(1, 4)]), at(1, [(1, 4)])]
    figure = effects_chart(runs, found, {BASELINE: "A", OURS: "B"}, PALETTE, 3.0)
    assert list(figure.data[0].y) == [0.1, None] and list(figure.data[0].x) == [100, 1]
    assert [trace.name for trace in figure.data if trace.showlegend] == ["A", "B"]
    assert {tuple(trace.x) for trace in figure.data[1:]} == {(10, 1)}


def test_the_page_shows_the_address_and_keeps_what_is_changed(visit):
    page = visit("heterogeneity", alpha="0.1")
    assert not page.exception and chosen_in(page.select_slider, "mix_alpha").value == 0.1
    assert "At α = 0.1" in unlinked(page.markdown[0].value)
    chosen_in(page.select_slider, "mix_alpha").set_value(10.0).run()
    assert not page.exception and page.query_params["alpha"] == "10"


def test_garbage_in_the_address_is_named_and_the_defaults_are_shown(visit):
    page = visit("heterogeneity", alpha="nonsense")
    assert not page.exception and len(page.warning) == 1 and "alpha" in page.warning[0].value


def test_the_race_takes_over_what_was_chosen_here(visit):
    page = visit("heterogeneity", alpha="0.1", clients="20", clients_per_round="5")
    page.button(key="mix_race").click().run()
    assert not page.exception
    assert (chosen_in(page.select_slider, "alpha").value, chosen_in(page.slider, "clients").value) == (0.1, 20)


@pytest.mark.parametrize(("clients", "alpha", "seed"), [(2, 0.01, 0), (200, 1000.0, 2**31 - 1)])
def test_the_ends_of_the_controls_can_be_shown(visit, clients, alpha, seed):
    page = visit("heterogeneity", clients=str(clients), clients_per_round="2", alpha=str(alpha), seed=str(seed))
    assert not page.exception and not page.warning
