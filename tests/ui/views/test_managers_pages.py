"""What a manager reads on every page: no symbols of the method, no commands, no paths of files."""

import re

import pytest

from fda_core.settings.fields import SETTINGS, for_engineers
from tests.helpers.fake import fast_config, reach_rounds
from ui.frame.onward import PATH

TECHNICAL = re.compile(r"\b[EMK] ?= ?\d|\bM/2\b|[αΘτε‖]|\bpython3? -m\b|\bfda_core/|\b\w+\.(py|toml|csv|md|json)\b")
HIDDEN = {row.key for row in SETTINGS if row.place in for_engineers()}  # by a style


def words(page) -> list[str]:
    """All that is written on the page: texts, tables, labels, and what charts say to who cannot see them."""
    texts = [element.value for kind in ("markdown", "caption", "subheader", "header", "info", "warning", "success")
             for element in getattr(page, kind)]  # fmt: skip
    texts += [str(table.value.to_dict()) for table in page.table]
    texts += [expander.label for expander in page.expander]
    labelled = (*page.button, *page.selectbox, *page.radio, *page.slider, *page.number_input, *page.select_slider)
    shown = [widget for widget in labelled if str(widget.key).split("-")[0] not in HIDDEN]
    texts += [f"{widget.label} {' '.join(map(str, getattr(widget, 'options', ())))}" for widget in shown]
    return [text for text in texts if text]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", [*PATH, "runs"])
def test_a_manager_meets_no_symbols_and_no_commands(visit, name, language):
    page = visit(name, lang=language, depth="manager")
    assert not page.exception
    found = [text for text in words(page) if TECHNICAL.search(text)]
    assert found == []


@pytest.mark.parametrize("name", ["race", "inside", "budget"])
def test_nor_beside_a_run_of_the_manager_s_own(visit, runner, fake, name):
    run_id = runner.start(fast_config())
    fake.allow(9)
    reach_rounds(runner, run_id, 9)
    page = visit(name, lang="en", depth="manager", run=run_id)
    assert not page.exception and [text for text in words(page) if TECHNICAL.search(text)] == []
