"""The film as one file: the Story's data, sentences and label, and nothing to fetch."""

import json
import re
from dataclasses import replace

import pytest

from fda_core.runs.recorded import recorded
from ui.components.timeline_player import SCRIPT
from ui.shared.moving_timeline import drawn
from ui.shared.shown_run import DEFAULT
from ui.shared.story import tell
from ui.shared.story_words import sentences
from ui.takeaway.film_file import EXPORTED, film, in_page, player
from ui.takeaway.offers import make_film
from ui.text.viewer import Viewing, reading

VIEWS = [("en", "engineer"), ("ja", "manager")]


def data(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.parametrize(("language", "depth"), VIEWS)
def test_it_plays_the_run_and_says_which(language, depth):
    run = recorded(DEFAULT)
    page = make_film(run, Viewing(language, depth))
    with reading(language, depth):
        story = tell(run)
        assert data(page) == json.loads(json.dumps(drawn(story)))
        shown = re.sub(r"</?b>", "**", page).replace("&#39;", "'")
        assert all(f"<p>{sentence}</p>" in shown for sentence in sentences(story))
    assert f'<html lang="{language}">' in page and "2026-11-27 21:09 UTC" in page and "EPYC" in page


def test_it_fetches_nothing_and_needs_no_server():
    page = make_film(recorded(DEFAULT), Viewing())
    assert re.findall(r"\b(?:src|href)\s*=|url\(|@import|\bimport\b|\bfetch\b", page) == []
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}  # a name, no address
    assert "default-src 'none'" in page and "streamlit" not in page.lower()


def test_the_player_s_export_is_called_by_its_name():
    assert SCRIPT.count(EXPORTED) == 1 and "export" not in player() and "function play(" in player()


def test_foreign_text_stays_text():
    run = recorded(DEFAULT)
    evil = "</script><script>alert(1)</script>"
    first = run.events[0].model_copy(update={"versions": {"processor": evil, "threads": 1}})
    page = film(tell(replace(run, events=(first, *run.events[1:]))))
    assert "&lt;script&gt;alert(1)" in page and evil not in page
    assert evil not in in_page({"clients": [evil]}) and json.loads(in_page({"clients": [evil]})) == {"clients": [evil]}
