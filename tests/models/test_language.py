"""Whether a model knows the language of somebody's texts: or they wonder why nothing is learnt."""

import shutil

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from fda_core.models import language
from fda_core.settings.config import MODELS

ENGLISH = [
    "A warm, funny film with a wonderful ending.",
    "I'm a big fan: it's a 10/10!",
    "Dull; I left before the end.",
]
JAPANESE = ["この映画はとても面白かったです。", "退屈で、最後まで見るのがつらかった。", "ひどい"]
FRENCH = ["Ce film est magnifique, je l'ai adoré.", "On s'ennuie du début à la fin."]
RUSSIAN = ["Этот фильм очень хороший."]


@pytest.mark.parametrize(
    "texts", [ENGLISH, FRENCH, ["123 !!"], [""], []], ids=["English", "French", "numbers", "", "none"]
)
def test_what_the_embedded_models_can_read_is_not_called_foreign(texts):
    assert language.foreign(MODELS[0], texts) is None


@pytest.mark.parametrize(
    "texts", [JAPANESE, RUSSIAN, ["영화가 정말 재미있었어요"]], ids=["Japanese", "Russian", "Korean"]
)
def test_what_they_see_as_letters_is(texts):
    assert language.foreign(MODELS[0], texts) > 0.8


def test_a_model_with_the_words_of_the_language_knows_it(tmp_path, monkeypatch):
    """Chinese characters are tokens of their own there; what its list lacks is still unknown."""
    words = {"[UNK]": 0} | {word: n for n, word in enumerate("这部电影非常好看", 1)}
    folder = tmp_path / "mine"
    folder.mkdir()
    made = Tokenizer(WordLevel(words, "[UNK]"))
    made.pre_tokenizer = Split("", "isolated")
    made.save(str(folder / "tokenizer.json"))
    monkeypatch.setenv("FDA_OPT_LAB_MODELS", str(tmp_path))
    assert language.foreign("folder:mine", ["这部电影非常好看"]) is None
    assert language.foreign("folder:mine", ["退屈"]) == 1.0


def test_where_there_is_no_readable_tokenizer_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setenv("FDA_OPT_LAB_MODELS", str(tmp_path))
    assert language.foreign("folder:nowhere", JAPANESE) is None
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "tokenizer.json").write_text("{")
    assert language.foreign("folder:broken", JAPANESE) is None
    shutil.rmtree(tmp_path / "broken")
    monkeypatch.delenv("FDA_OPT_LAB_MODELS")
    assert language.foreign("folder:broken", JAPANESE) is None
    assert language.foreign("nobody/never-fetched", JAPANESE) is None
