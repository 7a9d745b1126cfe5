"""The packaged encoder computes what the original BERT computes, and only adapters and head are trained."""

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

from fda_core import assets
from fda_core.config import Lora
from fda_core.models import packaged
from fda_core.models.adapted import Layout, adapt

HEAD = 384 * 384 + 384 + 384 * 2 + 2


@pytest.fixture(scope="module")
def original():
    """all-MiniLM-L6-v2 as its authors built it."""
    sizes = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    model = BertModel(BertConfig(**sizes), add_pooling_layer=False)
    weights = load_file(assets.locate(assets.WEIGHTS))
    # Nothing but the pooler and the position numbers may be left over, nothing may be missing.
    unused = [name for name in weights if name.startswith("pooler.") or name.endswith("position_ids")]
    model.load_state_dict({name: tensor for name, tensor in weights.items() if name not in unused})
    return model.eval()


@pytest.mark.parametrize("rows", [range(8), [5], range(20, 50)], ids=["8 reviews", "a single one", "30 reviews"])
def test_the_encoder_equals_the_original_on_padded_reviews(original, texts, rows):
    ids, mask = texts[0].padded(torch.tensor(list(rows)))
    encoder = packaged.load_classifier().distilbert
    with torch.no_grad():
        ours = encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        theirs = original(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours[mask], theirs[mask], rtol=0, atol=1e-5)


def test_no_weight_of_the_encoder_is_left_random():
    """Two classifiers differ in their heads alone."""
    one, other = (dict(packaged.load_classifier().named_parameters()) for _ in range(2))
    assert {name.split(".")[0] for name in one if not torch.equal(one[name], other[name])} == {
        "pre_classifier",
        "classifier",
    }


def test_the_tokenizer_frames_and_lowers_a_text():
    tokenizer = packaged.load_tokenizer()
    ids = tokenizer("Unflinching Cinema")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "un", "##fl", "##in", "##ching", "cinema", "[SEP]"]


@pytest.fixture(scope="module")
def adapted():
    return adapt(packaged.load_classifier(), Lora(), seed=0)


def test_trained_are_the_adapters_of_the_last_layer_and_the_head(adapted):
    layer = "base_model.model.distilbert.transformer.layer.5.attention.{}_lin.lora_{}.default.weight"
    head = "base_model.model.{}.modules_to_save.default.{}"
    assert set(Layout.of(adapted).names) == {
        *(layer.format(target, matrix) for target in "qv" for matrix in "AB"),
        *(head.format(part, kind) for part in ("pre_classifier", "classifier") for kind in ("weight", "bias")),
    }


def test_the_head_is_nearly_all_of_what_is_trained(adapted):
    """Two adapters of rank 8 on 384 × 384 maps, and the head."""
    assert Layout.of(adapted).size == 160_898 == 4 * 8 * 384 + HEAD
    assert HEAD == 148_610


@pytest.mark.parametrize(
    ("lora", "adapters"),
    [
        pytest.param(Lora(rank=1, targets=("k_lin",)), 1 * 2 * 384, id="one map, rank 1"),
        pytest.param(Lora(rank=4, targets=("q_lin", "k_lin", "v_lin", "out_lin")), 4 * 8 * 384, id="four maps"),
        pytest.param(Lora(rank=8, layers=2), 2 * 4 * 8 * 384, id="two layers"),
    ],
)
def test_adapters_are_where_the_settings_put_them(lora, adapters):
    assert Layout.of(adapt(packaged.load_classifier(), lora, seed=0)).size == adapters + HEAD


def test_the_adapters_strength_is_alpha_over_rank():
    model = adapt(packaged.load_classifier(), Lora(rank=2, alpha=3), seed=0)
    query = model.base_model.model.distilbert.transformer.layer[5].attention.q_lin
    assert query.scaling["default"] == 3 / 2


def test_nothing_is_dropped_at_random(adapted):
    """Otherwise neither the cached prefix nor the pairing of lanes would be exact."""
    assert [module.p for module in adapted.modules() if isinstance(module, torch.nn.Dropout) and module.p > 0] == []
    assert not any(module.training for module in adapted.modules())


def initial(seed: int, noise: int) -> torch.Tensor:
    """The initial weights, with torch's global generator in whatever state."""
    torch.manual_seed(noise)
    model = adapt(packaged.load_classifier(), Lora(), seed)
    return Layout.of(model).flatten(model)


def test_initial_weights_depend_on_the_seed_alone():
    assert torch.equal(initial(3, noise=1), initial(3, noise=2))


def test_another_seed_gives_other_initial_weights():
    assert not torch.equal(initial(3, noise=1), initial(4, noise=1))


def test_adapting_leaves_the_global_generator_alone():
    model = packaged.load_classifier()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    adapt(model, Lora(), seed=5)
    assert torch.equal(torch.rand(1), expected)


def test_the_layout_takes_apart_what_it_put_together(adapted):
    layout = Layout.of(adapted)
    parts = layout.split(layout.flatten(adapted))
    named = dict(adapted.named_parameters())
    assert all(torch.equal(parts[name], named[name]) for name in layout.names)


def test_a_part_is_a_view_of_each_clients_flat_weights():
    layout = Layout(names=("a", "b"), shapes=((2, 2), (3,)))
    flat = torch.zeros(5, 7)
    layout.split(flat)["b"][4] = 1.0
    assert flat[4].tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert flat[:4].count_nonzero() == 0
