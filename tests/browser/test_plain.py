"""Text from outside stays text in the page that Streamlit's Markdown makes of it."""

import pytest

from fda_core.runs.meta import Meta, write_meta
from tests.browser.race import CHART
from tests.helpers.stored_runs import keep_run
from ui.shared.run_charts import MOST_RUNS

BLOCKS = ("# head", "- point", "1. one")  # these mean something at the beginning of a text alone
INLINE = (
    "http://elsewhere.invalid/x", "www.elsewhere.invalid", "somebody@elsewhere.invalid",
    "![x](http://elsewhere.invalid/x)", "<b>bold</b>", ":smile: :red[x] :material/home:", "~~gone~~ _it_ **is**",
    "$x^2$ `code` &amp; a|b", "https://elsewhere.invalid",
    "<a href='http://elsewhere.invalid/x'>link</a>", "50 %{y} &lt;b&gt;",
)  # fmt: skip
HOSTILE = INLINE + BLOCKS


@pytest.mark.parametrize("message", [*BLOCKS, " and ".join(INLINE)])
def test_a_message_is_read_as_it_was_written(server, context, message):
    run_id = keep_run(server.runs, status="failed", message=message, seed=500)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/race?run={run_id}")
    page.wait_for_selector(f"{CHART} .main-svg")
    box = page.get_by_test_id("stAlert").first
    assert box.inner_text().replace("\u2060", "").strip() == message
    assert box.locator("a, img, b, strong, em, del, code, h1, li, .katex").count() == 0
    assert not any("elsewhere" in url for url in asked)
    page.close()


@pytest.mark.parametrize("names", [HOSTILE[start : start + MOST_RUNS] for start in range(0, len(HOSTILE), MOST_RUNS)])
def test_so_are_names_in_the_table_and_the_legend_of_several_runs(server, context, names):
    ids = [keep_run(server.runs, seed=501, alpha=alpha) for alpha in range(1, len(names) + 1)]
    for run_id, name in zip(ids, names, strict=True):
        write_meta(server.runs / run_id, Meta(name=name))
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/runs?runs={','.join(ids)}")
    legend, table = page.locator(f"{CHART} .legend"), page.get_by_test_id("stTable")
    legend.get_by_text(f"alpha {len(names)}").wait_for()
    for place in (legend, table):
        words = place.text_content().replace("\u2060", "").replace("\xa0", " ")
        assert [name for i, name in enumerate(names, 1) if f"{name}, alpha {i}" not in words] == []
        assert place.locator("a, img, b, strong, em, del, code, h1, li, .katex").count() == 0
    assert not any("elsewhere" in url for url in asked)
    page.close()
