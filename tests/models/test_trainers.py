"""Every architecture and all that can be trained of it: the fast way is the plain way, which is the model itself."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from fda_core import setup
from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.federation.lane import Lane
from fda_core.models import choice
from fda_core.models.adapters import adapt
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.head import HeadTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import TRAINED, ExperimentConfig, LaneSpec
from tests.helpers import tiny_models
from tests.helpers.tiers import tiered, tiered_rows

FAST = {"lora": CohortTrainer, "head": HeadTrainer}
KINDS = (*tiny_models.SETTINGS, *tiny_models.OTHERS)
LANES = (
    LaneSpec(id="fedopt", rule="schedule", epochs=2),
    LaneSpec(id="fda-opt", rule="adaptive", max_epochs=3),
)
CASES = [(kind, trained) for kind in tiny_models.SETTINGS for trained in TRAINED]
ONE_KIND = [(kind, trained) for kind, trained in CASES if kind == "distilbert"]  # for each trainer, in the default tier
every_case = pytest.mark.parametrize(("kind", "trained"), tiered_rows(CASES, ONE_KIND))
the_fast = pytest.mark.parametrize(
    ("kind", "trained"), tiered_rows([(k, t) for k, t in CASES if t in FAST and k != "deberta-v2"], ONE_KIND)
)


def config_of(small_config, kind: str, trained: str, **more) -> ExperimentConfig:
    values = {"model": f"folder:{kind}", "trained": trained, "lanes": LANES, "rounds": 2} | more
    return ExperimentConfig(**small_config.to_dict() | values)


@pytest.fixture(scope="module")
def prepared(small_config, models_folder, cold_cache):
    """An experiment for each case, made once."""
    made = {}

    def get(kind: str, trained: str, **more) -> setup.Prepared:
        key = (kind, trained, *more)
        if key not in made:
            made[key] = setup.prepare(config_of(small_config, kind, trained, **more), models_folder=models_folder)
        return made[key]

    return get


def plainly(ready: setup.Prepared, models_folder) -> PlainTrainer:
    """The same model, trained the plain way."""
    config = ready.config
    chosen = choice.choose(config.model, 2, models_folder)
    model = adapt(chosen.load(lambda *_: None)[0], config.lora, config.seed, config.trained, config.trained_layers)
    return PlainTrainer(model, ready.trainer.train, ready.trainer.test)


def away(weights: torch.Tensor, clients: int) -> torch.Tensor:
    """Unlike clients, away from the initial point where half of every adapter is 0."""
    return weights + 0.3 * torch.randn(clients, len(weights), generator=torch.Generator().manual_seed(0))


ROWS = torch.tensor([[0, 1, 2, 3], [10, 11, 12, 0], [20, 0, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0]]).bool()


@every_case
def test_which_way_is_taken_is_in_the_facts(prepared, kind, trained):
    ready = prepared(kind, trained)
    way = FAST.get(trained) if kind != "deberta-v2" else None
    assert type(ready.trainer) is (way or PlainTrainer)
    assert ready.facts["path"] == ("fast" if way else "plain")


@every_case
def test_what_is_known_before_the_weights_is_what_is_trained(prepared, models_folder, kind, trained):
    ready = prepared(kind, trained)
    planned = choice.plan(choice.choose(ready.config.model, 2, models_folder), ready.config)
    assert planned.trained == ready.trainer.layout.size == len(ready.initial) == ready.facts["trainable_parameters"]
    assert ready.model_bytes == 4 * planned.trained == ready.facts["model_bytes"]


@every_case
def test_the_ledger_counts_the_bytes_of_the_real_tensors(prepared, kind, trained):
    ready = prepared(kind, trained)
    lane = Lane(ready, LANES[0], ready.score(ready.initial))
    played = list(lane.play_round())[-1]
    size = sum(tensor.numel() * 4 for tensor in ready.trainer.layout.split(lane.server.weights).values())
    assert played.bytes_down == played.bytes_up == size * ready.config.cohort_size


@the_fast
def test_losses_and_gradients_are_those_of_the_plain_way(prepared, models_folder, kind, trained):
    ready = prepared(kind, trained)
    plain, weights = plainly(ready, models_folder), away(ready.initial, 3)
    assert plain.layout == ready.trainer.layout
    results = []
    for trainer in (plain, ready.trainer):
        out = torch.full_like(weights, torch.nan)
        results.append((trainer.gradients(weights.clone(), ROWS, MASK, out), out))
    torch.testing.assert_close(results[1], results[0], rtol=1e-5, atol=1e-6)
    assert all(part.abs().max() > 1e-4 for part in plain.layout.split(results[0][1][0]).values())
    torch.testing.assert_close(ready.trainer.logits(weights[0]), plain.logits(weights[0]), rtol=1e-5, atol=1e-6)


@the_fast
def test_two_rounds_end_at_the_same_weights_either_way(prepared, models_folder, kind, trained):
    ready = prepared(kind, trained)
    ended = []
    for trainer in (plainly(ready, models_folder), ready.trainer):
        lane = Lane(replace(ready, trainer=trainer), LANES[1], ready.score(ready.initial))
        events = [event for _ in range(2) for event in lane.play_round()]
        ended.append((lane.server.weights, [event.variance for event in events]))
    torch.testing.assert_close(ended[1][0], ended[0][0], rtol=0, atol=1e-5)
    assert ended[1][1] == pytest.approx(ended[0][1], rel=1e-3, abs=1e-6)
    assert not torch.equal(ended[0][0], ready.initial)


@pytest.mark.parametrize("trained", ["last", "full"])
@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
def test_the_plain_way_has_the_gradients_of_the_model_itself(prepared, models_folder, kind, trained):
    """A model loaded once more, whose own parameters are read; no flat vector in between."""
    ready = prepared(kind, trained)
    model, tokens = plainly(ready, models_folder).model, ready.trainer.train
    ids, mask = tokens.padded(ROWS[0])
    loss = cross_entropy(model(input_ids=ids, attention_mask=mask.long()).logits, tokens.labels[ROWS[0]])
    loss.backward()
    out = torch.full_like(ready.initial[None], torch.nan)
    [mine] = ready.trainer.gradients(ready.initial[None], ROWS[:1], MASK[:1], out)
    assert mine.item() == pytest.approx(loss.item(), rel=1e-5)
    slots = ready.trainer.layout.split(out[0])
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (name in slots)
        if parameter.requires_grad:
            expected = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(slots[name], expected, rtol=1e-5, atol=1e-7)


TOP = {
    "distilbert": "distilbert.transformer.layer.2.", "roberta": "roberta.encoder.layer.2.",
    "bert": "bert.encoder.layer.2.", "deberta-v2": "deberta.encoder.layer.2.", "electra": "electra.encoder.layer.2.",
    "albert": "albert.encoder.albert_layer_groups.0.", "mpnet": "mpnet.encoder.layer.2.",
    "xlm-roberta": "roberta.encoder.layer.2.", "modernbert": "model.layers.2.",
}  # fmt: skip
HEADS = {
    "distilbert": ("pre_classifier.", "classifier."), "bert": ("bert.pooler.", "classifier."),
    "deberta-v2": ("pooler.", "classifier."), "albert": ("albert.pooler.", "classifier."),
    "modernbert": ("head.", "classifier."),
}  # fmt: skip


@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
def test_what_is_trained_is_where_it_is_said_to_be(prepared, kind):
    head = HEADS.get(kind, ("classifier.",))
    names = {trained: prepared(kind, trained).trainer.layout.names for trained in TRAINED}
    assert names["head"] and all(name.startswith(head) for name in names["head"])
    assert set(names["last"]) > set(names["head"])
    assert all(name.startswith((TOP[kind], *head)) for name in names["last"])
    assert set(names["full"]) > set(names["last"])
    adapters = [name for name in names["lora"] if ".lora_" in name]
    assert adapters and all(name.startswith(f"base_model.model.{TOP[kind]}") for name in adapters)
    assert len(names["lora"]) == len(adapters) + len(names["head"])


@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
def test_everything_trained_is_everything_there_is(prepared, models_folder, kind):
    ready = prepared(kind, "full")
    assert ready.facts["parameters"] == ready.facts["trainable_parameters"]


@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
def test_deeper_layers_of_every_architecture_train(prepared, kind):
    depth = 1 if kind == "albert" else 2
    ready = prepared(kind, "last", trained_layers=depth)
    lane = Lane(ready, LANES[0], ready.score(ready.initial))
    assert list(lane.play_round())[-1].bytes_up == 4 * ready.trainer.layout.size * 2


@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
@pytest.mark.parametrize("trained", TRAINED)
def test_the_head_starts_afresh_and_from_the_seed_alone(prepared, small_config, models_folder, kind, trained):
    """Also in a model that somebody has finished: it is another task's head."""
    ready = prepared(kind, trained)
    again = setup.prepare(ready.config, models_folder=models_folder)
    assert torch.equal(again.initial, ready.initial)
    other = choice.choose(ready.config.model, 2, models_folder)
    model = adapt(other.load(lambda *_: None)[0], ready.config.lora, 1, trained)
    assert not torch.equal(FlatParameters.of(model).flatten(model), ready.initial)


def test_more_than_two_labels(prepared, models_folder):
    for kind in KINDS:
        chosen = choice.choose(f"folder:{kind}", 50, models_folder)
        model = chosen.load(lambda *_: None)[0]
        assert model.config.num_labels == 50
        assert model(input_ids=torch.tensor([[2, 5, 3]])).logits.shape == (1, 50)
        planned = choice.plan(chosen, ExperimentConfig(trained="head"))
        two = choice.plan(choice.choose(f"folder:{kind}", 2, models_folder), ExperimentConfig(trained="head"))
        assert planned.trained - two.trained == 48 * (tiny_models.WIDTH + 1)


@pytest.mark.parametrize("kind", tiered(KINDS, ["distilbert"]))
def test_no_model_drops_anything_out(models_folder, kind):
    model = choice.choose(f"folder:{kind}", 2, models_folder).load(lambda *_: None)[0].train()
    ids = torch.tensor([[2, 40, 41, 42, 3]])
    assert torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)
