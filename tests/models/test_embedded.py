"""The embedded encoders compute what the original BERT computes, and only adapters and head are trained."""

from copy import deepcopy

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
)

from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.models import architectures, embedded
from fda_core.models.adapters import adapt
from fda_core.models.tokens import Tokens
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import Lora
from fda_core.support import assets
from fda_core.support.errors import ConfigError
from tests.helpers.tiers import tiered

HEAD = 384 * 384 + 384 + 384 * 2 + 2
ALL_FOUR = ("q_lin", "k_lin", "v_lin", "out_lin")

FRESH = {
    "minilm-distilbert": {"pre_classifier", "classifier"},
    "minilm-roberta": {"classifier.dense", "classifier.out_proj"},
    "minilm-bert": {"classifier"},
}
HEADS = FRESH | {"minilm-bert": {"bert.pooler.dense", "classifier"}}
LAYERS = {
    "minilm-distilbert": "distilbert.transformer.layer",
    "minilm-roberta": "roberta.encoder.layer",
    "minilm-bert": "bert.encoder.layer",
}
MAPS = {name: dict(zip(ALL_FOUR, ALL_FOUR, strict=True)) for name in LAYERS} | {
    name: dict(zip(ALL_FOUR, ("self.query", "self.key", "self.value", "output.dense"), strict=True))
    for name in ("minilm-roberta", "minilm-bert")
}

every_model = pytest.mark.parametrize("model", tiered(embedded.MODELS, ["minilm-distilbert"]))


@pytest.fixture(scope="module")
def original():
    """all-MiniLM-L6-v2 as its authors built it."""
    sizes = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    model = BertModel(BertConfig(**sizes))
    weights = load_file(assets.locate(assets.WEIGHTS))
    # Nothing but the position numbers may be left over, nothing may be missing.
    model.load_state_dict({name: tensor for name, tensor in weights.items() if not name.endswith("position_ids")})
    return model.eval()


@pytest.fixture(scope="module")
def classifiers():
    """Loaded once for the tests that only read them."""
    return {name: embedded.load_classifier(model=name) for name in embedded.MODELS}


@every_model
@pytest.mark.parametrize("rows", [range(8), [5], range(20, 50)], ids=["8 reviews", "a single one", "30 reviews"])
def test_the_encoder_equals_the_original_on_padded_reviews(original, classifiers, texts, model, rows):
    ids, mask = texts[0].padded(torch.tensor(list(rows)))
    with torch.no_grad():
        ours = architectures.encoder(classifiers[model])(input_ids=ids, attention_mask=mask.long())
        theirs = original(input_ids=ids, attention_mask=mask.long())
    torch.testing.assert_close(ours.last_hidden_state[mask], theirs.last_hidden_state[mask], rtol=0, atol=1e-5)
    if model == "minilm-bert":
        torch.testing.assert_close(ours.pooler_output, theirs.pooler_output, rtol=0, atol=1e-5)


@every_model
def test_a_text_as_long_as_the_positions_reach(original, classifiers, model):
    """The last row of the table of positions is the last one, shifted or not."""
    ids = torch.randint(1000, 30000, (1, 512), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = architectures.encoder(classifiers[model])(input_ids=ids).last_hidden_state
        theirs = original(input_ids=ids).last_hidden_state
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@every_model
def test_padding_changes_no_score(classifiers, texts, model):
    """A review alone, and beside longer ones."""
    rows = texts[0].lengths.argsort()[[0, 20, 40, 63]]
    ids, mask = texts[0].padded(rows)
    alone, real = texts[0].padded(rows[:1])
    assert not mask[0].all() and real.all()
    with torch.no_grad():
        together = classifiers[model](input_ids=ids, attention_mask=mask.long()).logits[:1]
        single = classifiers[model](input_ids=alone, attention_mask=real.long()).logits
    torch.testing.assert_close(together, single, rtol=0, atol=1e-6)


@every_model
def test_no_weight_of_the_encoder_is_left_random(classifiers, model):
    """Two classifiers differ in their fresh heads alone; BERT's pooler is part of what was pretrained."""
    one, other = (dict(each.named_parameters()) for each in (classifiers[model], embedded.load_classifier(model=model)))
    assert {name.rsplit(".", 1)[0] for name in one if not torch.equal(one[name], other[name])} == FRESH[model]


def test_there_is_a_name_on_screen_for_every_model():
    assert set(embedded.NAMES) == set(embedded.MODELS) == set(FRESH)
    assert len(set(embedded.NAMES.values())) == 3


def test_a_model_that_is_not_packaged_is_named():
    with pytest.raises(ConfigError, match="'minilm-gpt'; allowed are minilm-distilbert, minilm-roberta, minilm-bert"):
        embedded.load_classifier(model="minilm-gpt")


def test_the_tokenizer_frames_and_lowers_a_text():
    tokenizer = embedded.load_tokenizer()
    ids = tokenizer("Unflinching Cinema")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "un", "##fl", "##in", "##ching", "cinema", "[SEP]"]


@pytest.fixture(scope="module")
def adapted():
    return adapt(embedded.load_classifier(), Lora(), seed=0)


@pytest.fixture
def trained(classifiers):
    """FlatParameters of a copy: copying is faster than loading."""
    return lambda model, lora: FlatParameters.of(adapt(deepcopy(classifiers[model]), lora, seed=0))


def head_names(model: str) -> set[str]:
    """peft puts its mark after the module it wraps: RoBERTa's head is wrapped whole."""
    wrapped = "base_model.model.{}.modules_to_save.default"
    stems = {wrapped.format(name) for name in HEADS[model]}
    if model == "minilm-roberta":
        stems = {f"{wrapped.format('classifier')}.{part}" for part in ("dense", "out_proj")}
    return {f"{stem}.{kind}" for stem in stems for kind in ("weight", "bias")}


def adapter_names(model: str, layers: list[int], targets: tuple[str, ...]) -> set[str]:
    return {
        f"base_model.model.{LAYERS[model]}.{number}.attention.{MAPS[model][target]}.lora_{matrix}.default.weight"
        for number in layers for target in targets for matrix in "AB"
    }  # fmt: skip


@every_model
def test_trained_are_the_adapters_of_the_last_layer_and_the_head(trained, model):
    """Two adapters of rank 8 on 384 × 384 maps; the head is nearly all of what is trained."""
    layout = trained(model, Lora())
    assert set(layout.names) == adapter_names(model, [5], ("q_lin", "v_lin")) | head_names(model)
    assert layout.size == 160_898 == 4 * 8 * 384 + HEAD
    assert HEAD == 148_610


@every_model
@pytest.mark.parametrize(
    ("lora", "layers"),
    [
        pytest.param(Lora(rank=1, targets=("out_lin",)), [5], id="the output of the attention, not of the layer"),
        pytest.param(Lora(rank=4, targets=ALL_FOUR), [5], id="four maps"),
        pytest.param(Lora(rank=2, targets=("k_lin",), layers=2), [4, 5], id="two layers"),
        pytest.param(Lora(rank=1, targets=ALL_FOUR, layers=6), list(range(6)), id="all there is"),
    ],
)
def test_adapters_are_where_the_settings_put_them(trained, model, lora, layers):
    layout = trained(model, lora)
    assert set(layout.names) == adapter_names(model, layers, lora.targets) | head_names(model)
    assert layout.size == HEAD + 2 * lora.rank * 384 * len(layers) * len(lora.targets)


def test_berts_pooler_starts_from_its_pretrained_weights(original):
    model = adapt(embedded.load_classifier(model="minilm-bert"), Lora(), seed=3)
    named = dict(model.named_parameters())
    for kind, expected in original.pooler.dense.named_parameters():
        assert torch.equal(named[f"base_model.model.bert.pooler.dense.modules_to_save.default.{kind}"], expected)


def test_the_adapters_strength_is_alpha_over_rank():
    model = adapt(embedded.load_classifier(), Lora(rank=2, alpha=3), seed=0)
    query = model.base_model.model.distilbert.transformer.layer[5].attention.q_lin
    assert query.scaling["default"] == 3 / 2


@every_model
def test_nothing_is_dropped_at_random(classifiers, model):
    """Otherwise neither the cached prefix nor the pairing of lanes would be exact."""
    modules = list(classifiers[model].modules())
    assert [module.p for module in modules if isinstance(module, torch.nn.Dropout) and module.p > 0] == []
    assert not any(module.training for module in modules)


def initial(seed: int, noise: int, model: str) -> torch.Tensor:
    """The initial weights, with torch's global generator in whatever state."""
    torch.manual_seed(noise)
    adapted = adapt(embedded.load_classifier(model=model), Lora(), seed)
    return FlatParameters.of(adapted).flatten(adapted)


@every_model
def test_initial_weights_depend_on_the_seed_alone(model):
    one = initial(3, noise=1, model=model)
    assert torch.equal(one, initial(3, noise=2, model=model))
    assert not torch.equal(one, initial(4, noise=1, model=model))


def test_adapting_leaves_the_global_generator_alone():
    model = embedded.load_classifier()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    adapt(model, Lora(), seed=5)
    assert torch.equal(torch.rand(1), expected)


@every_model
def test_a_packaged_classifier_is_known_with_adapters_and_without(classifiers, model):
    assert architectures.known(classifiers[model])
    adapted = adapt(deepcopy(classifiers[model]), Lora(), seed=0)
    assert architectures.known(adapted)
    assert type(architectures.encoder(adapted)) is type(architectures.encoder(classifiers[model]))


TINY = {"vocab_size": 50, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(lambda: BertForSequenceClassification(BertConfig(**TINY, hidden_act="relu")), id="activation"),
        pytest.param(lambda: BertForSequenceClassification(BertConfig(**TINY, is_decoder=True)), id="a decoder"),
        pytest.param(lambda: BertForTokenClassification(BertConfig(**TINY)), id="another task"),
        pytest.param(lambda: DebertaV2ForSequenceClassification(DebertaV2Config(**TINY)), id="other attention"),
        pytest.param(lambda: ElectraForSequenceClassification(ElectraConfig(**TINY)), id="never heard of"),
    ],
)
def test_what_was_not_proven_equal_is_not_known(model):
    assert not architectures.known(model())


def test_an_architecture_with_other_attention_is_trained_the_plain_way():
    """DeBERTa: its adapters and head get gradients, nothing else does."""
    model = adapt(DebertaV2ForSequenceClassification(DebertaV2Config(**TINY)), Lora(targets=ALL_FOUR, rank=1), seed=0)
    data = Tokens(torch.arange(1, 13), torch.tensor([0, 5, 12]), torch.tensor([0, 1]))
    trainer = PlainTrainer(model, data, data)
    weights = trainer.layout.flatten(model)[None] + 0.1
    out = torch.full_like(weights, torch.nan)
    trainer.gradients(weights, torch.tensor([[0, 1]]), torch.ones(1, 2, dtype=torch.bool), out)
    assert trainer.layout.size == 4 * 2 * 8 + (8 * 8 + 8) + (8 * 2 + 2)
    assert out.isfinite().all() and out.abs().max() > 0


def test_an_architecture_without_a_table_has_no_fast_way():
    model = ElectraForSequenceClassification(ElectraConfig(**TINY))
    assert not architectures.known(model)
    with pytest.raises(ConfigError, match="'electra' has no fast way here, only distilbert, roberta, bert"):
        architectures.of(model.config)


def test_the_layout_takes_apart_what_it_put_together(adapted):
    layout = FlatParameters.of(adapted)
    parts = layout.split(layout.flatten(adapted))
    named = dict(adapted.named_parameters())
    assert all(torch.equal(parts[name], named[name]) for name in layout.names)


def test_a_part_is_a_view_of_each_clients_flat_weights():
    layout = FlatParameters(names=("a", "b"), shapes=((2, 2), (3,)))
    flat = torch.zeros(5, 7)
    layout.split(flat)["b"][4] = 1.0
    assert flat[4].tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert flat[:4].count_nonzero() == 0
