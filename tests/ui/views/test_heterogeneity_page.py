"""The Heterogeneity page: its division is a run's own, its effects are recounted from recorded runs."""

import numpy as np
import pytest

from fda_core.algorithm.events import Round
from fda_core.analysis.effects import Effect, LaneEffect, effect
from fda_core.analysis.summary import Cost, started
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
from ui.text.i18n import t
from ui.views.heterogeneity.client_labels import labels_sentence
from ui.views.heterogeneity.heterogeneity_charts import effects_chart, labels_chart
from ui.views.heterogeneity.recorded_effects import effect_sentences, series, series_names, table

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
        an_epoch(number=2, variance=0.4), an_epoch(number=2, epoch=2, variance=9.0),
        a_round(number=2, epochs=2, accuracy=0.7), a_round(number=3, epochs=5, accuracy=0.65),
    ]  # fmt: skip
    found = effect(events)
    assert (found.alpha, found.seed) == (0.3, 4) and found.variance == pytest.approx(0.3)
    assert found.lanes[0] == LaneEffect("fedopt", 3.5, found.lanes[0].to_target, 0.7)
    assert found.lanes[1] == LaneEffect("fda-opt", None, None, None)


def test_the_table_recounts_the_events():
    run = recorded("alpha-1")
    epochs = [event.epochs for event in run.events if isinstance(event, Round) and event.lane == "fda-opt"][1:]
    [row] = [row for row in table(series()) if row[t("runs.alpha")] == "1"]
    assert row[t("heterogeneity.epochs")] == f"{np.mean(epochs):.1f}"


def of(alpha: float, variance: float | None, epochs: float, ours: Cost | None = None, theirs: Cost | None = None):
    return Effect(
        alpha, 0, variance, (LaneEffect("fedopt-e1", 1.0, theirs, 0.7), LaneEffect("fda-opt", epochs, ours, 0.7))
    )


COST = Cost(3, 20, 5 * 10**6, 1.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        (COST, COST, "The target cost FDA-OPT 5 MB, 20 local epochs and FedOpt E=1 5 MB"),
        (COST, None, "FDA-OPT reached the target with 5 MB, 20 local epochs, FedOpt E=1 did not."),
        (None, COST, "FedOpt E=1 reached the target with 5 MB, 20 local epochs, FDA-OPT did not."),
        (None, None, "Neither FDA-OPT nor FedOpt E=1 reached the target there."),
    ],
)
def test_what_is_said_of_the_nearest_run(ours, theirs, words):
    said = effect_sentences([of(100, 0.1, 6.0), of(1, 0.2, 5.0), of(0.1, 0.8, 3.0, ours, theirs)], 0.05)
    assert "8.0 times as far apart (variance after one local epoch) at α = 0.1 as at α = 100" in said[0]
    assert "3.0 local epochs a round instead of 6.0" in said[0]
    assert words in said[1]


def test_nothing_is_compared_with_itself_or_with_nothing():
    assert "α = 100" in effect_sentences([of(100, 0.1, 6.0), of(1, 0.2, 5.0)], 1000)[0]
    assert effect_sentences([], 1) == [] and effect_sentences([of(100, 0.1, 6.0)], 1) == []


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
    figure = effects_chart([of(100, 0.1, 6.0), of(1, None, 5.0)], {"fedopt-e1": "A", "fda-opt": "B"}, PALETTE, 3.0)
    assert list(figure.data[0].y) == [0.1, None] and list(figure.data[0].x) == [100, 1]
    assert [trace.name for trace in figure.data[1:]] == ["A", "A", "B", "B"]


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
