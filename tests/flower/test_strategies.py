"""The strategies are Flower's to the letter of their arguments, torch's in what they do, and keep a model's types."""

import math
import re
from inspect import signature

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord
from flwr.serverapp import strategy as flower

import fda_flower
from fda_flower import Fda, FdaAdagrad, FdaAdam, FdaAdamW, FdaAvg, FdaAvgM, FdaGrid, FdaMixin, FdaYogi, fda_mod
from fda_flower.server_optimizers import Adagrad, Adam, Momentum, Yogi
from fda_flower.vectors import flat
from tests.flower import tiny_app
from tests.flower.apps import ROOT, Kept
from tests.flower.local_grid import LocalGrid

CLIENTS, ROUNDS, MOST = 4, 3, 4
ALL = {"min_train_nodes": CLIENTS, "min_available_nodes": CLIENTS}
PAIRS = {name: name.replace("Fed", "Fda") for name in ("FedAvg", "FedAvgM", "FedAdam", "FedAdagrad", "FedYogi")}


# Arguments.


def parameters(name: str) -> dict:
    """What a strategy of Flower's can be given, with its defaults."""
    return {each.name: each.default for each in signature(getattr(flower, name)).parameters.values()}


@pytest.mark.parametrize("theirs", PAIRS)
def test_every_argument_of_flower_s_is_taken(theirs):
    given = parameters(theirs) | {"fraction_train": 0.5, "weighted_by_key": "w"}
    made = getattr(fda_flower, PAIRS[theirs])(**given, fda=Fda(max_epochs=3))
    assert (made.fraction_train, made.weighted_by_key, made.fda.max_epochs) == (0.5, "w", 3)
    with pytest.raises(TypeError):
        getattr(fda_flower, PAIRS[theirs])(no_such_argument=1)


def test_adamw_takes_those_of_adam():
    assert FdaAdamW(**parameters("FedAdam"), weight_decay=0.1).optimizer.weight_decay == 0.1


@pytest.mark.parametrize("made", [FdaAvg, FdaAvgM])
def test_arguments_without_a_name_are_those_of_flower_s(made):
    assert signature(flower.FedAvg).parameters["fraction_train"].kind.name == "POSITIONAL_OR_KEYWORD"
    assert made(0.5, 0.25).fraction_evaluate == 0.25


def test_what_is_given_reaches_the_optimiser():
    betas = {"beta_1": 0.8, "beta_2": 0.9, "tau": 0.01}
    assert FdaAvgM(server_learning_rate=0.3, server_momentum=0.7).optimizer == Momentum(0.3, beta=0.7)
    assert FdaAdam(eta=0.1, eta_l=0.1, **betas).optimizer == Adam(0.1, betas=(0.8, 0.9), eps=0.01)
    assert FdaAdamW(eta=0.1, **betas).optimizer == Adam(0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.01)
    assert FdaAdagrad(eta=0.1, eta_l=0.1, tau=0.01).optimizer == Adagrad(0.1, eps=0.01)
    assert FdaYogi(eta=0.1, eta_l=0.1, **betas).optimizer == Yogi(0.1, betas=(0.8, 0.9), eps=0.01)


def test_defaults_differ_from_flower_s_where_the_readme_says_so_and_nowhere_else():
    found = {}
    for theirs, ours in PAIRS.items():
        mine = signature(getattr(fda_flower, ours)).parameters
        for name, default in parameters(theirs).items():
            if name in mine and name != "eta_l" and mine[name].default != default:
                found[ours, name] = (default, mine[name].default)
    readme = (ROOT / "fda_flower" / "README.md").read_text()
    rows = re.findall(r"^\| `(Fda\w+)` \| `(\w+)` \| (\S+) \| (\S+) \|", readme, re.MULTILINE)
    assert found == {(ours, name): (float(theirs), float(mine)) for ours, name, theirs, mine in rows} and len(rows) == 7


# What they do.


def play(strategy, rounds=ROUNDS, evaluate=None) -> tuple[LocalGrid, ArrayRecord]:
    """A run of a strategy that is an FDA strategy, or of one of Flower's behind the grid."""
    local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    grid = local if isinstance(strategy, FdaMixin) else FdaGrid(local, Fda(max_epochs=MOST))
    words = {"train_config": tiny_app.config(), "evaluate_fn": evaluate}
    return local, strategy.start(grid, tiny_app.initial(), rounds, **words).arrays


def loss(_: int, arrays: ArrayRecord) -> MetricRecord:
    """Of all clients' examples."""
    x, y = (np.concatenate(parts) for parts in zip(*map(tiny_app.data, range(CLIENTS)), strict=True))
    scores = x @ arrays["w"].numpy() + arrays["b"].numpy()
    chosen = scores[np.arange(len(y)), y]
    return MetricRecord({"test_loss": float((np.log(np.exp(scores).sum(1)) - chosen).mean())})


MADE = {
    "FdaAvgM": lambda **words: FdaAvgM(server_learning_rate=0.5, server_momentum=0.9, **words),
    "FdaAdam": lambda **words: FdaAdam(eta=0.05, **words),
    "FdaAdamW": lambda **words: FdaAdamW(eta=0.05, weight_decay=0.1, **words),
    "FdaAdagrad": lambda **words: FdaAdagrad(eta=0.05, **words),
    "FdaYogi": lambda **words: FdaYogi(eta=0.05, **words),
}


@pytest.mark.parametrize("name", MADE)
def test_rounds_follow_the_rule_and_models_the_optimiser(name):
    kept, scores = Kept(), []
    strategy, fresh = MADE[name](fda=Fda(max_epochs=MOST), watcher=kept, **ALL), MADE[name]().optimizer
    _, result = play(strategy, evaluate=lambda number, arrays: scores.append(loss(number, arrays)["test_loss"]))
    assert len(kept.rounds) == ROUNDS and len(scores) == ROUNDS + 1
    assert np.isfinite(scores).all() and scores[-1] < scores[0]
    follows_the_rule(kept.rounds)
    after = [each.clients[0].sent.content["arrays"] for each in kept.rounds[1:]] + [result]
    for round, arrays in zip(kept.rounds, after, strict=True):
        assert {key: array.dtype for key, array in arrays.items()} == {"w": "float32", "b": "float32"}
        before = flat(round.clients[0].sent.content["arrays"])
        models = np.stack([flat(client.reply.content["arrays"]) for client in round.left])
        mean = np.average(models, axis=0, weights=[client.weight for client in round.left])
        np.testing.assert_allclose(flat(arrays), fresh.step(before, (mean - before).astype(np.float32)), atol=1e-5)


def follows_the_rule(rounds) -> None:
    """Round 1 is one epoch; each later one ends with the first estimate beyond Θ, or at M, and sets Θ anew."""
    threshold = -math.inf
    for round in rounds:
        estimates = [check.estimate for check in round.checks]
        assert len(estimates) == round.epochs and {check.threshold for check in round.checks} == {threshold}
        assert all(each <= threshold for each in estimates[:-1])
        assert estimates[-1] > threshold or round.epochs == MOST
        threshold = MOST / 2 / round.epochs * round.variance
        assert round.threshold_next == pytest.approx(threshold, rel=1e-9)
    assert rounds[0].epochs == 1 < max(round.epochs for round in rounds)


def test_without_momentum_it_is_averaging():
    (_, one), (_, other) = (play(made(fda=Fda(max_epochs=MOST), **ALL)) for made in (FdaAvg, FdaAvgM))
    np.testing.assert_allclose(flat(one), flat(other), atol=1e-6)  # clients are summed in an order drawn by lot


# Types.

WIDE = {"FedAdam": {}, "FedYogi": {}, "FedAdagrad": {}, "QFedAvg": {"client_learning_rate": 0.2}, "FedMedian": {}}


def types(local: LocalGrid) -> list[set[str]]:
    """Of the models that went out, order by order."""
    arrays = [order.content["arrays"] for order in local.orders if "arrays" in order.content]
    return [{array.dtype for array in record.values()} for record in arrays]


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", WIDE)
def test_a_strategy_that_computes_in_float64_sends_float32_all_the_same(name, mixed):
    made = getattr(flower, name)
    if mixed:
        made = type(f"Fda{name}", (FdaMixin, made), {})
    local, result = play(made(**WIDE[name], **ALL, **({"fda": Fda(max_epochs=MOST)} if mixed else {})), rounds=2)
    assert types(local) == [{"float32"}] * 2 * 2 * CLIENTS, "to train and to evaluate, in two rounds"
    assert np.isfinite(flat(result)).all()
    sizes = {sum(a.count_bytes() for a in o.content.array_records.values()) for o in local.orders if len(o.content) > 1}
    assert len(sizes) == 1, "the downlink is what it was in the first round"


def test_flower_s_adam_by_itself_sends_float64():
    """Otherwise the tests above prove nothing."""
    local = LocalGrid(tiny_app.make_app(), CLIENTS)
    flower.FedAdam(**ALL).start(local, tiny_app.initial(), 2, train_config=tiny_app.config())
    assert {"float64"} in types(local)


def test_a_model_that_begins_in_float64_stays_so():
    local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS)
    initial = ArrayRecord({key: Array(array.numpy().astype(np.float64)) for key, array in tiny_app.initial().items()})
    strategy = flower.FedAdam(**ALL)
    strategy.start(FdaGrid(local, Fda(max_epochs=MOST)), initial, 2, train_config=tiny_app.config())
    assert types(local) == [{"float64"}] * 4 * CLIENTS
