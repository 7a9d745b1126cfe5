"""The Japanese catalogues say one thing by one word, and are written by one rule: `ui/text/terms.ja.toml`."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from ui.text import i18n, problems

TABLE = tomllib.loads((Path(i18n.__file__).parent / "terms.ja.toml").read_text(encoding="utf-8"))
TERMS, WRITING, MANAGERS = TABLE["term"], TABLE["writing"], TABLE["managers"]
PAGES = i18n.catalogue("ja")
SENTENCES = {**PAGES, **{f"messages.{id}": text for id, text in problems.catalogue("ja").items()}}
# What a manager reads: the wording for managers, and what has only one wording, but for what only engineers are shown.
READ_BY_MANAGERS = {
    key: text
    for key, text in PAGES.items()
    if f"{key}__manager" not in PAGES and not any(fnmatchcase(key, one) for one in MANAGERS["engineers_only"])
}
JAPANESE = "[\u3041-\u3096\u30a1-\u30fa\u30fc\u3005\u4e00-\u9fff]"


def found(pattern: str, sentences: dict[str, str], excepted: list[str] = ()) -> list[str]:
    """Where the words stand: `key: words`."""
    return [
        f"{key}: {there[0]} in {text}"
        for key, text in sentences.items()
        if (there := re.search(pattern, text)) and not any(fnmatchcase(key, one) for one in excepted)
    ]


@pytest.mark.parametrize("name", TERMS)
def test_a_thing_is_called_by_its_word(name):
    term = TERMS[name]
    assert [place for word in term["not"] for place in found(word, SENTENCES, term.get("except", []))] == [], term


@pytest.mark.parametrize("name", [name for name, term in TERMS.items() if term["engineer"] != term["manager"]])
def test_a_manager_reads_the_manager_s_word(name):
    term = TERMS[name]
    others = {key: text.replace(term["manager"].removesuffix("）"), "") for key, text in READ_BY_MANAGERS.items()}
    assert found(re.escape(term["engineer"]), others, term.get("except", [])) == [], term["manager"]


@pytest.mark.parametrize("name", TERMS)
def test_a_word_of_the_table_is_used(name):
    term = TERMS[name]
    assert found(re.escape(term["engineer"]), SENTENCES) and found(re.escape(term["manager"]), READ_BY_MANAGERS)


@pytest.mark.parametrize("name", WRITING)
def test_it_is_written_by_the_rule(name):
    rule = WRITING[name]
    assert found(rule["wrong"].replace("〇", JAPANESE), SENTENCES, rule.get("except", [])) == [], rule["right"]


@pytest.mark.parametrize("pattern", MANAGERS["wrong"])
def test_a_manager_meets_no_letters_of_formulas_no_commands_and_no_files(pattern):
    assert found(pattern, READ_BY_MANAGERS) == []


def test_what_only_engineers_are_shown_is_there():
    assert [one for one in MANAGERS["engineers_only"] if not any(fnmatchcase(key, one) for key in PAGES)] == []
