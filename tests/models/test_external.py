"""Folders of models: what is wrong with one is said in a sentence, and nothing in one is believed."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from fda_core import setup
from fda_core.models import choice, memory, vocabulary
from fda_core.settings import model_names
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError, LabError
from tests.helpers import tiny_models
from tests.helpers.tiers import tiered_rows
from tests.helpers.tiny_models import edit

NOTHING = lambda *_: None  # noqa: E731


@pytest.fixture
def copy(models_folder, tmp_path):
    """A copy of the tiny DistilBERT that a test may spoil."""
    return shutil.copytree(models_folder / "distilbert", tmp_path / "mine")


def load(folder, labels: int = 2):
    chosen = choice.choose(f"folder:{folder.name}", labels, folder.parent)
    choice.plan(chosen, ExperimentConfig())
    chosen.tokenizer(NOTHING)
    return chosen.load(NOTHING)[0]


def without(folder, name: str) -> None:
    (folder / name).unlink()


def lose(folder, *lost: str) -> None:
    """Weights without some of their tensors."""
    file = folder / "model.safetensors"
    save_file({name: tensor for name, tensor in load_file(file).items() if name not in lost}, file, {"format": "pt"})


LAYER = "transformer.layer.1.ffn.lin1.weight"
SPOILED = {
    "no config.json": (lambda f: without(f, "config.json"), "mine has no config.json"),
    "a config.json that is no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json of mine is damaged"),
    "a config.json that is a list": (lambda f: (f / "config.json").write_text("[]"), "names no model_type"),
    "a config.json of megabytes": (lambda f: (f / "config.json").write_text(" " * 10**6 + "{}"), "too large"),
    "a width that is a word": (lambda f: edit(f, dim="wide"), "config.json of mine is damaged"),
    "a width that the heads do not divide": (lambda f: edit(f, n_heads=5), "config.json of mine is damaged"),
    "a million layers": (lambda f: edit(f, n_layers=10**6), "1000000 layers"),
    "another width than the weights'": (lambda f: edit(f, dim=32), "do not fit its config.json"),
    "an unknown architecture": (lambda f: edit(f, model_type="nonsense"), "'nonsense', which is no encoder"),
    "a decoder": (lambda f: edit(f, model_type="gpt2"), "'gpt2', which is no encoder"),
    "an encoder with a decoder": (lambda f: edit(f, model_type="bart"), "'bart', which is no encoder"),
    "a model of pictures": (lambda f: edit(f, model_type="vit"), "'vit', which is no encoder"),
    "quantised weights": (lambda f: edit(f, quantization_config={"bits": 4}), "quantised"),
    "no weights": (lambda f: without(f, "model.safetensors"), "no weights as safetensors"),
    "pickled weights": (
        lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "no weights as safetensors"
    ),
    "torn weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:9000]), "damaged"
    ),
    "weights that are text": (lambda f: (f / "model.safetensors").write_text("hello"), "weights of mine are damaged"),
    "a layer that is not there": (lambda f: lose(f, LAYER), "1 of them are missing"),
    "shards that are not there": (
        lambda f: (
            without(f, "model.safetensors"),
            (f / "model.safetensors.index.json").write_text('{"weight_map": {"x": "../../etc/passwd"}}'),
        ),
        "damaged or incomplete",
    ),
    "no tokenizer": (lambda f: without(f, "tokenizer.json"), "mine has no tokenizer"),
    "a tokenizer that is none": (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer of mine cannot be read"),
    "adapters beside the model": (lambda f: (f / "adapter_config.json").write_text("{}"), "holds adapters"),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_is_wrong_with_a_folder_is_one_sentence(copy, spoil):
    harm, words = SPOILED[spoil]
    harm(copy)
    with pytest.raises(LabError, match=words) as caught:
        load(copy)
    said = str(caught.value)
    assert said.endswith(".") and "\n" not in said and len(said) < 400
    assert str(copy.parent) not in said


def test_a_folder_with_shards_is_read_by_its_index(copy):
    weights = load_file(copy / "model.safetensors")
    whole = load(copy).state_dict()
    (copy / "model.safetensors").unlink()
    parts = {"model-00001-of-00002.safetensors": {}, "model-00002-of-00002.safetensors": {}}
    index = {}
    for number, (name, tensor) in enumerate(weights.items()):
        file = list(parts)[number % 2]
        parts[file][name], index[name] = tensor, file
    for file, tensors in parts.items():
        save_file(tensors, copy / file, {"format": "pt"})
    (copy / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    again = load(copy).state_dict()
    assert all(torch.equal(again[name], whole[name]) for name in whole if name.startswith("distilbert"))


def test_nothing_in_config_json_starts_code_or_chooses_another_loader(copy, capsys):
    (copy / "evil.py").write_text("print('ran')\nclass Evil: pass\n")
    spoiled = edit(
        copy, auto_map={"AutoConfig": "evil.Evil", "AutoModelForSequenceClassification": "evil.Evil"},
        attn_implementation="somebody/kernel", _attn_implementation="somebody/kernel", torch_dtype="float16",
    )  # fmt: skip
    model = load(spoiled)
    assert "ran" not in capsys.readouterr().out
    assert type(model).__name__ == "DistilBertForSequenceClassification"
    assert model.config._attn_implementation in ("sdpa", "eager")
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_finished_classifier_with_other_labels_serves_too(tmp_path):
    """Its head is another task's: a fresh one of the right size takes its place."""
    tiny_models.save("roberta", tmp_path / "finished", labels=7, whole=True)
    assert load(tmp_path / "finished", labels=3).classifier.out_proj.weight.shape == (3, tiny_models.WIDTH)


def test_a_pooler_that_was_not_saved_is_the_same_every_time(models_folder, tmp_path):
    folder = shutil.copytree(models_folder / "bert", tmp_path / "bert")
    lose(folder, "pooler.dense.weight", "pooler.dense.bias")
    assert torch.equal(load(folder).bert.pooler.dense.weight, load(folder).bert.pooler.dense.weight)


def test_words_that_the_weights_do_not_know_are_found_before_training(copy, small_config):
    edit(copy, vocab_size=50)
    with pytest.raises(LabError, match="has words that its weights do not know"):
        setup.prepare(ExperimentConfig(**small_config.to_dict() | {"model": "folder:mine"}), models_folder=copy.parent)


@pytest.mark.parametrize(("kind", "most"), tiered_rows([("distilbert", 20), ("roberta", 19)], [("distilbert", 20)]))
def test_texts_longer_than_the_model_reads_are_refused(kind, most, small_config, tmp_path):
    """RoBERTa keeps a position for padding."""
    tiny_models.save(kind, tmp_path / "short", max_position_embeddings=20)
    settings = json.loads((tmp_path / "short" / "tokenizer_config.json").read_text()) | {"model_max_length": 512}
    (tmp_path / "short" / "tokenizer_config.json").write_text(json.dumps(settings))
    config = ExperimentConfig(**small_config.to_dict() | {"model": "folder:short"})
    with pytest.raises(ConfigError, match=f"choose at most {most}"):
        setup.prepare(config, models_folder=tmp_path)
    setup.prepare(
        ExperimentConfig(**config.to_dict() | {"max_tokens": most, "trained": "full"}), models_folder=tmp_path
    )


def test_more_layers_than_the_model_has_are_refused(models_folder):
    chosen = choice.choose("folder:electra", 2, models_folder)
    with pytest.raises(ConfigError, match=r"lora.layers = 4 is more than the model's 3 layers: .* from 1 to 3"):
        choice.plan(chosen, ExperimentConfig(lora={"layers": 4}, model="folder:electra"))
    with pytest.raises(ConfigError, match="trained_layers = 9 is more"):
        choice.plan(chosen, ExperimentConfig(trained="last", trained_layers=9, model="folder:electra"))


def test_too_little_memory_is_said_before_any_weight_is_read(copy, small_config, monkeypatch):
    (copy / "model.safetensors").write_bytes(b"not read")
    edit(copy, dim=1024, n_heads=16, hidden_dim=4096, n_layers=24)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("Free", (), {"available": 2 * 10**9}))
    config = ExperimentConfig(**small_config.to_dict() | {"model": "folder:mine", "trained": "full"})
    with pytest.raises(memory.NotEnoughMemory, match=r"mine needs about \d+\.\d GB of memory and 2.0 GB are free"):
        setup.prepare(config, models_folder=copy.parent)


NEVER = ["folder:../up", "folder:/etc", "folder:a/b", "folder:a\\b", "folder:.", "folder:..", "folder:.git", "folder:",
         "folder:a\nb", "folder:~", "/etc", "../x", "./x", "a/b/c", "a//b", "~/x", "a\\b", "C:\\x", "x/", "", ".x",
         "a..b", "http://x/y", "hf://x", 7, None, ["a"]]  # fmt: skip


@pytest.mark.parametrize("name", NEVER, ids=repr)
def test_a_configuration_never_holds_a_path(name):
    with pytest.raises(ConfigError, match="model = "):
        ExperimentConfig(model=name)


FINE = ["distilbert-base-uncased", "roberta-base", "microsoft/deberta-v3-base", "minilm-bert", "folder:my model (2)",
        "folder:ディスティル", "bert-base-multilingual-cased", "a", "A_b.c/D-e.f"]  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_names_of_models_are_taken(name):
    assert ExperimentConfig(model=name).model == name


def test_a_folder_is_looked_up_on_the_shelf_alone(models_folder, monkeypatch, tmp_path):
    monkeypatch.delenv(model_names.MODELS_FOLDER, raising=False)
    with pytest.raises(ConfigError, match=model_names.MODELS_FOLDER):
        choice.choose("folder:bert", 2)
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(tmp_path))
    with pytest.raises(ConfigError, match="folder of the model bert cannot be read"):
        choice.choose("folder:bert", 2)
    assert model_names.offered() == []
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(models_folder))
    assert choice.choose("folder:bert", 2).name == "bert"
    assert model_names.offered() == sorted(f"folder:{kind}" for kind in (*tiny_models.SETTINGS, *tiny_models.OTHERS))


@pytest.mark.models
def test_a_run_with_other_files_than_at_its_beginning_is_refused(copy, small_config):
    config = ExperimentConfig(**small_config.to_dict() | {"model": "folder:mine"})
    begun = setup.prepare(config, models_folder=copy.parent)
    assert setup.prepare(config, models_folder=copy.parent, before=begun.facts).facts["weights_sha256"]
    tiny_models.save("distilbert", copy, seed=1)
    with pytest.raises(ConfigError, match="have changed since this run began"):
        setup.prepare(config, models_folder=copy.parent, before=begun.facts)


def test_the_cache_knows_a_model_by_its_content(copy, small_config, cold_cache):
    """The same name with other weights does not get the states of the old ones."""
    config = ExperimentConfig(**small_config.to_dict() | {"model": "folder:mine"})
    first = setup.prepare(config, models_folder=copy.parent).trainer.train_states.hidden
    tiny_models.save("distilbert", copy, seed=1)
    assert not torch.equal(setup.prepare(config, models_folder=copy.parent).trainer.train_states.hidden, first)


@pytest.fixture
def pieces(models_folder, tmp_path):
    """A DeBERTa as microsoft/deberta-v3-base has it on the hub: no tokenizer.json."""
    folder = shutil.copytree(models_folder / "deberta-v2", tmp_path / "pieces")
    without(folder, "tokenizer.json")
    (folder / "spm.model").write_bytes(b"")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')
    return folder


def test_a_sentencepiece_vocabulary_alone_makes_a_tokenizer(pieces):
    pytest.importorskip("sentencepiece")
    (pieces / "spm.model").write_bytes(sentencepiece())
    words = choice.choose("folder:pieces", 2, pieces.parent).tokenizer(NOTHING)
    found = words.convert_ids_to_tokens(words("good film zebra")["input_ids"])
    assert found[0] == "[CLS]" and found[-1] == "[SEP]" and "▁good" in found and "▁film" in found


def test_the_package_that_reads_it_is_named_where_it_is_missing(pieces, monkeypatch):
    monkeypatch.setattr(vocabulary, "find_spec", lambda name: None)
    with pytest.raises(LabError, match="pip install sentencepiece"):
        choice.choose("folder:pieces", 2, pieces.parent).tokenizer(NOTHING)


def sentencepiece() -> bytes:
    """A tiny vocabulary as that package saves it."""
    from transformers.convert_slow_tokenizer import import_protobuf

    form = import_protobuf()
    model = form.ModelProto()
    special = [("[PAD]", 3), ("[CLS]", 3), ("[SEP]", 3), ("[UNK]", 2)]
    for piece, kind in [*special, *((f"▁{word}", 1) for word in tiny_models.WORDS.split()), ("▁", 1), ("e", 1)]:
        model.pieces.add(piece=piece, score=-1.0 if kind == 1 else 0.0, type=kind)
    model.trainer_spec.model_type = form.TrainerSpec.UNIGRAM
    model.trainer_spec.unk_id = 3
    model.normalizer_spec.precompiled_charsmap = b""
    return model.SerializeToString()


def test_no_source_is_asked_for_more_than_it_is_given():
    """Only these are ever fetched: no code, no pickles."""
    assert all(name.endswith((".json", ".txt", ".model")) for name in (*vocabulary.VOCABULARIES, *vocabulary.BESIDE))
