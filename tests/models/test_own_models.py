"""Models of one's own: what in them the built model would not use is refused, and what is trained changes answers."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from fda_core import setup
from fda_core.models import choice
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError
from tests.helpers import tiny_models
from tests.helpers.tiers import tiered
from tests.helpers.tiny_models import edit

NOTHING = lambda *_: None  # noqa: E731
SMALL = {"train_examples": 40, "test_examples": 20, "clients": 4, "clients_per_round": 4, "max_tokens": 16}


def prepare(folder, **settings):
    config = ExperimentConfig(**SMALL | {"model": f"folder:{folder.name}"} | settings)
    return setup.prepare(config, models_folder=folder.parent, keep=False)


def load(folder):
    return choice.choose(f"folder:{folder.name}", 2, folder.parent).load(NOTHING)[0]


@pytest.fixture
def bert(models_folder, tmp_path):
    return shutil.copytree(models_folder / "bert", tmp_path / "mine")


def change(folder, changes) -> None:
    """Other tensors in the file, by what `changes` makes of them."""
    file = folder / "model.safetensors"
    save_file(changes(load_file(file)), file, {"format": "pt"})


# ---- weights and settings

BENIGN = {
    "bert-base-uncased": ("bert", True, {
        "cls.predictions.bias": 98, "cls.predictions.transform.dense.weight": (16, 16),
        "cls.seq_relationship.weight": (2, 16), "bert.embeddings.position_ids": (1, 80),
    }),
    "a classifier": ("bert", True, {"dropout_head.weight": (3, 16), "classifier.extra": (3,)}),
    "distilbert": ("distilbert", True, {"vocab_transform.weight": (16, 16), "vocab_projector.bias": 98}),
    "roberta": ("roberta", True, {"lm_head.dense.weight": (16, 16), "roberta.pooler.dense.weight": (16, 16)}),
    "electra": ("electra", True, {"discriminator_predictions.dense.weight": (16, 16)}),
    "deberta": ("deberta-v2", True, {
        "lm_predictions.lm_head.bias": 98, "mask_predictions.dense.weight": (16, 16),
        "deberta.embeddings.position_embeddings.weight": (80, 16),
    }),
    "albert": ("albert", True, {"predictions.bias": 98, "sop_classifier.classifier.weight": (2, 16)}),
    "mpnet": ("mpnet", True, {"lm_head.bias": 98, "mpnet.pooler.dense.weight": (16, 16)}),
    "sentence-transformers": ("bert", False, {"embeddings.position_ids": (1, 80)}),
    "mpnet of sentence-transformers": ("mpnet", False, {"pooler.dense.bias": 16}),
}  # fmt: skip


@pytest.mark.parametrize("which", tiered(BENIGN, ["bert-base-uncased"]))
def test_weights_of_other_heads_are_left_aside(which, tmp_path):
    kind, whole, extra = BENIGN[which]
    folder = tiny_models.save(kind, tmp_path / "mine", whole=whole)
    model = load(folder)
    before = model.state_dict()
    change(folder, lambda tensors: {name: torch.rand(shape) for name, shape in extra.items()} | tensors)
    after = load(folder).state_dict()
    encoder = [name for name in after if name.startswith(model.base_model_prefix) and "pooler" not in name]
    assert encoder and all(torch.equal(before[name], after[name]) for name in encoder)


def relative(tensors):
    name = "encoder.layer.{}.attention.self.distance_embedding.weight"
    return tensors | {name.format(layer): torch.rand(159, 8) for layer in range(tiny_models.LAYERS)}


UNUSED = {
    "relative positions": (lambda f: (edit(f, position_embedding_type="relative_key_query"), change(f, relative)),
                           "position_embedding_type = relative_key_query"),
    "relative positions that config.json forgets": (lambda f: change(f, relative), "3 weights of mine have no place"),
    "fewer layers in config.json": (lambda f: edit(f, num_hidden_layers=2), "16 weights of mine have no place"),
    "rotary positions": (lambda f: edit(f, rope_theta=10000.0), "rope_theta = 10000.0"),
    "adapters in its layers": (lambda f: change(
        f, lambda all: all | {"encoder.layer.0.attention.self.query.lora_A.weight": torch.rand(4, 16)}
    ), "1 weights of mine have no place"),
    "a pooler of another size": (lambda f: change(
        f, lambda all: all | {"pooler.dense.weight": torch.rand(8, 16)}
    ), "do not fit its config.json"),
    "more words than rows": (lambda f: edit(f, vocab_size=500), "do not fit its config.json"),
    "an architecture with like names": (lambda f: edit(f, model_type="roberta"), "saved from BertModel"),
    "numbers that are none": (lambda f: change(
        f, lambda all: all | {"embeddings.LayerNorm.weight": torch.full((16,), torch.nan)}
    ), "not finite"),
    "numbers of one byte": (lambda f: change(
        f, lambda all: all | {"encoder.layer.0.output.dense.weight": torch.ones(16, 32, dtype=torch.int8)}
    ), "quantised"),
}  # fmt: skip


@pytest.mark.parametrize("which", tiered(UNUSED, ["fewer layers in config.json"]))
def test_what_the_built_model_would_not_use_is_refused(which, bert):
    spoil, words = UNUSED[which]
    spoil(bert)
    with pytest.raises(LabError, match=words):
        prepare(bert)


@pytest.mark.models
@pytest.mark.parametrize("settings", [
    {"layer_norm_eps": 1e-12}, {"hidden_act": "gelu"}, {"position_embedding_type": "absolute"}, {"pruned_heads": {}},
    {"pooler_num_attention_heads": 12, "directionality": "bidi", "gradient_checkpointing": False},
    {"return_dict": False, "torchscript": True, "output_attentions": True},
], ids=str)  # fmt: skip
def test_settings_that_change_nothing_are_taken(settings, models_folder, tmp_path):
    folder = shutil.copytree(models_folder / "distilbert", tmp_path / "mine")
    edit(folder, **settings)
    assert torch.equal(prepare(folder).initial, prepare(models_folder / "distilbert").initial)


@pytest.mark.models
@pytest.mark.parametrize("settings", [{"layer_norm_eps": 1e-3}, {"hidden_act": "relu"}], ids=str)
def test_settings_of_another_architecture_are_refused_where_they_matter(settings, models_folder, tmp_path):
    folder = shutil.copytree(models_folder / "distilbert", tmp_path / "mine")
    edit(folder, **settings)
    with pytest.raises(LabError, match=next(iter(settings))):
        prepare(folder)


# ---- what is trained


@pytest.mark.parametrize("kind", tiered(["xlm", "flaubert"], ["xlm"]))
def test_the_last_layer_is_all_of_it_where_it_is_spread_over_lists(kind, tmp_path):
    folder = tiny_models.save(kind, tmp_path / "mine")
    prepared = prepare(folder, trained="last")
    lists = ("attentions", "layer_norm1", "ffns", "layer_norm2")
    layer = [part for name in lists for part in getattr(load(folder).transformer, name)[-1].parameters()]
    head = prepare(folder, trained="head").facts["trainable_parameters"]
    assert prepared.facts["trainable_parameters"] == head + sum(part.numel() for part in layer)
    assert all(any(f".{name}.2." in own for own in prepared.trainer.layout.names) for name in lists)


@pytest.mark.parametrize("kind", tiered(["big_bird", "esm", "roformer", "luke", "longformer"], ["big_bird"], "models"))
@pytest.mark.parametrize("trained", tiered(["head", "last", "full"], ["full"]))
def test_what_has_no_part_in_the_answers_is_neither_trained_nor_sent(kind, trained, tmp_path):
    """BigBird's pooler stands beside a head that does not read it."""
    folder = tiny_models.save(kind, tmp_path / "mine")
    prepared = prepare(folder, trained=trained)
    out = torch.empty(1, len(prepared.initial))
    rows = torch.arange(8)[None]
    prepared.trainer.gradients(prepared.initial[None], rows, torch.ones(1, 8, dtype=torch.bool), out)
    still = [name for name, part in prepared.trainer.layout.split(out[0]).items() if not part.any()]
    assert not still
    assert prepared.facts["model_bytes"] == 4 * len(prepared.initial)


@pytest.mark.models
def test_an_attention_that_needs_a_gpu_s_code_is_refused(tmp_path):
    """MRA's is zeros without it."""
    with pytest.raises(LabError, match="attention of mine takes no part"):
        prepare(tiny_models.save("mra", tmp_path / "mine"), trained="full")


@pytest.mark.parametrize("kind", ["ibert", pytest.param("reformer", marks=pytest.mark.models),
                                  pytest.param("perceiver", marks=pytest.mark.models)])  # fmt: skip
def test_an_architecture_that_cannot_be_trained_is_one_sentence(kind, tmp_path):
    with pytest.raises(LabError) as caught:
        prepare(tiny_models.save(kind, tmp_path / "mine"))
    assert str(caught.value).endswith(".") and str(tmp_path) not in str(caught.value)


@pytest.mark.models
def test_asking_trains_the_same_numbers_as_the_run(tmp_path, monkeypatch):
    from fda_core import predict

    folder = tiny_models.save("big_bird", tmp_path / "mine")
    monkeypatch.setenv("FDA_OPT_LAB_MODELS", str(tmp_path))
    config = ExperimentConfig(**SMALL | {"model": "folder:mine", "trained": "full"})
    assert torch.equal(predict.Reader(config).initial, prepare(folder, trained="full").initial)


# ---- tokenizers


def own_tokenizer(folder, said=None, **normalizer):
    """Another normalizer in tokenizer.json, with some Japanese letters in its vocabulary."""
    file, beside = folder / "tokenizer.json", folder / "tokenizer_config.json"
    words = json.loads(file.read_text())
    vocabulary = words["model"]["vocab"]
    for letter in "がばかはAé":
        for piece in (letter, f"##{letter}"):
            vocabulary.setdefault(piece, len(vocabulary))
    words["normalizer"].update(normalizer)
    file.write_text(json.dumps(words, ensure_ascii=False))
    beside.write_text(json.dumps(json.loads(beside.read_text()) | (said or {})))
    return folder


@pytest.mark.parametrize("said", [{}, {"tokenizer_class": "BertTokenizer", "do_lower_case": True}], ids=str)
def test_texts_are_the_tokens_that_tokenizer_json_says(said, bert):
    own_tokenizer(bert, said, lowercase=False, strip_accents=False)
    texts = ["がば", "A good film", "né a film", "plain text"]
    alone = Tokenizer.from_file(str(bert / "tokenizer.json"))
    found = choice.choose("folder:mine", 2, bert.parent).tokenizer(NOTHING)(texts)["input_ids"]
    assert found == [alone.encode(text).ids for text in texts]
    assert alone.encode("がば").tokens == ["[CLS]", "が", "##ば", "[SEP]"]


def test_words_that_stand_beside_tokenizer_json_are_refused_where_texts_have_them(bert):
    own_tokenizer(bert)
    (bert / "added_tokens.json").write_text('{"film": 50}')
    chosen = choice.choose("folder:mine", 2, bert.parent)
    try:
        chosen.read_alike(["a good film"], NOTHING)
    except LabError as error:
        assert "tokenizer.json" in str(error)
    else:
        alone = Tokenizer.from_file(str(bert / "tokenizer.json"))
        assert chosen.tokenizer(NOTHING)("a good film")["input_ids"] == alone.encode("a good film").ids


PACKAGES = {
    "fugashi": {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"},
    "sudachipy": {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "sudachi"},
    "rhoknp": {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "jumanpp"},
    "rjieba": {"tokenizer_class": "RoFormerTokenizer"},
    "sacremoses": {"tokenizer_class": "XLMTokenizer"},
}


@pytest.mark.parametrize("package", tiered(PACKAGES, ["fugashi"]))
def test_the_package_that_a_tokenizer_needs_is_named(package, bert, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, package, None)  # as where it is not installed
    words = json.loads((bert / "tokenizer.json").read_text())["model"]["vocab"]
    (bert / "tokenizer.json").unlink()
    (bert / "vocab.txt").write_text("\n".join(words))
    (bert / "vocab.json").write_text(json.dumps(words))
    (bert / "merges.txt").write_text("a b 1\n")
    (bert / "tokenizer_config.json").write_text(json.dumps(PACKAGES[package]))
    with pytest.raises(LabError, match=f"needs the package {package}: run 'pip install {package}'"):
        prepare(bert)


# ---- folders


def adapters_alone(folder) -> None:
    for file in ("config.json", "model.safetensors"):
        (folder / file).unlink()
    base = {"base_model_name_or_path": "/home/me/models/cl-bert", "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(base))
    (folder / "adapter_model.safetensors").write_bytes(b"")


def pointer(name: str):
    return lambda folder: (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9")


def moved_down(folder) -> None:
    (folder / "0_Transformer").mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).rename(folder / "0_Transformer" / name)


FOLDERS = {
    "adapters alone": (adapters_alone, r"give the folder of the model that they were trained on \(cl-bert\)"),
    "a pointer for weights": (pointer("model.safetensors"), "git lfs pull"),
    "a pointer for a tokenizer": (pointer("tokenizer.json"), "git lfs pull"),
    "a model one folder below": (moved_down, "its folder 0_Transformer is one"),
    "nothing": (lambda f: [path.unlink() for path in f.iterdir()], "has no config.json"),
    "code of its own": (lambda f: edit(f, model_type="my-bert", auto_map={"AutoModel": "x.Y"}), "code of its own"),
    "no token at all": (lambda f: no_tokens(f), "become no tokens"),
}


def no_tokens(folder) -> None:
    words = json.loads((folder / "tokenizer.json").read_text())
    words["post_processor"] = None
    words["normalizer"] = {"type": "Replace", "pattern": {"Regex": ".+"}, "content": ""}
    (folder / "tokenizer.json").write_text(json.dumps(words))


@pytest.mark.parametrize("which", tiered(FOLDERS, ["adapters alone", "a pointer for weights"]))
def test_a_folder_that_is_no_model_says_what_to_do(which, bert):
    spoil, words = FOLDERS[which]
    spoil(bert)
    with pytest.raises(LabError, match=words) as caught:
        prepare(bert)
    assert str(bert.parent) not in str(caught.value)


@pytest.mark.models
def test_a_model_without_a_pad_token_trains(bert):
    edit(bert, pad_token_id=None)
    beside = json.loads((bert / "tokenizer_config.json").read_text())
    (bert / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in beside.items() if k != "pad_token"}))
    assert prepare(bert, trained="full").facts["trainable_parameters"] > 0


def test_whatever_fails_before_the_first_round_is_said_of_the_model(bert, monkeypatch):
    def fail(*_, **__):
        raise AttributeError("'NoneType' object has no attribute 'x'")

    monkeypatch.setattr(setup, "seconds_per_step", fail)
    with pytest.raises(LabError, match=r"mine cannot be trained here .architecture bert, AttributeError"):
        prepare(bert)
