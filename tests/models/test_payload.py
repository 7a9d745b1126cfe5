"""Counted parameters against those of the real architectures, built without weights."""

import pytest
import torch
from transformers import DebertaV2Config, DebertaV2Model, DistilBertConfig, DistilBertModel, RobertaConfig, RobertaModel

from fda_core.analysis.summary import started
from fda_core.models import choice
from fda_core.models.payload import ENCODERS, download, payload, size_of, slowdown
from fda_core.runs.recorded import recorded
from fda_core.settings import model_names
from fda_core.settings.config import MODELS, TRAINED, ExperimentConfig
from tests.helpers.tiers import tiered

BUILT = {
    "all-MiniLM-L6-v2": lambda: DistilBertModel(DistilBertConfig(dim=384, hidden_dim=1536, n_layers=6)),
    "distilbert-base-uncased": lambda: DistilBertModel(DistilBertConfig()),
    "roberta-base": lambda: RobertaModel(
        RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1), add_pooling_layer=False
    ),
    "microsoft/deberta-v3-base": lambda: DebertaV2Model(
        DebertaV2Config(
            vocab_size=128100, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
            relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True,
            pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0, max_position_embeddings=512,
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENCODERS)
def test_parameters_are_those_of_the_architecture(name):
    with torch.device("meta"):
        model = BUILT[name]()
    assert ENCODERS[name].parameters == sum(parameter.numel() for parameter in model.parameters())
    assert download(name) == 4 * ENCODERS[name].parameters


def test_the_default_run_s_payload_by_hand():
    """Its adapters are on the last layer only."""
    encoder = ENCODERS["all-MiniLM-L6-v2"]
    assert encoder.trained("head") == 148_610
    one_layer = encoder.trained("head") + (encoder.trained("lora") - encoder.trained("head")) // encoder.layers
    assert 4 * one_layer == started(recorded("alpha-1").events).facts["model_bytes"]


def test_more_is_trained_more_travels():
    for name in ENCODERS:
        assert payload(name, "head") < payload(name, "lora", 4) < payload(name, "lora", 64) < payload(name, "full")


def test_a_step_takes_as_much_longer_as_it_has_multiplications():
    """RoBERTa-base: four times the weights a layer, twice the layers; all passes instead of 7/6 of one."""
    assert slowdown("all-MiniLM-L6-v2", "head", layers=0) == 1
    assert slowdown("roberta-base", "full") == pytest.approx(4 * 2 * 3 / (7 / 6))
    assert slowdown("roberta-base", "head") < slowdown("roberta-base", "lora") < slowdown("roberta-base", "full")


MORE = {
    "as it comes": {},
    "rank, layers, targets": {"lora": {"rank": 3, "layers": 2, "targets": ("k_lin", "out_lin", "v_lin")}},
    "two layers": {"trained_layers": 2},
}


@pytest.mark.parametrize("model", tiered([*MODELS, "folder:distilbert", "folder:roberta", "folder:bert"], MODELS[:1]))
@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("labels", [2, 50])
def test_what_a_page_calculates_is_what_the_model_has(model, trained, more, labels, models_folder, monkeypatch):
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(models_folder))
    config = ExperimentConfig(model=model, trained=trained, **MORE[more])
    size, counted = size_of(config, labels), choice.plan(choice.choose(model, labels), config)
    assert (size.trained, size.fast) == (counted.trained, counted.fast)
    head = choice.plan(choice.choose(model, labels), ExperimentConfig(model=model, trained="head"))
    assert size.head == head.trained


@pytest.mark.parametrize("model", ["somebody/something", "folder:deberta-v2", "folder:nothing", "folder:electra"])
def test_of_a_model_that_is_not_known_nothing_is_said(model, models_folder, monkeypatch):
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(models_folder))
    assert size_of(ExperimentConfig(model=model)) is None


def test_a_folder_s_nonsense_is_left_to_whoever_loads_it(tmp_path, monkeypatch):
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(tmp_path))
    (tmp_path / "odd").mkdir()
    for text in ("", "[]", "{}", '{"model_type": "bert"}', '{"model_type": []}', "[" * 100_000):
        (tmp_path / "odd" / "config.json").write_text(text)
        assert size_of(ExperimentConfig(model="folder:odd")) is None


def test_well_known_models_of_the_hub_by_hand():
    """RoBERTa-base: 124.6 million in all; a transfer of everything is half a gigabyte."""
    full = size_of(ExperimentConfig(model="roberta-base", trained="full"))
    assert full.trained == 124_055_040 + 590_592 + 1_538 and not full.fast
    assert size_of(ExperimentConfig(model="roberta-base")).fast
    assert not size_of(ExperimentConfig(model="microsoft/deberta-v3-base")).fast
