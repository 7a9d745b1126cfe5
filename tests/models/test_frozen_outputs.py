"""The frozen layers' outputs: computed when they are needed, by several threads, and always the same numbers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from fda_core.models import architectures, embedded
from fda_core.models.frozen_outputs import FrozenOutputs
from fda_core.models.frozen_prefix import hidden_states, outputs
from fda_core.support.errors import Cancelled
from tests.models.processes import Calls

DEPTH = 2  # few layers: what is tested is when they are computed


@pytest.fixture(scope="module")
def encoder():
    return architectures.encoder(embedded.load_classifier())


def begun(encoder, tokens, folder: Path | None = None) -> FrozenOutputs:
    return outputs(encoder, DEPTH, tokens, "digest", folder)


def whole(encoder, tokens, folder: Path, progress=lambda *_: None) -> torch.Tensor:
    return hidden_states(encoder, DEPTH, tokens, "digest", folder, progress)


def never(done: int, total: int) -> None:
    raise AssertionError("computed again")


def test_the_states_do_not_depend_on_when_they_were_needed(encoder, texts, tmp_path):
    """Or a run that starts cold, or goes on after it was killed, would not be the run that starts warm."""
    expected = whole(encoder, texts[0], tmp_path)
    found = begun(encoder, texts[0])
    for rows in torch.randperm(64, generator=torch.Generator().manual_seed(0)).split([1, 2, 20, 1, 40]):
        found.need(rows)
        assert found.done[rows].all()
    assert torch.equal(found.hidden, expected)


def test_threads_share_the_work_and_the_file_is_written_once(encoder, texts, tmp_path):
    found, computed = begun(encoder, texts[0], tmp_path), []
    forward = found.embeddings.register_forward_hook(lambda module, inputs, _: computed.append(inputs[0].shape))
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(found.need, [torch.arange(64), torch.arange(30, 64), torch.arange(40)]))
    forward.remove()
    assert sum(len(texts) for texts in map(torch.empty, computed)) < 2 * 64
    assert torch.equal(whole(encoder, texts[0], tmp_path, never), found.hidden)


def test_what_a_stopped_thread_had_begun_another_one_does(encoder, texts):
    found = begun(encoder, texts[0])
    with pytest.raises(Cancelled):
        found.need(torch.arange(64), Calls(allowed=1))
    assert not found.done.all()
    found.need(torch.arange(64))
    assert found.done.all()


def test_what_a_stopped_run_had_computed_the_next_one_finds(encoder, texts, tmp_path):
    """In the same process, before there is a file."""
    with pytest.raises(Cancelled):
        begun(encoder, texts[0], tmp_path).need(torch.arange(64), Calls(allowed=2))
    found = begun(encoder, texts[0], tmp_path)
    there = int(found.done.sum())
    assert 0 < there < 64
    computed = []
    forward = found.embeddings.register_forward_hook(
        lambda module, inputs, _: computed.append(len(inputs[0].unique(dim=0)))
    )
    found.need(torch.arange(64))
    forward.remove()
    assert sum(computed) < 64 and torch.equal(whole(encoder, texts[0], tmp_path, never), found.hidden)


def test_what_nobody_waits_for_any_more_does_not_come_first(encoder, texts):
    """Whoever presses Start while the rest is got ready waits for the first round's texts only."""
    found = begun(encoder, texts[0])
    with pytest.raises(Cancelled):
        found.need(torch.arange(64), Calls(allowed=0))
    length = int(texts[0].lengths[0])
    alike = (texts[0].lengths == length).nonzero()[:, 0]
    found.need(alike[:1])
    assert set(found.done.nonzero()[:, 0].tolist()) <= set(alike.tolist())
