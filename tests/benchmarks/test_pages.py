"""The benchmark of the pages: it visits all of them, and counts as it says."""

from pathlib import Path

from benchmarks.pages import PAGES, SLIDERS, summary

ROOT = Path(__file__).parents[2]


def test_every_page_is_visited():
    assert {name or "story" for name in PAGES} == {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert {page for page, _, _ in SLIDERS.values()} <= set(PAGES)


def test_switches_are_pooled_and_sliders_are_not():
    found = {"switch race": [0.1, 0.2], "switch runs": [0.3]}
    found |= {f"{kind} {name}": [0.01, 0.02] for kind in ("redraw", "felt") for name in SLIDERS}
    result = summary(found | {"redraw budget": [0.1, 0.3, 0.2]})
    assert (result["switch_p50"], result["switch_p95"]) == (0.2, 0.3)
    assert (result["budget_p50"], result["budget_p95"], result["alpha_p95"]) == (0.2, 0.3, 0.02)
