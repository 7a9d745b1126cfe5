"""The fast way against the plain one: the same losses, gradients and scores, step by step and through the engine."""

from dataclasses import replace

import pytest
import torch

from fda_core.federation.lane import Lane
from fda_core.models import architectures, embedded
from fda_core.models.adapters import adapt
from fda_core.models.frozen_prefix import hidden_states
from fda_core.models.trainers import cohort
from fda_core.models.trainers.choose import fastest
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import MODELS, ExperimentConfig, LaneSpec, Lora
from fda_core.setup import prepare
from tests.helpers.tiers import tiered

LORAS = {
    "query and value": Lora(),
    "key": Lora(targets=("k_lin",), rank=1, alpha=3),
    "output": Lora(targets=("out_lin",), rank=2),
    "all four": Lora(targets=("q_lin", "k_lin", "v_lin", "out_lin"), rank=4, alpha=8),
}

# Each set of adapters once; what is called otherwise in another architecture shows with all four.
CASES = [("minilm-distilbert", lora) for lora in LORAS] + [
    (model, lora) for model in ("minilm-roberta", "minilm-bert") for lora in ("query and value", "output", "all four")
]


def trainers(model: str, lora: Lora, texts, folder) -> tuple[PlainTrainer, CohortTrainer]:
    adapted = adapt(embedded.load_classifier(model=model), lora, seed=0)
    encoder = architectures.encoder(adapted)
    hidden = [hidden_states(encoder, 5, tokens, "embedded", folder, lambda done, total: None) for tokens in texts]
    return PlainTrainer(adapted, *texts), CohortTrainer(adapted, *texts, *hidden)


@pytest.fixture(scope="module", params=tiered(CASES, [("minilm-distilbert", "all four")]), ids=" ".join)
def pair(request, texts, cold_cache):
    model, lora = request.param
    return trainers(model, LORAS[lora], texts, cold_cache)


def weights_for(trainer: PlainTrainer, clients: int) -> torch.Tensor:
    """Unlike clients, away from the initial point where half of every adapter is 0."""
    start = trainer.layout.flatten(trainer.model)
    noise = torch.randn(clients, len(start), generator=torch.Generator().manual_seed(0))
    return start + 0.02 * noise


BATCHES = {
    "full batches": ([[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]], [4, 4, 4]),
    "short batches": ([[0, 1, 2, 3], [10, 11, 0, 0], [20, 0, 0, 0]], [4, 2, 1]),
    "one client, one text": ([[30]], [1]),
    "the same texts for all": ([[5, 6], [5, 6]], [2, 2]),
}


@pytest.mark.parametrize("batch", BATCHES)
def test_losses_and_gradients_are_those_of_the_plain_way(pair, batch):
    rows, real = BATCHES[batch]
    mask = torch.arange(len(rows[0])) < torch.tensor(real)[:, None]
    weights = weights_for(pair[0], len(rows))
    losses, gradients = [], []
    for trainer in pair:
        out = torch.full_like(weights, torch.nan)  # whatever is not written shows
        losses.append(trainer.gradients(weights.clone(), torch.tensor(rows), mask, out))
        gradients.append(out)
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-5, atol=1e-6)


def test_the_gradients_that_are_compared_are_not_all_tiny(pair):
    """Otherwise an absolute tolerance would accept anything."""
    weights = weights_for(pair[0], 1)
    out = torch.empty_like(weights)
    pair[1].gradients(weights, torch.tensor([[0, 1, 2, 3]]), torch.ones(1, 4, dtype=torch.bool), out)
    assert all(part.abs().max() > 1e-3 for part in pair[1].layout.split(out[0]).values())


def test_test_scores_are_those_of_the_plain_way(pair):
    weights = weights_for(pair[0], 1)[0]
    torch.testing.assert_close(pair[1].logits(weights), pair[0].logits(weights), rtol=1e-5, atol=1e-6)


def test_a_test_set_of_several_parts_is_scored_as_a_whole(texts, cold_cache, monkeypatch):
    """Parts that overwrote one another went unseen while every test had fewer texts than one part."""
    monkeypatch.setattr(cohort, "TEST_TEXTS", 7)
    plain, fast = trainers("minilm-distilbert", Lora(), texts, cold_cache)
    weights = weights_for(plain, 1)[0]
    torch.testing.assert_close(fast.logits(weights), plain.logits(weights), rtol=1e-5, atol=1e-6)


def test_what_stands_in_the_place_of_masked_rows_does_not_matter(pair):
    weights, mask = weights_for(pair[0], 1), torch.tensor([[True, True, False]])
    results = []
    for filler in (0, 40):
        out = torch.empty_like(weights)
        pair[1].gradients(weights, torch.tensor([[3, 4, filler]]), mask, out)
        results.append(out)
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-6)


def test_padding_of_other_texts_does_not_matter(pair):
    """The same short text as a batch of its own and beside a long one."""
    weights = weights_for(pair[0], 1)
    short, *_, long = pair[0].train.lengths.argsort().tolist()
    results = []
    for rows, mask in (([[short]], [[True]]), ([[short, long]], [[True, False]])):
        out = torch.empty_like(weights)
        pair[1].gradients(weights, torch.tensor(rows), torch.tensor(mask), out)
        results.append(out)
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-6)


@pytest.mark.models
def test_another_precision_of_the_norms_is_followed(texts, tmp_path):
    """RoBERTa's own checkpoints have 1e-5; here a value that cannot be overlooked."""
    model = embedded.load_classifier(model="minilm-roberta")
    model.config.layer_norm_eps = 0.1
    for norm in filter(lambda module: isinstance(module, torch.nn.LayerNorm), model.modules()):
        norm.eps = 0.1
    adapted = adapt(model, Lora(), seed=0)
    hidden = [
        hidden_states(architectures.encoder(adapted), 5, tokens, "", tmp_path, lambda *_: None) for tokens in texts
    ]
    plain, cohort = PlainTrainer(adapted, *texts), CohortTrainer(adapted, *texts, *hidden)
    weights = weights_for(plain, 1)[0]
    torch.testing.assert_close(cohort.logits(weights), plain.logits(weights), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("layers", "way"), [(1, CohortTrainer), (2, PlainTrainer)])
def test_adapters_below_the_last_layer_take_the_plain_way(small_config, texts, cold_cache, layers, way):
    lora = Lora(layers=layers)
    model = adapt(embedded.load_classifier(), lora, seed=0)
    config = small_config.model_copy(update={"lora": lora})
    assert type(fastest(PlainTrainer(model, *texts), model, config, lambda done, total: None, "", None)[0]) is way


LANES = {
    "FedOpt": LaneSpec(id="fedopt", rule="schedule", epochs=2),
    "FDA-OPT": LaneSpec(id="fda-opt", rule="adaptive", max_epochs=4),
}


@pytest.fixture(scope="module", params=tiered(MODELS, ["minilm-distilbert"]))
def labs(request, small_config, cold_cache):
    """Two labs that differ in nothing but the trainer: the plain way, the cohort way; for every architecture."""
    fast = prepare(ExperimentConfig(**small_config.to_dict() | {"model": request.param}))
    model = adapt(embedded.load_classifier(model=request.param), small_config.lora, small_config.seed)
    return replace(fast, trainer=PlainTrainer(model, fast.trainer.train, fast.trainer.test)), fast


@pytest.mark.parametrize("rule", tiered(LANES, ["FDA-OPT"]))
def test_three_rounds_are_the_same_either_way(labs, rule):
    played, weights = [], []
    for experiment in labs:
        lane = Lane(experiment, LANES[rule], experiment.score(experiment.initial))
        played.append([event for _ in range(3) for event in lane.play_round()])
        weights.append(lane.server.weights)
    plain, fast = played
    assert [event.event for event in fast] == [event.event for event in plain]
    for name in ("train_loss", "test_loss", "variance", "variance_estimate", "mean_sq_drift"):
        theirs = [getattr(event, name, None) for event in plain]
        assert [getattr(event, name, None) for event in fast] == pytest.approx(theirs, abs=1e-4), name
    torch.testing.assert_close(weights[1], weights[0], rtol=0, atol=1e-4)


def test_preparing_states_what_the_run_is_made_of(labs, small_config):
    facts = labs[1].facts
    assert facts["trainable_parameters"] == 160_898
    assert facts["model_bytes"] == 4 * 160_898 == labs[1].model_bytes
    assert facts["seconds_per_step"] > 0
    assert [client["examples"] for client in facts["clients"]] == [len(rows) for rows in labs[1].partition]
    assert all(sum(client["labels"]) == client["examples"] for client in facts["clients"])
    assert labs[1].config.to_dict() == small_config.to_dict() | {"model": labs[1].config.model}


def test_a_run_trains_the_model_its_config_names(labs):
    """All three take the fast way and say in the facts what they are."""
    assert isinstance(labs[1].trainer, CohortTrainer)
    assert labs[1].facts["model"] == embedded.NAMES[labs[1].config.model]


def test_a_race_has_the_same_numbers_cold_warm_and_with_everything_ready_before(small_config, monkeypatch, tmp_path):
    """Cold, texts are read when a round needs them; warm, they come from disk. A reader who repeats a run sees no
    difference, whatever lies in the cache."""
    monkeypatch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path))
    cold = prepare(small_config, whole=False)
    assert not cold.trainer.train_states.known.all()
    played = []
    for experiment in (cold, prepare(small_config, whole=False), prepare(small_config)):
        lane = Lane(experiment, LANES["FDA-OPT"], experiment.score(experiment.initial))
        played.append([event for _ in range(4) for event in lane.play_round()])
        played[-1] = [event.model_dump(exclude={"seconds"}) for event in played[-1]]
    assert played[0] == played[1] == played[2]


def test_a_run_without_the_fast_trainer_says_that_it_took_the_plain_path(small_config):
    """Or a record of clients that train as anybody's would claims what it did not use."""
    plain, fast = prepare(small_config, fast=False), prepare(small_config)
    assert (plain.facts["path"], fast.facts["path"]) == ("plain", "fast")
    assert isinstance(plain.trainer, PlainTrainer) and not isinstance(fast.trainer, PlainTrainer)
