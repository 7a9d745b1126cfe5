"""The report: one file, complete without a network, in which foreign text stays text."""

import re
from html.parser import HTMLParser

import pytest

from fda_core.runs.audit import audit
from fda_core.runs.snapshot import stored
from tests.helpers.stored_runs import keep_run
from ui.shared.run_charts import overlay_chart
from ui.shared.run_tables import cost_table, labels_of, names_of, overlay_frame
from ui.views.runs.report import html, texts

PALETTE = ["#0072B2", "#E69F00", "#009E73"]


class Reader(HTMLParser):
    """What the file says and what it would fetch."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.fetched, self.words, self.inside = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = tag
        self.fetched += [value for name, value in attributes if name in ("src", "href") and value]

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.words.append(data)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("FDA_OPT_LAB_RUNS", str(tmp_path))
    return [stored(tmp_path / keep_run(tmp_path, seed=seed)) for seed in (1, 2)]


def made(runs, titles=("One", "Two")) -> str:
    names = names_of(runs, titles)
    figure = overlay_chart(overlay_frame(runs), labels_of(runs), names, PALETTE, "bytes", "test_loss", None)
    return html(texts(runs, names), ["**Fewer** bytes."], figure, "Curves", cost_table(runs, names), "A note.")


def test_it_says_where_every_number_comes_from(runs, tmp_path):
    words = " ".join(Reader(made(runs)).words)
    for run in runs:
        assert run.run_id in words and audit(tmp_path / run.run_id).digest in words
        assert f"seed = {run.config.seed}" in words
    assert "Fewer bytes." in words and "**" not in words


def test_it_fetches_nothing_and_forbids_it(runs):
    page = made(runs)
    assert Reader(page).fetched == []
    assert "default-src 'none'" in page and "Plotly" in page
    assert re.search(r"<script[^>]+src=", page) is None


def test_a_name_that_is_markup_stays_a_name(runs):
    page = made(runs, ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'))
    reader = Reader(page)
    assert "img" not in reader.tags and reader.fetched == []
    assert "<script>alert(1)" in " ".join(reader.words)
    assert "<script>alert(1)" not in page  # not in the data of the chart either
