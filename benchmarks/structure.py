"""How the code is divided: `python -m benchmarks.structure [--tree DIR] [--timings FOLDER]`.

For any checkout, from its syntax trees: modules per room, arrows between modules and between rooms, circles, upward
arrows, the longest files, and what of the core's public names has no docstring. A room is a folder with modules; arrows
are imports, wherever in a module they stand and what for. Upward arrows are the imports that would have to go for the
rooms to form layers. `--timings` takes the junit files that `.ci/run` keeps, one a tier.
"""

import argparse
import ast
import sys
import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp
import networkx

ROOT = Path(__file__).parents[1]
PACKAGES = ("fda_core", "ui")
FOLDERS = (*PACKAGES, "pages", "tests", "benchmarks")
SHOWN = 5  # longest files


def python_files(tree: Path, *folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (tree / folder).rglob("*.py"))


def modules_per_room(tree: Path, package: str) -> Counter[str]:
    """Modules directly in each folder, `__init__.py` not counted."""
    files = [path for path in python_files(tree, package) if path.name != "__init__.py"]
    return Counter(path.parent.relative_to(tree).as_posix() for path in files)


def import_graph(tree: Path) -> grimp.ImportGraph:
    sys.path.insert(0, str(tree))
    try:
        return grimp.build_graph(*PACKAGES, cache_dir=None)
    finally:
        sys.path.remove(str(tree))


def arrows(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Imports among our modules, as (importer, imported)."""
    return {(name, other) for name in graph.modules for other in graph.find_modules_directly_imported_by(name)}


def between_rooms(drawn: set[tuple[str, str]], package: str) -> set[tuple[str, str]]:
    """Arrows between what lies directly in a package, its folders and modules."""
    inside = [
        tuple(name.split(".")[1] for name in pair)
        for pair in drawn
        if all(package in name.split(".")[:1] and "." in name for name in pair)
    ]
    return {pair for pair in inside if pair[0] != pair[1]}


def circles(drawn: set[tuple[str, str]]) -> list[list[str]]:
    """Groups of things that all reach one another."""
    groups = networkx.strongly_connected_components(networkx.DiGraph(drawn))
    return sorted(sorted(group) for group in groups if len(group) > 1)


def upward(graph: grimp.ImportGraph, drawn: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Imports without which the rooms of each package form layers, and those of the core that name the interface."""
    found = {(name, other) for name, other in drawn if name.startswith("fda_core") and other.startswith("ui")}
    return found.union(*(graph.nominate_cycle_breakers(package) for package in PACKAGES))


def undescribed(tree: Path) -> tuple[list[str], int]:
    """Public modules, classes, functions and methods of the core without a docstring, and how many there are."""
    named = [pair for path in python_files(tree, "fda_core") for pair in public(path, tree)]
    return [name for name, node in named if ast.get_docstring(node) is None], len(named)


def public(path: Path, tree: Path) -> Iterator[tuple[str, ast.AST]]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    yield from members(module, path.relative_to(tree).as_posix())


def members(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST]]:
    """Of a module or class; what is inside a function is nobody's business."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield f"{where}:{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from members(child, f"{where}:{child.name}")


def lengths(tree: Path) -> list[tuple[int, str]]:
    """Lines of each file, the longest first."""
    files = python_files(tree, *FOLDERS)
    return sorted(
        ((len(p.read_text("utf-8").splitlines()), p.relative_to(tree).as_posix()) for p in files), reverse=True
    )


def minutes(folder: Path) -> Iterator[str]:
    """Of each tier: on the clock, of all its tests together, and their number."""
    for file in sorted(folder.glob("*.xml")):
        for suite in xml.parse(file).getroot().iter("testsuite"):
            cases = [float(case.get("time", 0)) for case in suite.iter("testcase")]
            clock = float(suite.get("time", 0))
            yield f"{file.stem}: {clock / 60:.1f} min on the clock, {sum(cases) / 60:.1f} min of {len(cases)} tests"


def about(tree: Path) -> Iterator[str]:
    graph = import_graph(tree)
    drawn = arrows(graph)
    for package in PACKAGES:
        rooms = modules_per_room(tree, package)
        most, largest = max((count, room) for room, count in rooms.items())
        yield f"{package}: {sum(rooms.values())} modules in {len(rooms)} rooms, most in {largest}: {most}"
        yield "  " + ", ".join(f"{room.removeprefix(package) or '/'} {count}" for room, count in sorted(rooms.items()))
        inner = {pair for pair in drawn if all(name.split(".")[0] == package for name in pair)}
        rooms_drawn = between_rooms(drawn, package)
        yield f"  arrows: {len(inner)} between modules, {len(rooms_drawn)} between rooms"
        yield f"  circles: {len(circles(inner))} of modules {circles(inner) or ''}".rstrip()
        yield f"  circles of rooms: {len(circles(rooms_drawn))} {circles(rooms_drawn) or ''}".rstrip()
    up = sorted(f"{name} -> {other}" for name, other in upward(graph, drawn))
    yield f"upward arrows: {len(up)}" + "".join(f"\n  {arrow}" for arrow in up)
    longest = lengths(tree)
    ours = [each for each in longest if not each[1].startswith("tests")]
    yield "longest files: " + ", ".join(f"{name} {count}" for count, name in ours[:SHOWN])
    yield f"longest test file: {next(f'{name} {count}' for count, name in longest if name.startswith('tests'))}"
    missing, all_of_them = undescribed(tree)
    yield f"fda_core, public classes, functions and methods without docstring: {len(missing)} of {all_of_them}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", type=Path, default=ROOT, metavar="DIR", help="another checkout")
    parser.add_argument("--timings", type=Path, metavar="FOLDER", help="junit files, one a tier")
    asked = parser.parse_args()
    for line in about(asked.tree.resolve()):
        print(line)
    if asked.timings:
        print("test tiers:", *minutes(asked.timings), sep="\n  ")


if __name__ == "__main__":
    main()
