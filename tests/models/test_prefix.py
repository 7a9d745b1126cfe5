"""The frozen prefix: computed once, read back exactly, and never a cause for a crash."""

import pytest
import torch

from fda_core import lab
from fda_core.errors import Cancelled
from fda_core.models import packaged
from fda_core.models.prefix import hidden_states
from fda_core.models.tokens import Tokens

DEPTH = 2  # few layers: what is tested is the keeping, not the computing


@pytest.fixture(scope="module")
def encoder():
    return packaged.load_classifier().distilbert


def nothing(done: int, total: int) -> None:
    pass


def never(done: int, total: int) -> None:
    raise AssertionError("computed again")


def states(encoder, tokens, folder, progress=nothing, layers=DEPTH, weights="digest"):
    return hidden_states(encoder, layers, tokens, weights, folder, progress)


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_states_are_those_of_the_encoders_first_layers(encoder, texts, tmp_path):
    """Against the encoder's own list of hidden states, text by text: sorting and padding leave no trace."""
    found = states(encoder, texts[1], tmp_path)
    for row in (0, 7, 31):
        ids, mask = texts[1].padded(torch.tensor([row]))
        with torch.no_grad():
            layers = encoder(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True).hidden_states
        start, end = texts[1].starts[row : row + 2]
        torch.testing.assert_close(found[start:end], layers[DEPTH][0], rtol=0, atol=1e-5)


def test_the_kept_states_equal_the_computed_ones(encoder, texts, tmp_path):
    computed = states(encoder, texts[1], tmp_path)
    assert torch.equal(states(encoder, texts[1], tmp_path, progress=never), computed)


def test_one_file_is_kept_and_nothing_else(encoder, texts, tmp_path):
    states(encoder, texts[1], tmp_path)
    assert [name[:7] + name[-12:] for name in files(tmp_path)] == ["prefix-.safetensors"]


def test_an_interrupted_computation_leaves_nothing(encoder, texts, tmp_path):
    def cancel(done, total):
        if done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        states(encoder, texts[0], tmp_path, progress=cancel)
    assert files(tmp_path) == []


def test_progress_counts_the_texts(encoder, texts, tmp_path):
    seen = []
    states(encoder, texts[0], tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 64), (32, 64), (64, 64)]


def altered(tokens: Tokens, changed: str) -> Tokens:
    """Other texts of the same number of tokens."""
    if changed == "a word":
        ids = tokens.ids.clone()
        ids[1] += 1
        return Tokens(ids, tokens.starts, tokens.labels)
    starts = tokens.starts.clone()
    starts[1] += 1
    return Tokens(tokens.ids, starts, tokens.labels)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"layers": 1}, id="depth"),
        pytest.param({"weights": "other"}, id="weights"),
        pytest.param({"tokens": "a word"}, id="a word"),
        pytest.param({"tokens": "an end"}, id="where a text ends"),
    ],
)
def test_a_file_is_used_only_for_what_it_was_computed_from(encoder, texts, tmp_path, change):
    states(encoder, texts[1], tmp_path)
    other = altered(texts[1], change["tokens"]) if "tokens" in change else texts[1]
    seen = []
    rest = {name: value for name, value in change.items() if name != "tokens"}
    states(encoder, other, tmp_path, lambda *counts: seen.append(counts), **rest)
    assert seen and len(files(tmp_path)) == 2


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut in half"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"x" * len(data), id="overwritten"),
    ],
)
def test_a_damaged_file_is_computed_again(encoder, texts, tmp_path, damage):
    computed = states(encoder, texts[1], tmp_path)
    path = tmp_path / files(tmp_path)[0]
    path.write_bytes(damage(path.read_bytes()))
    assert torch.equal(states(encoder, texts[1], tmp_path), computed)
    assert torch.equal(states(encoder, texts[1], tmp_path, progress=never), computed)  # and the file is mended


def test_a_folder_that_cannot_be_written_costs_only_the_keeping(encoder, texts, tmp_path):
    computed = states(encoder, texts[1], tmp_path / "good")
    (tmp_path / "file").touch()  # a file in the way fails for every user, root included
    assert torch.equal(states(encoder, texts[1], tmp_path / "file" / "cache"), computed)


def test_preparing_a_run_twice_computes_once(small_config, cold_cache):
    lab.prepare(small_config)
    before = files(cold_cache)
    lab.prepare(small_config, progress=never)
    assert before and files(cold_cache) == before


def test_preparing_can_be_cancelled(small_config, monkeypatch, tmp_path):
    monkeypatch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path))

    def cancel(done, total):
        assert total == 96  # test texts and training texts together
        raise Cancelled

    with pytest.raises(Cancelled):
        lab.prepare(small_config, progress=cancel)
    assert files(tmp_path) == []
