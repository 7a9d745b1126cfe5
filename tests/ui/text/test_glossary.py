"""The glossary: every term has its words in both languages, its place in the code, and is found in sentences."""

import re
from pathlib import Path

import pytest

from ui.text.glossary import entries, marked, terms
from ui.text.i18n import catalogue
from ui.text.viewer import reading

ROOT = Path(__file__).parents[3]
CODE = re.compile(r"(fda_core/[\w/]+\.py)(?:: ([\w.]+))?")
SECTION = re.compile(r"(docs/\w+\.md), ([^·]+?)(?= ·|$)")


@pytest.mark.parametrize("id", terms())
def test_a_term_s_place_is_there(id):
    place = terms()[id]["place"]
    assert CODE.search(place)
    for file, name in CODE.findall(place):
        source = (ROOT / file).read_text(encoding="utf-8")
        assert all(re.search(rf"(def|class) {part}\b", source) for part in filter(None, name.split(".")))
    for file, section in SECTION.findall(place):
        assert f"**{section}" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_two_terms_claim_a_word(language):
    forms = [form for id in terms() for form in catalogue(language)[f"glossary.{id}_forms"].split("|")]
    assert len(forms) == len(set(forms)) and all(form == form.strip() and form for form in forms)


def test_formulas_and_places_are_for_engineers():
    assert all(entry["place"] for entry in entries())
    with reading(depth="manager"):
        shown = entries()
    assert all(set(entry) == {"id", "name", "text"} for entry in shown)
    assert not any(letter in text for entry in shown for text in entry.values() for letter in "αΘτ‖")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The sketch and the sketches.", "The [sketch](#term-sketch) and the sketches."),
        ("Two local epochs a round", "Two [local epochs](#term-epoch) a [round](#term-round)"),
        ("groundless rounded e-round", "groundless rounded e-round"),
        ("**round** two", "**round** two"),
        ("**Stopped by Θ after** it", "**Stopped by [Θ](#term-threshold) after** it"),
        ("`round` and [round](x)", "`round` and [round](x)"),
        ("FDA-OPT M=10 against FedOpt E=1", "[FDA-OPT](#term-fdaopt) M=10 against [FedOpt](#term-fedopt) E=1"),
    ],
)
def test_the_first_mention_of_a_term_leads_to_it(sentence, expected):
    assert marked(sentence) == expected


def test_japanese_words_are_found_between_others():
    with reading("ja"):
        assert marked("各ラウンドの同期") == "各[ラウンド](#term-round)の[同期](#term-sync)"


@pytest.mark.parametrize("name", ["story", "race", "inside", "runs"])
def test_a_term_in_the_address_is_kept_and_nonsense_is_named(visit, name):
    page = visit(name, term="drift")
    assert not page.exception and not page.warning and page.query_params["term"] == "drift"
    page = visit(name, term="<b>")
    assert not page.exception and "term = " in page.warning[0].value and "term" not in page.query_params


def test_sentences_of_pages_lead_to_the_glossary(visit):
    for name in ("race", "inside", "heterogeneity", "schedules", "budget", "evidence", "production", "lesson"):
        page = visit(name)
        words = [text.value for text in (*page.markdown, *page.caption)]
        found = {id for text in words for id in re.findall(r"#term-(\w+)", text)}
        assert found and found <= set(terms()), name
