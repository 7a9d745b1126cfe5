"""The pages in docs/ point at what there is: files, and the functions that the method page names."""

import importlib
import re
from functools import reduce
from pathlib import Path

import pytest

from tests.helpers.registered import CLIENT, MONITOR, RULE, SERVER, not_in_docs, throw_aways

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\[([^\]]*)\]\(([^)#]+)[^)]*\)")


def links(page: Path) -> list[tuple[str, str]]:
    """Label and target of every link to a file."""
    found = LINK.findall(page.read_text(encoding="utf-8"))
    return [(label, target) for label, target in found if "://" not in target]


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    assert [target for _, target in links(page) if not (page.parent / target).exists()] == []


def named(label: str, target: str):
    """What a label such as `engine.Lane.play_round` means in the file it is linked to. Raises AttributeError."""
    file = (DOCS / target).resolve().relative_to(ROOT).with_suffix("")
    module = importlib.import_module(".".join(file.parts))
    names = [name for name in label.strip("`").split("/")[-1].split(".") if name not in (file.name, "py")]
    return reduce(getattr, names, module)


def test_every_function_the_method_page_names_is_where_it_says():
    named_there = [pair for pair in links(DOCS / "method.md") if pair[1].endswith(".py")]
    assert len(named_there) > 20
    for label, target in named_there:
        assert named(label, target) is not None


def test_every_rule_monitor_and_optimiser_is_named_in_the_docs():
    assert not_in_docs() == []


def test_one_that_is_not_named_there_is_found():
    with throw_aways():
        assert not_in_docs() == [f"rule {RULE.name}", f"monitor {MONITOR.name}", f"server {SERVER.name}",
                                 f"client optimiser {CLIENT.name}"]  # fmt: skip
