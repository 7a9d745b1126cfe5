"""To production: the answer for managers without a line of code, for engineers with the change that is tested."""

import pytest

from fda_core.evidence.flower import measured
from tests.repository.test_docs import ROOT
from ui.text.i18n import t
from ui.text.viewer import reading
from ui.views.production.production_page import CHANGES


def test_the_change_on_the_page_is_the_example_s_patch():
    patch = (ROOT / "examples" / "flower-minilm" / "fda.patch").read_text()
    shown = [line for lines in CHANGES.values() for line in lines.splitlines()]
    assert len(shown) == 4
    for line in shown:
        start = line.split("(")[0]  # the example has more arguments
        assert f"\n{start}(" in patch.replace("\n-    ", "\n-").replace("\n+    ", "\n+")


def test_an_engineer_sees_the_change_the_bytes_and_commands(visit):
    page = visit("production")
    assert not page.exception and [each.value for each in page.code[:2]] == list(CHANGES.values())
    assert any("flwr run" in each.value for each in page.code[2:])
    found = measured()
    assert found and f"{found.messages['state']:,}" in list(page.table[0].value[t("production.bytes")])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_manager_sees_neither_code_nor_commands(visit, language):
    page = visit("production", lang=language, depth="manager")
    assert not page.exception and not page.code and not page.table
    with reading(language, "manager"):
        assert any(t("production.settle") == each.value for each in page.subheader)
    words = " ".join(each.value for each in (*page.markdown, *page.caption))
    assert not any(word in words for word in ("`", "python", "fda_", "Fda", "Θ"))


@pytest.mark.parametrize("name", ["story", "evidence", "lesson"])
def test_pages_that_raise_the_question_lead_here(visit, name):
    page = visit(name)
    links = [each for each in page.get("page_link") if "production" in each.proto.page]
    assert not page.exception and len(links) == 1
