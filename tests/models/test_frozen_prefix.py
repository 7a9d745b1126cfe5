"""The frozen prefix: computed once, read back exactly, bounded in size, and never a cause for a crash."""

import multiprocessing
import os
import subprocess
import sys
import time

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError

from fda_core import setup
from fda_core.models import architectures, embedded, frozen_prefix
from fda_core.models.frozen_prefix import LIMIT, hidden_states, limit_bytes, outputs
from fda_core.models.tokens import Tokens
from fda_core.support.errors import Cancelled, ConfigError
from tests.models.processes import ROUNDS, Calls, compute_at_once, tiny_states

DEPTH = 2  # few layers: what is tested is the keeping, not the computing


@pytest.fixture(scope="module")
def encoders():
    return {name: architectures.encoder(embedded.load_classifier(model=name)) for name in embedded.MODELS}


@pytest.fixture(scope="module")
def encoder(encoders):
    return encoders["minilm-distilbert"]


def nothing(done: int, total: int) -> None:
    pass


def never(done: int, total: int) -> None:
    raise AssertionError("computed again")


def states(encoder, tokens, folder, progress=nothing, layers=DEPTH, weights="digest"):
    return hidden_states(encoder, layers, tokens, weights, folder, progress)


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("model", embedded.MODELS)
def test_the_states_are_those_of_the_encoders_first_layers(encoders, texts, tmp_path, model):
    """Against the encoder's own list of hidden states, text by text: sorting and padding leave no trace."""
    encoder = encoders[model]
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
    with pytest.raises(Cancelled):
        outputs(encoder, DEPTH, texts[0], "digest", tmp_path).need(torch.arange(64), Calls(allowed=2))
    with pytest.raises(Cancelled):
        states(encoder, texts[0], tmp_path, progress=Calls(allowed=1))
    assert files(tmp_path) == []


def test_progress_counts_the_texts(encoder, texts, tmp_path):
    seen = []
    states(encoder, texts[0], tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and seen[0] == (0, 64) and seen[-1] == (64, 64)


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


def test_architectures_share_no_file(encoders, texts, tmp_path):
    """Their states differ in the last bits."""
    for encoder in encoders.values():
        states(encoder, texts[1], tmp_path)
    assert len(files(tmp_path)) == 3


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


def test_a_full_disk_costs_only_the_keeping(encoder, texts, tmp_path, monkeypatch):
    """What safetensors raises then is not an OSError."""

    def full(*arguments):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(frozen_prefix, "save_file", full)
    assert states(encoder, texts[1], tmp_path).isfinite().all()
    assert files(tmp_path) == []


MEGABYTE = 10**6
OLD = 1_000_000_000  # a date long ago, in seconds


def kept(folder, *ages: int, size: int = MEGABYTE) -> list:
    """Files of a megabyte as an earlier run left them, last used so many seconds after `OLD`."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"prefix-{age}.safetensors" for age in ages]
    for path, age in zip(paths, ages, strict=True):
        path.write_bytes(bytes(size))
        os.utime(path, (OLD + age, OLD + age))
    return paths


def test_the_files_not_used_for_longest_make_room(encoder, texts, tmp_path, monkeypatch):
    states(encoder, texts[1], tmp_path / "measure")
    (own,) = (tmp_path / "measure").iterdir()
    monkeypatch.setenv(LIMIT, str(2 + own.stat().st_size / MEGABYTE))  # room for two more
    folder = tmp_path / "cache"
    kept(folder, 3, 1, 4, 2)
    states(encoder, texts[1], folder)
    assert files(folder) == sorted(["prefix-3.safetensors", "prefix-4.safetensors", own.name])
    assert sum(path.stat().st_size for path in folder.iterdir()) <= limit_bytes()


def test_a_file_that_was_read_is_not_the_oldest_any_more(encoder, texts, tmp_path, monkeypatch):
    states(encoder, texts[1], tmp_path)
    (own,) = tmp_path.iterdir()
    os.utime(own, (OLD, OLD))
    kept(tmp_path, 5)
    states(encoder, texts[1], tmp_path, progress=never)
    monkeypatch.setenv(LIMIT, str(2 * own.stat().st_size / MEGABYTE + 0.5))  # too little for all three
    states(encoder, texts[1], tmp_path, layers=1)
    assert own.name in files(tmp_path) and "prefix-5.safetensors" not in files(tmp_path)


def test_the_file_just_written_stays_whatever_its_size(encoder, texts, tmp_path, monkeypatch):
    monkeypatch.setenv(LIMIT, "0.001")
    kept(tmp_path, 1)
    computed = states(encoder, texts[1], tmp_path)
    assert len(files(tmp_path)) == 1
    assert torch.equal(states(encoder, texts[1], tmp_path, progress=never), computed)


def test_only_files_of_this_cache_are_deleted(encoder, texts, tmp_path, monkeypatch):
    """The folder may be anyone's."""
    monkeypatch.setenv(LIMIT, "0.001")
    others = [tmp_path / name for name in ("model.safetensors", "download.part", "prefix-notes.txt")]
    for path in others:
        path.write_bytes(bytes(MEGABYTE))
        os.utime(path, (OLD, OLD))
    states(encoder, texts[1], tmp_path)
    assert all(path.exists() for path in others)


def test_drafts_are_removed_when_nobody_can_be_writing_them(encoder, texts, tmp_path):
    fresh, abandoned = tmp_path / "prefix-a.part", tmp_path / "prefix-b.part"
    for draft in (fresh, abandoned):
        draft.mkdir()
        (draft / "draft").write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(abandoned, (two_days_ago, two_days_ago))
    states(encoder, texts[1], tmp_path)
    assert fresh.exists() and not abandoned.exists()


def test_a_file_that_another_process_deletes_meanwhile_is_no_error(encoder, texts, tmp_path, monkeypatch):
    monkeypatch.setenv(LIMIT, "0.001")
    gone, present = kept(tmp_path, 1, 2)
    listed = type(tmp_path).glob

    def then_deleted(folder, pattern):
        found = list(listed(folder, pattern))
        gone.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(type(tmp_path), "glob", then_deleted)
    states(encoder, texts[1], tmp_path)
    assert not present.exists() and len(files(tmp_path)) == 1


@pytest.mark.parametrize("value", ["0", "-1", "much", "nan", "inf", "1 GB"])
def test_a_limit_that_is_no_size_is_refused_before_anything_is_computed(encoder, texts, tmp_path, monkeypatch, value):
    monkeypatch.setenv(LIMIT, value)
    with pytest.raises(ConfigError, match=f"^FDA_OPT_LAB_CACHE_MB is '{value}'; it must be a number of megabytes"):
        states(encoder, texts[1], tmp_path, progress=never)


@pytest.mark.parametrize(("value", "limit"), [(None, 2 * 10**9), ("", 2 * 10**9), ("1", 10**6), ("0.5", 500_000)])
def test_the_limit_is_2_gb_unless_set(monkeypatch, value, limit):
    monkeypatch.delenv(LIMIT, raising=False)
    if value is not None:
        monkeypatch.setenv(LIMIT, value)
    assert limit_bytes() == limit


@pytest.mark.slow
def test_two_processes_that_compute_the_same_leave_one_file(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    both, results = spawn.Barrier(2), spawn.Queue()
    pair = [spawn.Process(target=compute_at_once, args=(tmp_path, both, results), daemon=True) for _ in range(2)]
    for process in pair:
        process.start()
    seen = [results.get(timeout=120) for _ in range(2 * ROUNDS)]
    for process in pair:
        process.join(60)
        assert process.exitcode == 0
    expected = tiny_states(tmp_path, never)
    assert all(torch.equal(torch.tensor(hidden), expected) for hidden, _ in seen)
    assert all(left == files(tmp_path) and len(left) == 1 for _, left in seen)


def test_a_reader_keeps_what_another_process_deletes(tmp_path, monkeypatch):
    """The file is open and mapped into memory when it is deleted, and read only then."""
    expected = tiny_states(tmp_path, nothing)
    opened = safetensors.torch.safe_open

    def then_deleted(path, **options):
        file = opened(path, **options)
        subprocess.run([sys.executable, "-c", "import os, sys; os.unlink(sys.argv[1])", str(path)], check=True)
        return file

    monkeypatch.setattr(safetensors.torch, "safe_open", then_deleted)
    assert torch.equal(tiny_states(tmp_path, never), expected)
    assert files(tmp_path) == []


def test_preparing_a_run_twice_computes_once(small_config, cold_cache):
    setup.prepare(small_config)
    before = files(cold_cache)
    setup.prepare(small_config, progress=never)
    assert before and files(cold_cache) == before


def test_preparing_can_be_cancelled(small_config, monkeypatch, tmp_path):
    monkeypatch.setenv("FDA_OPT_LAB_CACHE", str(tmp_path))

    def cancel(done, total):
        assert total == 96  # test texts and training texts together
        raise Cancelled

    with pytest.raises(Cancelled):
        setup.prepare(small_config, progress=cancel)
    assert files(tmp_path) == []
