"""Counted parameters against those of the real architectures, built without weights."""

import pytest
import torch
from transformers import DebertaV2Config, DebertaV2Model, DistilBertConfig, DistilBertModel, RobertaConfig, RobertaModel

from fda_core.models.payload import ENCODERS, download, payload, slowdown
from fda_core.runs.recorded import recorded
from fda_core.runs.summary import started

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
