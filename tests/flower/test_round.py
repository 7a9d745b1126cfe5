"""The method on Flower: the right epochs, estimates and thresholds, whatever the strategy or who is first."""

import numpy as np
import pytest
from flwr.clientapp import ClientApp
from flwr.serverapp import strategy as flower

from fda_flower import Fda, FdaAdam, FdaAvg, FdaGrid, FdaMixin, fda_mod
from tests.flower import plain, tiny_app
from tests.flower.apps import Kept
from tests.flower.local_grid import LocalGrid

CLIENTS, ROUNDS, MOST = 4, 6, 10


def play(strategy_of=FdaAvg, fda=Fda(max_epochs=MOST), clients=CLIENTS, rounds=ROUNDS, **grid):  # noqa: B008
    kept, app = Kept(), tiny_app.make_app(fda_mod)
    local = LocalGrid(app, clients, **grid)
    strategy = strategy_of(fda=fda, watcher=kept, min_train_nodes=1, min_available_nodes=clients)
    result = strategy.start(local, tiny_app.initial(), rounds, train_config=tiny_app.config())
    return kept.rounds, result, local


def numbers(rounds):
    return [(r.epochs, [c.estimate for c in r.checks[: r.epochs]], r.variance, r.threshold_next) for r in rounds]


def model(result) -> np.ndarray:
    return np.concatenate([array.numpy().ravel() for array in result.arrays.values()])


@pytest.mark.parametrize("weighted", [True, False])
def test_rounds_are_those_of_the_method_written_out(weighted):
    class EqualAvg(FdaAvg):
        def __init__(self, **words):
            super().__init__(weighted_by_key="num-examples" if weighted else "one", **words)

    if not weighted:  # the strategy weighs by a metric that is 1 for all
        original = tiny_app.MetricRecord
        tiny_app.MetricRecord = lambda said: original({**said, "one": 1.0})
    try:
        fda = Fda(max_epochs=MOST, weighted_by="num-examples" if weighted else None)
        rounds, result, _ = play(EqualAvg, fda)
    finally:
        if not weighted:
            tiny_app.MetricRecord = original
    expected, (w, b) = plain.play(CLIENTS, ROUNDS, MOST, weighted)
    assert [each[0] for each in numbers(rounds)] == [each[0] for each in expected]
    assert len({each[0] for each in expected}) > 1, "a job in which every round is alike proves little"
    for found, wanted in zip(numbers(rounds), expected, strict=True):
        np.testing.assert_allclose(found[1], wanted[1], rtol=1e-5)
        np.testing.assert_allclose(found[2:], wanted[2:], rtol=1e-5)
    np.testing.assert_allclose(model(result), plain.vector(w, b), atol=1e-5)


def test_the_first_round_is_one_epoch_and_none_has_more_than_m():
    rounds, _, _ = play(fda=Fda(max_epochs=3), rounds=8)
    assert rounds[0].epochs == 1 and rounds[0].reason == "first-round"
    assert max(r.epochs for r in rounds) == 3 and "epoch-cap" in {r.reason for r in rounds}


@pytest.mark.parametrize("ahead", [2, 3, 5, 10])
def test_looking_ahead_changes_no_number_but_the_exchanges(ahead):
    one, first, _ = play(rounds=8)
    many, second, _ = play(fda=Fda(max_epochs=MOST, look_ahead=ahead), rounds=8)
    assert numbers(one) == numbers(many) and np.array_equal(model(first), model(second))
    assert sum(r.exchanges for r in many) < sum(r.exchanges for r in one)
    assert sum(r.trained for r in many) >= sum(r.epochs for r in many)


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_who_answers_first_changes_no_number(shuffle):
    one, first, _ = play()
    other, second, _ = play(shuffle=shuffle)
    assert numbers(one) == numbers(other) and np.array_equal(model(first), model(second))


def test_a_fixed_threshold_and_fedopt():
    rounds, _, _ = play(fda=Fda(rule="fixed", theta=0.05, max_epochs=MOST))
    assert {r.threshold_next for r in rounds} == {0.05}
    for r in rounds:
        assert all(c.estimate <= 0.05 for c in r.checks[: r.epochs - 1])
        assert r.checks[r.epochs - 1].estimate > 0.05 or r.epochs == MOST
    rounds, _, _ = play(fda=Fda(rule="schedule", epochs=3), rounds=2)
    assert [(r.epochs, r.reason, r.exchanges) for r in rounds] == [(3, "fixed-schedule", 1)] * 2


def test_the_tapered_rule_hears_the_losses_that_clients_report():
    rounds, _, _ = play(fda=Fda(rule="tapered", max_epochs=MOST))
    first = np.mean([client.losses[0] for client in rounds[0].left])
    for r in rounds:
        left = np.mean([client.losses[0] for client in r.left]) / first
        assert r.threshold_next == pytest.approx(MOST / 2 / r.epochs * r.variance * left**2, rel=1e-9)


def test_fedopt_of_one_epoch_is_flower_s_own_round():
    _, ours, _ = play(fda=Fda(rule="schedule", epochs=1))
    local = LocalGrid(tiny_app.make_app(), CLIENTS)
    plain_run = flower.FedAvg(min_train_nodes=1, min_available_nodes=CLIENTS)
    theirs = plain_run.start(local, tiny_app.initial(), ROUNDS, train_config=tiny_app.config())
    np.testing.assert_allclose(model(ours), model(theirs), rtol=1e-6, atol=1e-7)


def test_a_server_that_knows_nothing_of_fda_and_the_mod_go_together():
    local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    bare = LocalGrid(tiny_app.make_app(), CLIENTS)
    models = []
    for grid in (local, bare):
        run = flower.FedAvg(min_train_nodes=1, min_available_nodes=CLIENTS)
        models.append(model(run.start(grid, tiny_app.initial(), 2, train_config=tiny_app.config())))
    np.testing.assert_allclose(*models, rtol=1e-6, atol=1e-7)  # FedAvg asks its clients in an order drawn by lot


def test_a_state_is_6004_bytes_and_the_model_travels_twice_a_round():
    rounds, _, local = play(rounds=4)
    sizes = [order.content.keys() for order in local.orders if "arrays" not in order.content]
    assert sizes and all(list(keys) == ["fda"] for keys in sizes), "an order to go on carries nothing else"
    for r in rounds:
        assert all(len(state) * state.itemsize == 6_004 for client in r.clients for state in client.states)
    down = sum("arrays" in order.content for order in local.orders if order.metadata.message_type == "train")
    assert down == 4 * CLIENTS


STRATEGIES = {
    "FedAvg": {}, "FedMedian": {}, "FedTrimmedAvg": {"beta": 0.3}, "Krum": {"num_malicious_nodes": 1},
    "MultiKrum": {"num_malicious_nodes": 1, "num_nodes_to_select": 3}, "FedProx": {"proximal_mu": 0.1},
    "Bulyan": {"num_malicious_nodes": 0}, "QFedAvg": {"client_learning_rate": 0.2}, "FedAvgM": {},
}  # fmt: skip


@pytest.mark.parametrize("name", STRATEGIES)
def test_any_strategy_works_behind_the_grid(name):
    kept, local = Kept(), LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    strategy = getattr(flower, name)(min_train_nodes=CLIENTS, min_available_nodes=CLIENTS, **STRATEGIES[name])
    result = strategy.start(
        FdaGrid(local, Fda(max_epochs=4), kept), tiny_app.initial(), 4, train_config=tiny_app.config()
    )
    assert len(kept.rounds) == 4 and np.isfinite(model(result)).all() and model(result).any()
    assert max(r.epochs for r in kept.rounds) > 1


@pytest.mark.parametrize("name", ["FedAdam", "FedAdagrad", "FedYogi"])
def test_flower_s_own_optimisers_become_fda_by_mixing_in(name):
    made = type(f"Fda{name}", (FdaMixin, getattr(flower, name)), {})
    rounds, result, _ = play(lambda **words: made(eta=0.05, **words), Fda(max_epochs=4))
    assert len(rounds) == ROUNDS and np.isfinite(model(result)).all()


def test_a_differential_privacy_wrapper_works_behind_the_grid():
    inner = flower.FedAvg(min_train_nodes=CLIENTS, min_available_nodes=CLIENTS)
    wrapped = flower.DifferentialPrivacyServerSideFixedClipping(inner, 0.01, 1.0, CLIENTS)
    kept, local = Kept(), LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    wrapped.start(FdaGrid(local, Fda(max_epochs=4), kept), tiny_app.initial(), 3, train_config=tiny_app.config())
    assert len(kept.rounds) == 3


def test_arrays_keep_their_types():
    _, result, _ = play(FdaAdam)
    assert {array.dtype for array in result.arrays.values()} == {"float32"}


def test_what_is_not_allowed_is_refused_in_a_sentence():
    for wrong in ({"rule": "no"}, {"rule": "fixed"}, {"theta": 1.0}, {"max_epochs": 0}, {"look_ahead": 1.5},
                  {"deadline": -1.0}, {"rule": "centralised"}):  # fmt: skip
        with pytest.raises(ValueError):
            Fda(**wrong)


def test_large_models_are_spilt_to_files_and_the_numbers_stay(monkeypatch, tmp_path):
    from fda_flower import keeping

    one, first, _ = play(fda=Fda(max_epochs=MOST, look_ahead=3))
    monkeypatch.setattr(keeping, "SPILL", 0)
    other, second, local = play(fda=Fda(max_epochs=MOST, look_ahead=3))
    assert numbers(one) == numbers(other) and np.array_equal(model(first), model(second))
    for context in local.contexts.values():
        assert sum(record.count_bytes() for record in context.state.values()) < 1000
    assert not [path for path in (tmp_path / "states").rglob("*") if path.is_file()], "nothing is left behind"


def test_the_app_is_told_which_local_epoch_it_is_and_keeps_its_own_settings():
    seen = []
    app, inner = ClientApp(mods=[fda_mod]), tiny_app.make_app()

    @app.train()
    def train(message, context):
        seen.append((message.content["config"]["fda-epoch"], message.content["config"]["lr"], set(message.content)))
        return inner(message, context)

    local = LocalGrid(app, 1)
    alone = {"min_train_nodes": 1, "min_available_nodes": 1, "fraction_evaluate": 0.0}
    strategy = FdaAvg(fda=Fda(rule="schedule", epochs=3), **alone)
    strategy.start(local, tiny_app.initial(), 1, train_config=tiny_app.config())
    assert seen == [(epoch, 0.2, {"arrays", "config"}) for epoch in (1, 2, 3)]
