"""Language and depth: who decides them, that a switch loses nothing, and that no viewer sees another's."""

import re
import string

import pytest
import streamlit as st

from tests.helpers.fake import fast_config, reach
from tests.helpers.words import unlinked
from ui.state.viewing import of_browser
from ui.text.i18n import catalogue, t
from ui.text.viewer import Viewing, reading, viewing

EN, JA = catalogue("en"), catalogue("ja")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_manager_s_wording_takes_nothing_that_the_engineer_s_has_not():
    managers = [key for key in EN if key.endswith("__manager")]
    assert managers
    assert [key for key in managers if placeholders(EN[key]) - placeholders(EN[key.removesuffix("__manager")])] == []


@pytest.mark.parametrize("catalogue", [EN, JA], ids=["en", "ja"])
def test_a_manager_reads_no_greek(catalogue):
    words = [text for key, text in catalogue.items() if key.endswith("__manager")]
    assert words and not any(letter in text for text in words for letter in "αΘ")


# Sentences with letters for engineers that no manager meets: settings and parts that only engineers are shown, and what
# a plan asks of a class or a lab, whose links bring the engineer's depth.
ENGINEERS = re.compile(
    r"settings\.(threshold|fixed|theta)|inside\.rule_\w+|budget\.formula_text|plan\.(class|lab)_\w+|production\.library|opponents\.own_\w+|glossary\.\w+_forms"
)


@pytest.mark.parametrize("catalogue", [EN, JA], ids=["en", "ja"])
def test_greek_has_a_manager_s_wording_wherever_a_manager_gets(catalogue):
    greek = [key for key, text in catalogue.items() if any(letter in text for letter in "αΘτε‖")]
    assert [key for key in greek if f"{key}__manager" not in catalogue and not ENGINEERS.fullmatch(key)] == []


def test_without_a_viewer_it_is_english_for_engineers():
    assert viewing() == Viewing("en", "engineer") and t("race.start") == "Start"


def test_sentences_can_be_read_otherwise():
    with reading("ja"):
        assert t("race.start") == "開始"
    with reading(depth="manager"):
        assert "α" not in t("settings.alpha_value", alpha=1.0)
    assert t("race.start") == "Start"


def labels(page) -> list[str]:
    return [button.label for button in page.button]


def test_the_address_decides_the_language(visit):
    page = visit(lang="ja")
    assert not page.exception and "開始" in labels(page)
    assert page.query_params["lang"] == "ja"


@pytest.mark.parametrize("name", ["lang", "depth"])
def test_an_unknown_word_is_named_and_ignored(visit, name):
    page = visit(**{name: "<b>klingon"})
    assert not page.exception and len(page.warning) == 1 and "klingon" in page.warning[0].value
    assert "Start" in labels(page) and name not in page.query_params


@pytest.mark.parametrize(
    ("locale", "language"), [("ja-JP", "ja"), ("JA", "ja"), ("en-GB", "en"), ("fr-FR", "en"), (None, "en")]
)
def test_the_browser_decides_where_the_address_does_not(monkeypatch, locale, language):
    class Context:
        pass

    Context.locale = locale
    monkeypatch.setattr(st, "context", Context)
    assert of_browser() == language


def test_the_language_stays_on_other_pages(visit):
    page = visit(lang="ja")
    with reading("ja"):  # AppTest reads choices by their labels, outside the page
        page.switch_page("pages/heterogeneity.py").run()
    assert not page.exception and JA["heterogeneity.race"] in labels(page)


def test_one_viewer_s_language_is_not_another_s(visit, runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    pages = [visit(run=run_id, lang=lang) for lang in ("ja", "en", "ja")]
    words = [unlinked(" ".join(caption.value for caption in page.caption)) for page in pages]
    assert "全方式で共通" in words[0] and "Held equal" in words[1] and words[0] == words[2]


def test_a_manager_sees_no_greek_on_the_race(visit, runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    page = visit(run=run_id, depth="manager")
    shown = [*(m.value for m in page.markdown), *(c.value for c in page.caption), *page.table[0].value.columns]
    assert not page.exception and not any(letter in text for text in shown for letter in "αΘ")
    assert t("table.monitor") not in page.table[0].value.columns


def test_what_a_browser_still_says_in_the_words_before_changes_no_choice(visit):
    page = visit(lang="en", preset="quick", clients="20", server_optimizer="adam")
    page.button_group(key="language").set_value("ja")
    said_before = page._tree.get_widget_states()
    page.run()
    page._run(said_before)  # it has not heard of the new words, and something draws the page again
    with reading("ja"):
        page.run()
    state = page.session_state
    assert not page.exception and "開始" in labels(page)
    assert (state.preset, state.clients, state.server, state.mode) == ("quick", 20, "adam", "adaptive")
