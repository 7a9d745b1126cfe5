"""Hundreds of model folders that nobody meant: each trains, every tensor of it, or is refused in one sentence."""

import json
import random
import shutil
import signal
from collections import Counter
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file, save_file

from fda_core import setup
from fda_core.settings.config import TRAINED, ExperimentConfig
from fda_core.support.errors import LabError
from tests.helpers import tiny_models

CASES, SEED, SECONDS = 160, 20261127, 20
# Two of them take seconds each by themselves.
KINDS = sorted(set(tiny_models.SETTINGS | tiny_models.OTHERS | tiny_models.MORE) - {"longformer", "reformer"})
WEIRD = (None, -1, 0, 1, 2, 3, 7, 10**6, 0.5, "x", "relative_key", [], {}, True, [1, 2], {"a": 1}, float("nan"))
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def settings(folder, chance) -> None:
    """Another value for a setting, a new setting, or one that is gone."""
    file = folder / "config.json"
    said = json.loads(file.read_text())
    known = (*sorted(said), "position_embedding_type", "is_decoder", "rope_theta", "num_hidden_layers", "n_layers")
    name = chance.choice(known)
    value = chance.choice(WEIRD)
    if chance.random() < 0.3 and isinstance(said.get(name), int):
        value = said[name] + chance.choice((-1, 1))
    file.write_text(json.dumps(said | {name: value}))


def kind(folder, chance) -> None:
    """The name of another architecture."""
    tiny_models.edit(folder, model_type=chance.choice((*KINDS, "gpt2", "bart", "vit", "clip", "t5", "llama", "new")))


def tensors(folder, chance) -> None:
    """One tensor gone, added, renamed, of another size or kind, or no number."""
    file = folder / "model.safetensors"
    held = load_file(file)
    name = chance.choice(sorted(held))
    match chance.randrange(6):
        case 0:
            del held[name]
        case 1:
            held[chance.choice((f"{name}.more", "cls.predictions.bias", "lm_head.bias", "x"))] = torch.rand(3)
        case 2:
            held[name + "_"] = held.pop(name)
        case 3:
            held[name] = torch.rand(*held[name].shape, 2)
        case 4:
            held[name] = held[name].to(chance.choice((torch.int8, torch.float16, torch.float64, torch.bool)))
        case 5:
            held[name] = torch.full_like(held[name], chance.choice((torch.nan, torch.inf, 0)))
    save_file(held, file, {"format": "pt"})


def damage(folder, chance) -> None:
    """A file that is gone, broken off, a pointer, or has a few other bytes."""
    file = folder / chance.choice(FILES)
    content = bytearray(file.read_bytes())
    match chance.randrange(4):
        case 0:
            file.unlink()
        case 1:
            file.write_bytes(content[: chance.randrange(len(content))])
        case 2:
            file.write_text("version https://git-lfs.github.com/spec/v1\n")
        case 3:
            for _ in range(3):
                content[chance.randrange(min(len(content), 2000))] = chance.randrange(256)
            file.write_bytes(content)


def words(folder, chance) -> None:
    """A tokenizer with parts of another, or with none of its parts."""
    file, beside = folder / "tokenizer.json", folder / "tokenizer_config.json"
    said = json.loads(file.read_text())
    match chance.randrange(4):
        case 0:
            said[chance.choice(("normalizer", "pre_tokenizer", "post_processor", "decoder", "model"))] = None
        case 1:
            said["model"]["vocab"] |= {f"new{number}": len(said["model"]["vocab"]) + number for number in range(3)}
            said["model"]["vocab"]["film"] = len(said["model"]["vocab"]) + 9
        case 2:
            kinds = ("BertJapaneseTokenizer", "XLMTokenizer", "T5Tokenizer", "RobertaTokenizer", "Nonsense")
            beside.write_text(json.dumps(json.loads(beside.read_text()) | {"tokenizer_class": chance.choice(kinds)}))
            if chance.random() < 0.5:
                (folder / "vocab.txt").write_text("\n".join(said["model"]["vocab"]))
                return file.unlink()
        case 3:
            said["normalizer"] |= {"lowercase": False, "strip_accents": False}
    file.write_text(json.dumps(said))


def nothing(folder, chance) -> None:
    """As it was saved."""


@contextmanager
def in_time():
    """Raises TimeoutError in what takes too long."""

    def late(*_):
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def still(prepared) -> list[str]:
    """Trained tensors that two steps do not change; the second, because adapters begin with zeros."""
    weights, moved = prepared.initial.clone()[None], torch.zeros(len(prepared.initial), dtype=torch.bool)
    out = torch.empty_like(weights)
    for step in range(2):
        rows = torch.arange(8)[None] + 8 * step
        prepared.trainer.gradients(weights, rows, torch.ones(1, 8, dtype=torch.bool), out)
        moved |= out[0] != 0
        weights -= out
    return [name for name, part in prepared.trainer.layout.split(moved).items() if not part.any()]


def play(folder, chance) -> str:
    """What became of a folder: trained, or the id of the sentence. Fails where it is neither."""
    config = ExperimentConfig(
        model=f"folder:{folder.name}", trained=chance.choice(TRAINED), train_examples=24, test_examples=8, clients=2,
        clients_per_round=2, max_tokens=16, batch_size=2,
    )  # fmt: skip
    try:
        with in_time():
            prepared = setup.prepare(config, models_folder=folder.parent, keep=False)
            assert not (found := still(prepared)), f"trained = {config.trained}: these never change: {found}"
            return "trained"
    except LabError as error:
        said = str(error)
        assert said.endswith(".") and "\n" not in said and str(folder.parent) not in said, said
        return error.id


@pytest.mark.slow
@pytest.mark.night
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="Windows cannot interrupt itself")
def test_every_generated_folder_trains_or_is_refused_in_a_sentence(tmp_path, monkeypatch):
    """A fuzzer: tiny models of many architectures, one thing or two of each changed. Most of the untouched train."""
    monkeypatch.setattr("fda_core.models.trainers.plain.seconds_per_step.__defaults__", (1,))
    for name in KINDS:
        tiny_models.save(name, tmp_path / "whole" / name, whole=len(name) % 2 == 0)
    changes = (nothing, settings, settings, settings, kind, tensors, tensors, damage, words, words)
    found, failed = Counter(), []
    for number in range(CASES):
        chance = random.Random(SEED + number)
        name = KINDS[number % len(KINDS)]
        folder = shutil.copytree(tmp_path / "whole" / name, tmp_path / "cases" / "m")
        done = [chance.choice(changes) for _ in range(chance.choice((1, 1, 2)))]
        try:
            for change in done:
                change(folder, chance) if (folder / "config.json").exists() else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # the first change left nothing for the second
        try:
            found[play(folder, chance)] += 1
        except Exception as error:
            failed.append(f"{number} {name} {[each.__name__ for each in done]}: {type(error).__name__} {error}"[:300])
        shutil.rmtree(folder)
    print(dict(found.most_common()))
    assert not failed, "\n".join(failed)
    assert found["trained"] > CASES / 5 and len(found) > 10, found
