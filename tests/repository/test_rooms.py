"""The rooms of the code: who may import whom, from one small table, and no circle anywhere."""

import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads(Path(__file__).with_name("rooms.toml").read_text(encoding="utf-8"))


@cache
def imports() -> dict[str, frozenset[str]]:
    """Every module and what it imports of ours: at its top, later, or for its types alone."""
    sys.path.insert(0, str(ROOT))
    try:
        graph = grimp.build_graph("fda_core", "ui", cache_dir=None)
    finally:
        sys.path.remove(str(ROOT))
    return {module: frozenset(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def room(module: str) -> tuple[str, str] | None:
    """Package and room of a module; None for a package itself, which imports nothing. A page's room is its folder."""
    package, *rest = module.split(".")
    if not rest:
        return None
    return package, ".".join(rest[:2] if rest[0] == "views" else rest[:1])


def arrows() -> dict[tuple[str, str], set[tuple[str, str]]]:
    found = defaultdict(set)
    for module, imported in imports().items():
        for other in imported:
            if room(module) and room(other) and room(module) != room(other):
                found[room(module)].add(room(other))
    return found


@pytest.mark.parametrize("package", TABLE)
def test_a_room_imports_what_the_table_allows_and_nothing_else(package):
    forbidden = [
        f"{name} -> {other}"
        for (owner, name), drawn in arrows().items()
        for other_owner, other in drawn
        if owner == other_owner == package and other not in TABLE[package].get(name, [])
    ]
    assert sorted(forbidden) == []


@pytest.mark.parametrize("package", TABLE)
def test_the_table_allows_nothing_that_no_module_needs(package):
    drawn = arrows()
    unused = {
        name: left
        for name, allowed in TABLE[package].items()
        if (left := [other for other in allowed if (package, other) not in drawn[package, name]])
    }
    assert unused == {}


@pytest.mark.parametrize("package", TABLE)
def test_the_table_leads_downwards_only(package):
    below = []
    for name, allowed in TABLE[package].items():
        assert set(allowed) <= set(below), name
        below.append(name)


def test_no_modules_import_each_other_in_a_circle():
    list(TopologicalSorter(imports()).static_order())


def test_the_core_imports_no_view():
    assert [name for (owner, name), drawn in arrows().items() if owner == "fda_core" and ("ui" in dict(drawn))] == []


def test_the_picture_of_the_rooms_draws_only_what_the_table_allows():
    """An arrow `a --> b` of docs/architecture.md leads from a room to one that imports it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    chains = [line.split("-->") for line in re.search(r"flowchart BT\n(.*?)```", page, re.S)[1].splitlines()]
    drawn = [(one.strip(), other.strip()) for chain in chains for one, other in pairwise(chain)]
    core = [(one, other) for one, other in drawn if other != "ui"]
    assert len(core) > 15
    assert [(one, other) for one, other in core if one not in TABLE["fda_core"][other]] == []
