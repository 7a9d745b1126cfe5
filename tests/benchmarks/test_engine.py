"""The four ways agree on a few real reviews, and a way that does not is found out."""

import pytest
import torch

from benchmarks import engine


@pytest.fixture(scope="module")
def setting(small_config, cold_cache):
    return engine.setting(small_config)


@pytest.mark.slow
def test_all_variants_give_the_same_losses_and_weights(setting):
    epoch, variants = setting
    differences = engine.compare({name: variant() for name, variant in variants.items()}, epoch.experiment.initial)
    assert differences["loss"] < 1e-5 and differences["weight"] < 1e-5


def test_a_variant_with_other_weights_is_refused():
    result = torch.ones(2), torch.ones(2, 3)
    other = torch.ones(2), torch.ones(2, 3) + 2 * engine.TOLERANCE
    with pytest.raises(SystemExit, match="a weight differs"):
        engine.compare({engine.LOOP: result, engine.ENGINE: other}, torch.zeros(3))
    with pytest.raises(SystemExit, match="a loss differs"):
        engine.compare({engine.LOOP: result, engine.ENGINE: (result[0] * torch.nan, result[1])}, torch.zeros(3))


@pytest.mark.slow
def test_a_loop_that_computes_needless_gradients_is_refused(setting):
    loop = setting[1][engine.LOOP]
    norm = loop.model.get_base_model().distilbert.transformer.layer[0].output_layer_norm.weight
    norm.requires_grad_(True)
    try:
        with pytest.raises(SystemExit, match="would not be fair"):
            engine.gradient_stops_below_the_adapters(loop)
    finally:
        norm.requires_grad_(False)


@pytest.mark.slow
def test_the_report_divides_the_loops_median_by_the_engines(setting):
    epoch, variants = setting
    seconds = {name: [1.0, 4.0, 9.0] if name == engine.LOOP else [0.5] * 3 for name in variants}
    found = engine.report(epoch, seconds, {"loss": 0.0, "weight": 0.0, "moved": 1.0})
    assert found["ratio"] == 8
    assert found["trainable_parameters"] == 160_898
