"""Where a run computes. torch's `meta` device stands in for the GPU: nothing on it can be read back, and no tensor of
main memory may meet one of its own. The last tests need a real one."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.parity import apart
from fda_core import setup
from fda_core.algorithm.monitors import make_monitor
from fda_core.federation import engine
from fda_core.federation.clients import Cohort
from fda_core.models import choice, devices
from fda_core.models.adapters import adapt
from fda_core.models.trainers.choose import fast_trainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.settings.methods import CLIENT_OPTIMIZERS, MONITORS
from fda_core.support.errors import ConfigError
from tests.helpers import tiny_models

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU")
COPIES = ("aten::_to_copy", "aten::copy_")


class OneDevice(TorchDispatchMode):
    """Raises where tensors of two devices meet, and where a copy to the device waits for it."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        places = {x.device.type for x in tensors if x.dim()}  # a number may come from anywhere
        if function._schema.name in COPIES:
            places |= {torch.device(kwargs["device"]).type} if kwargs.get("device") else set()
            assert len(places) == 1 or kwargs.get("non_blocking"), f"{function} waits for the device"
        else:
            assert len(places) <= 1, f"{function} on {places}"
        return function(*args, **kwargs)


class Scorer(nn.Module):
    """As little as the plain way asks of a model."""

    def __init__(self):
        super().__init__()
        self.embeddings, self.classifier = nn.Embedding(99, 8), nn.Linear(8, 2)

    def forward(self, input_ids, attention_mask):
        return SimpleNamespace(logits=self.classifier((self.embeddings(input_ids) * attention_mask[..., None]).mean(1)))


@pytest.fixture(scope="module", params=["lora", "head", "full"])
def ready(request, small_config, models_folder, cold_cache):
    config = ExperimentConfig(**small_config.to_dict() | {"model": "folder:distilbert", "trained": request.param})
    return setup.prepare(config, models_folder=models_folder)


def elsewhere(ready: setup.Prepared, models_folder):
    """The experiment's trainer with its model on `meta`; the plain one with a model that reads nothing back."""
    config, train, test = ready.config, ready.trainer.train, ready.trainer.test
    if config.trained == "full":
        return PlainTrainer(Scorer(), train, test, "meta")
    model = choice.choose(config.model, 2, models_folder).load(lambda *_: None)[0]
    model = adapt(model, config.lora, config.seed, config.trained).to("meta")
    hidden = [torch.zeros(len(tokens.ids), tiny_models.WIDTH) for tokens in (train, test)]
    return fast_trainer(model, config, train, test, *hidden)


@pytest.mark.parametrize("optimizer", list(CLIENT_OPTIMIZERS))
def test_local_steps_never_leave_the_device(ready, models_folder, optimizer):
    trainer = elsewhere(ready, models_folder)
    weights = torch.zeros(trainer.layout.size, device="meta")
    cohort = Cohort(trainer, weights, ready.partition, [0, 3], 4, optimizer, 0.1, 0, 1)
    with OneDevice():
        losses = cohort.train(2)
    assert losses.device == cohort.weights.device == cohort.drifts.device == torch.device("meta")


def test_the_stand_in_notices_what_does_not_stay():
    here, there = torch.zeros(2, 2), torch.zeros(2, 2, device="meta")
    with OneDevice(), pytest.raises(AssertionError, match="waits"):
        here.to("meta")
    with OneDevice(), pytest.raises(AssertionError, match="index"):
        there[torch.tensor([0, 1])]


@pytest.mark.parametrize(("asked", "sentence"), [("gpu", "is 'gpu'; it must be cpu or cuda"), ("cuda", "sees no CUDA")])
def test_a_device_that_is_not_there_is_refused(monkeypatch, asked, sentence):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv(devices.SETTING, asked)
    with pytest.raises(ConfigError, match=f"{devices.SETTING}.*{sentence}"):
        devices.chosen()


@pytest.mark.parametrize(("setting", "gpu", "device"), [("", True, "cuda"), ("", False, "cpu"), ("cpu", True, "cpu")])
def test_a_gpu_is_taken_unless_the_setting_says_otherwise(monkeypatch, setting, gpu, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setenv(devices.SETTING, setting)
    assert devices.chosen() == device


# One way each, so that together they meet every monitor, server state and rule that holds tensors of the model's size.
LANES = (
    *(LaneSpec(id=name, rule="adaptive", max_epochs=3, monitor=name) for name in MONITORS),
    LaneSpec(id="yogi", rule="smoothed", max_epochs=3, server="yogi"),
    LaneSpec(id="each-step", rule="fixed", theta=1e-4, max_epochs=2, check="step", server="sgdm"),
    LaneSpec(id="pooled", rule="centralised", epochs=1),
    LaneSpec(id="alone", rule="local-only", epochs=1),
)


@on_a_gpu
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("trained", ["lora", "head", "full"])
def test_a_gpu_plays_the_events_of_the_cpu(monkeypatch, small_config, models_folder, cold_cache, trained, dropout):
    changes = {"model": "folder:distilbert", "trained": trained, "lanes": LANES, "rounds": 3, "client_dropout": dropout}
    config = ExperimentConfig(**small_config.to_dict() | changes | {"weighting": "examples" if dropout else "equal"})
    played = {}
    for device in (devices.CPU, devices.CUDA):
        monkeypatch.setenv(devices.SETTING, device)
        experiment = setup.prepare(config, models_folder=models_folder)
        assert experiment.facts["device"] == experiment.initial.device.type == device
        played[device] = list(engine.run(experiment))
    found = apart(played[devices.CPU], played[devices.CUDA], config.test_examples).broken
    # The second axis of the drawing is not unique where two directions of the drifts weigh the same.
    assert [difference for difference in found if ", paths:" not in difference] == []


@on_a_gpu
def test_a_run_begun_on_one_device_goes_on_on_the_other(monkeypatch, ready, models_folder):
    """Through a lane's state, which is what a checkpoint holds."""
    lanes = {}
    for device in (devices.CPU, devices.CUDA):
        monkeypatch.setenv(devices.SETTING, device)
        experiment = setup.prepare(replace_lanes(ready.config), models_folder=models_folder)
        lanes[device] = engine.make_lane(experiment, experiment.config.lanes[0], experiment.score(experiment.initial))
        list(lanes[device].play_round())
    kept = lanes[devices.CPU].checkpoint()
    other = engine.make_lane(experiment, experiment.config.lanes[0], experiment.score(experiment.initial))
    other.restore(kept)
    one, two = list(lanes[devices.CUDA].play_round()), list(other.play_round())
    assert apart(one, two, ready.config.test_examples).broken == []


def replace_lanes(config: ExperimentConfig) -> ExperimentConfig:
    lane = LaneSpec(id="linear", rule="adaptive", max_epochs=3, monitor="linear", server="adam")
    return ExperimentConfig(**config.to_dict() | {"lanes": (lane,)})


@on_a_gpu
@pytest.mark.parametrize("monitor", list(MONITORS))
def test_a_monitor_reads_drifts_on_a_gpu(monitor):
    from fda_core.algorithm.monitors import DriftStatistics

    drifts = torch.randn(4, 2000, generator=torch.Generator().manual_seed(0))
    found = [make_monitor(monitor, 2000, 0).estimate(DriftStatistics.of(x)) for x in (drifts, drifts.cuda())]
    assert found[0] == pytest.approx(found[1], rel=1e-5)
