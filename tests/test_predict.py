"""Asking a run's models: the same answers as in the evaluation during training, and nothing left behind."""

import threading

import pytest
import torch

from fda_core import predict, setup
from fda_core.algorithm.flat_parameters import FlatParameters
from fda_core.analysis.summary import rounds_of, started
from fda_core.data.reviews import reviews
from fda_core.models import embedded
from fda_core.models.adapters import adapt
from fda_core.runs.record import Callbacks, Recording, record
from fda_core.settings.config import ExperimentConfig, LaneSpec, Lora
from tests.conftest import TEST, TRAIN
from tests.helpers.tiers import tiered

LANES = (
    LaneSpec(id="fedopt-e1", rule="schedule", epochs=1),
    LaneSpec(id="fda-opt", rule="adaptive", max_epochs=4),
    LaneSpec(id="alone", rule="local-only", epochs=1),
)
TEXT = "A warm, funny film with a wonderful ending."


@pytest.fixture(scope="module")
def config(small_config):
    target = {"metric": "test_loss", "value": 0}
    return ExperimentConfig(**small_config.to_dict() | {"rounds": 2, "lanes": LANES, "target": target})


@pytest.fixture(scope="module")
def run(config, cold_cache, tmp_path_factory):
    """The folder of a real run, and its events."""
    folder, events = tmp_path_factory.mktemp("run"), []
    assert record(Recording(config, folder, "run"), Callbacks(events.append)).status == "finished"
    return folder, events


@pytest.fixture
def reader(config, run):
    return predict.reader_for(config, run[0], 2)


@pytest.fixture(scope="module")
def judged(config):
    data = reviews(TRAIN, TEST)["test"]
    return data["text"][:], torch.tensor(data["label"][:])


def accuracy(shares: torch.Tensor, labels: torch.Tensor) -> float:
    return ((shares > 0.5).long() == labels).double().mean().item()


@pytest.mark.parametrize("lane", tiered(["fedopt-e1", "fda-opt"], ["fda-opt"], "slow"))
def test_a_checkpoint_scores_on_the_test_reviews_as_in_training(config, run, reader, judged, lane):
    folder, events = run
    round, weights = predict.checkpoints(config, folder, len(reader.initial))[lane]
    texts, labels = judged
    last = rounds_of(events, lane)[-1]
    shares = reader.shares(texts, [weights], config.max_tokens)[0, :, 1]
    assert round == last.round and accuracy(shares, labels) == last.accuracy
    loss = torch.nn.functional.nll_loss(torch.stack([1 - shares, shares], 1).log().double(), labels).item()
    assert loss == pytest.approx(last.test_loss, rel=1e-5)


def test_the_untrained_model_scores_as_before_the_first_round(config, run, reader, judged):
    shares = reader.shares(judged[0], [reader.initial], config.max_tokens)[0, :, 1]
    assert accuracy(shares, judged[1]) == started(run[1]).initial["accuracy"]


def test_the_initial_weights_are_those_of_the_run(config, cold_cache, reader):
    assert torch.equal(reader.initial, setup.prepare(config).initial)


def test_of_models_that_share_nothing_the_mean_is_given(config, run, reader):
    _, weights = predict.checkpoints(config, run[0], len(reader.initial))["alone"]
    assert weights.shape == (config.cohort_size, len(reader.initial))
    each = reader.shares([TEXT], list(weights), config.max_tokens)
    together = reader.shares([TEXT], [weights], config.max_tokens)
    torch.testing.assert_close(together[0], each.mean(0))


def test_every_lane_answers_after_the_untrained_model(config, run):
    found = predict.answers(config, run[0], TEXT)
    assert [(answer.lane, answer.round) for answer in found] == [
        (None, 0),
        ("fedopt-e1", 2),
        ("fda-opt", 2),
        ("alone", 2),
    ]
    assert all(0 < answer.shares[1] < 1 and sum(answer.shares) == pytest.approx(1) for answer in found)
    assert len({answer.shares for answer in found}) >= 3  # after one epoch a round, two lanes are one


def test_a_text_is_cut_where_it_is_too_long_and_may_be_anything(config, run):
    for text in ("x" * 5000, "\0\ud83c\udfa5 <b>", "映画"):
        assert len(predict.answers(config, run[0], text.encode("utf-8", "replace").decode())) == 4
    long = "good " * 200
    assert predict.answers(config, run[0], long) == predict.answers(config, run[0], long[: predict.LONGEST])


def test_nothing_is_kept_and_nothing_is_said(config, run, cold_cache, caplog, capfd):
    def files():
        return sorted(path for folder in (run[0], cold_cache) for path in folder.rglob("*"))

    before = files()
    predict.answers(config, run[0], "zebra crossing")
    assert files() == before
    assert caplog.text == "" and "zebra" not in "".join(capfd.readouterr())


def test_lanes_without_a_checkpoint_or_with_a_damaged_one_are_left_out(config, run, tmp_path):
    assert not predict.kept(tmp_path)
    assert [answer.lane for answer in predict.answers(config, tmp_path, TEXT)] == [None]
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "fda-opt.safetensors").write_bytes(b"torn")
    assert predict.kept(tmp_path)
    assert [answer.lane for answer in predict.answers(config, tmp_path, TEXT)] == [None]


def test_weights_of_another_size_are_left_out(config, run):
    other = ExperimentConfig(**config.to_dict() | {"lora": {"rank": 2}})
    assert [answer.lane for answer in predict.answers(other, run[0], TEXT)] == [None]


def test_deeper_adapters_take_the_plain_way(config, reader):
    deep = predict.Reader(config.model_copy(update={"lora": Lora(layers=2)}))
    assert type(deep._trainer(setup.texts(TRAIN, TEST, config.max_tokens)[1])).__name__ == "PlainTrainer"
    [shares] = deep.shares([TEXT], [deep.initial], config.max_tokens)
    assert shares.shape == (1, 2) and 0 < shares[0, 1] < 1


def test_it_is_ready_once_the_libraries_are_there(monkeypatch):
    assert predict.ready()  # this file has loaded them
    monkeypatch.setattr(predict, "LIBRARIES", "fda_core.not_there_yet")
    assert not predict.ready()


def initial(seed: int, found: dict) -> None:
    model = adapt(embedded.load_classifier(), Lora(), seed)
    found[seed] = FlatParameters.of(model).flatten(model)


@pytest.mark.slow
def test_models_built_at_the_same_time_do_not_take_each_other_s_random_numbers():
    """One torch generator serves all threads: a run must not start from other weights because somebody asks."""
    alone, together = {}, {}
    for seed in range(4):
        initial(seed, alone)
    threads = [threading.Thread(target=initial, args=(seed, together)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(alone[seed], together[seed]) for seed in range(4))


@pytest.mark.slow
def test_questions_during_a_training_change_nothing_in_it(config, run, cold_cache, tmp_path):
    asked, stop = [], threading.Event()

    def curious():
        while not stop.is_set():
            asked.append(predict.answers(config, run[0], TEXT))

    thread = threading.Thread(target=curious)
    thread.start()
    events = []
    record(Recording(config, tmp_path / "again", "again"), Callbacks(events.append))
    stop.set()
    thread.join()
    assert asked and all(each == asked[0] for each in asked)
    for lane in LANES:
        mine, theirs = (
            [(r.test_loss, r.variance, r.bytes_total) for r in rounds_of(each, lane.id)] for each in (events, run[1])
        )
        assert mine == theirs
