"""The real loading code against a hub on this machine that is helpful, slow, broken, closed or away."""

import re
import shutil
import threading
import time

import huggingface_hub.constants as hub_constants
import pytest
import torch

from fda_core.models import choice, hub_files
from fda_core.support.errors import Cancelled, LabError
from tests.helpers import hub as stand_in
from tests.helpers import tiny_models
from tests.helpers.hub import Hub, Trouble, wait_until
from tests.helpers.tiers import tiered

NOTHING = lambda *_: None  # noqa: E731
WEIGHTS = "*/model.safetensors"


@pytest.fixture
def served(models_folder, tmp_path, monkeypatch):
    """A hub with the tiny models, and a cache that nothing has been fetched into."""
    with Hub() as server:
        for kind in tiny_models.SETTINGS:
            server.add(f"tiny/{kind}", models_folder / kind)
        server.add("tiny-bert", models_folder / "bert")
        point_at(server.url, tmp_path / "cache", monkeypatch)
        yield server


def point_at(url: str, cache, monkeypatch) -> None:
    """What HF_ENDPOINT and HF_HUB_CACHE do when a process starts."""
    monkeypatch.setattr(hub_constants, "ENDPOINT", url)
    monkeypatch.setattr(hub_constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(hub_constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub_constants, "HF_HUB_DISABLE_XET", True)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


def load(model: str, progress=NOTHING, before=None):
    chosen = choice.choose(model, 2, None, before, progress)
    chosen.tokenizer(progress)
    return chosen, chosen.load(progress)[0]


def refusal(model: str, **more) -> str:
    with pytest.raises(LabError) as caught:
        load(model, **more)
    said = str(caught.value)
    assert said.endswith(".") and "\n" not in said and len(said) < 400
    return said


@pytest.mark.parametrize(
    "model", tiered([*(f"tiny/{kind}" for kind in tiny_models.SETTINGS), "tiny-bert"], ["tiny/distilbert", "tiny-bert"])
)
def test_a_model_of_the_hub_is_that_of_its_folder(served, models_folder, model):
    chosen, mine = load(model)
    kind = model.removeprefix("tiny/").removeprefix("tiny-")
    theirs = choice.choose(f"folder:{kind}", 2, models_folder).load(NOTHING)[0].state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in mine.base_model.state_dict(prefix="").items()
               if name in theirs)  # fmt: skip
    assert chosen.revision == stand_in.commit(models_folder / kind)
    assert chosen.revision[:12] in chosen.weights("0" * 64)


def test_only_what_is_needed_is_fetched(served, models_folder, tmp_path):
    folder = shutil.copytree(models_folder / "bert", tmp_path / "much")
    for name in ("pytorch_model.bin", "tf_model.h5", "modeling_evil.py", "adapter_config.json", "README.md"):
        (folder / name).write_text("x")
    served.add("tiny/much", folder)
    load("tiny/much")
    fetched = {path.rsplit("/", 1)[1] for method, path in served.requests if "/resolve/" in path}
    assert fetched == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def test_a_former_name_leads_to_the_model(served):
    served.moved["old-name"] = "tiny/distilbert"
    assert load("old-name")[1].config.model_type == "distilbert"


def test_progress_counts_bytes(served, models_folder):
    seen = []
    load("tiny/bert", lambda done, total, stage: seen.append((done, total, stage)))
    size = (models_folder / "bert" / "model.safetensors").stat().st_size
    assert {stage for *_, stage in seen} == {hub_files.DOWNLOAD}
    assert max(total for _, total, _ in seen) >= size
    assert all(0 <= done <= total for done, total, _ in seen)


TROUBLES = {
    "no such model": ("*/other/*", stand_in.MISSING, "tiny/nothing", "has no model tiny/nothing"),
    "404 for the weights": (WEIGHTS, Trouble(404, "EntryNotFound"), "tiny/bert", "404"),
    "gated": ("*", stand_in.GATED, "tiny/bert", "granted on request: accept its terms"),
    "gated for the weights": (WEIGHTS, stand_in.GATED, "tiny/bert", "granted on request"),
    "401 for strangers": ("*", stand_in.LOCKED, "tiny/bert", "log in"),
    "401": ("*", Trouble(401), "tiny/bert", "private|refuses access"),
    "403": ("*", Trouble(403), "tiny/bert", r"refuses access to tiny/bert \(403\)"),
    "500": ("*", stand_in.BROKEN, "tiny/bert", r"trouble of its own with tiny/bert \(500\)"),
    "500 for the weights": (WEIGHTS, Trouble(500, only=("GET",)), "tiny/bert", r"\(500\)"),
}


@pytest.fixture
def hurried(monkeypatch):
    """Waits between attempts that would only be sat through."""
    monkeypatch.setattr("time.sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.02)))
    monkeypatch.setattr(hub_constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(hub_files, "TIMEOUT", 1)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_no_of_the_hub_is_one_sentence(served, hurried, trouble):
    pattern, answer, model, words = TROUBLES[trouble]
    served.troubles[pattern] = answer
    assert re.search(words, refusal(model))


def test_a_download_that_breaks_off_is_said_and_gone_on_with(served, hurried):
    served.troubles[WEIGHTS] = stand_in.CUT
    assert "tiny/bert" in refusal("tiny/bert")
    served.troubles.clear()
    assert load("tiny/bert")[1].config.model_type == "bert"


def test_a_hub_that_does_not_answer_is_given_up(served, hurried):
    served.troubles["/api/*"] = stand_in.SLOW
    assert "did not answer in time for tiny/bert" in refusal("tiny/bert")


def test_a_hub_that_sends_nothing_more_is_given_up(served, monkeypatch):
    monkeypatch.setattr(hub_files, "PATIENCE", 0.5)
    served.troubles[WEIGHTS] = Trouble(between=3, only=("GET",))
    assert "has sent nothing of tiny/bert for 0.5 seconds" in refusal("tiny/bert")


def test_nobody_there(models_folder, tmp_path, monkeypatch, hurried):
    with Hub() as server:
        url = server.url
    point_at(url, tmp_path / "cache", monkeypatch)
    assert "127.0.0.1 cannot be reached for roberta-base: check the connection" in refusal("roberta-base")


def test_stop_works_while_a_slow_hub_is_waited_for(served):
    served.troubles[WEIGHTS] = stand_in.TRICKLE
    stop = threading.Event()

    def progress(done: int, total: int, stage: str) -> None:
        if stop.is_set():
            raise Cancelled

    def ask() -> None:
        wait_until(lambda: ("GET", f"/tiny/bert/resolve/{commit}/model.safetensors") in served.requests)
        stop.set()

    commit = stand_in.commit(served.folders["models", "tiny/bert", "main"])
    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(Cancelled):
        load("tiny/bert", progress)
    thread.join()


@pytest.mark.parametrize("away", ["offline", "unreachable", "500"])
def test_what_was_fetched_before_serves_where_there_is_no_hub(served, hurried, monkeypatch, tmp_path, away):
    first, mine = load("tiny/bert")
    if away == "offline":
        monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", True)
    elif away == "500":
        served.troubles["*"] = stand_in.BROKEN
    else:
        point_at("http://127.0.0.1:9", tmp_path / "cache", monkeypatch)
    again, theirs = load("tiny/bert")
    assert again.revision == first.revision
    assert all(
        torch.equal(a, b) for a, b in zip(mine.base_model.parameters(), theirs.base_model.parameters(), strict=True)
    )
    if away == "offline":
        assert "HF_HUB_OFFLINE forbids" in refusal("tiny/roberta")


def test_a_closed_door_is_not_passed_by_the_cache(served):
    load("tiny/bert")
    served.troubles["*"] = stand_in.GATED
    assert "granted on request" in refusal("tiny/bert")


def test_a_run_is_gone_on_with_at_its_own_revision(served, models_folder, tmp_path):
    """The main branch has moved meanwhile."""
    served.add("tiny/moving", models_folder / "bert")
    first, mine = load("tiny/moving")
    served.add("tiny/moving", tiny_models.save("bert", tmp_path / "newer", seed=1))
    newer, theirs = load("tiny/moving")
    again, same = load("tiny/moving", before={"revision": first.revision})
    assert newer.revision != first.revision == again.revision
    assert torch.equal(same.bert.pooler.dense.weight, mine.bert.pooler.dense.weight)
    assert not torch.equal(theirs.bert.pooler.dense.weight, mine.bert.pooler.dense.weight)


@pytest.mark.parametrize("revision", ["../../elsewhere", "main", "*", "A" * 40, "0" * 39])
def test_a_record_cannot_name_another_place_as_a_revision(served, revision):
    assert "names no commit of tiny/bert" in refusal("tiny/bert", before={"revision": revision})


def test_the_hub_s_own_conversion_stands_in_for_pickled_weights(served, models_folder, tmp_path):
    """As microsoft/deberta-v3-base had it; what anybody else offers is not taken."""
    pickled = shutil.copytree(models_folder / "deberta-v2", tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    served.add("tiny/pickled", pickled)
    assert "no weights as safetensors" in refusal("tiny/pickled")
    served.offer_safetensors("tiny/pickled", models_folder / "deberta-v2", author="somebody")
    assert "no weights as safetensors" in refusal("tiny/pickled")
    commit = served.offer_safetensors("tiny/pickled", models_folder / "deberta-v2")
    assert load("tiny/pickled")[0].revision == commit


@pytest.mark.slow
def test_the_runner_s_stop_ends_a_download_and_the_next_run_begins(served, tmp_path):
    from fda_core.live.runner import Runner
    from tests.helpers.fake import Fake, fast_config, until

    served.troubles[WEIGHTS] = stand_in.TRICKLE
    weights = f"/tiny/bert/resolve/{stand_in.commit(served.folders['models', 'tiny/bert', 'main'])}/model.safetensors"
    runner = Runner(tmp_path / "runs")
    run = runner.start(fast_config(model="tiny/bert", train_examples=40, test_examples=20, max_tokens=32))
    until(lambda: ("GET", weights) in served.requests, "the weights were not asked for")
    assert runner.snapshot(run).stage == hub_files.DOWNLOAD
    runner.stop(run)
    until(lambda: runner.snapshot(run).status == "stopped", "it was not stopped")
    runner.worker.produce = Fake()
    after = runner.start(fast_config())
    until(lambda: runner.snapshot(after).status == "finished", "the next run did not begin")
