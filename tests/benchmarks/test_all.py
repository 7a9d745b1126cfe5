"""The document of figures is written by the commands that it names."""

from benchmarks.all import BLOCK, DOCUMENT, ROOT, written

TEXT = """before
<!-- python -m benchmarks.one --fast -->
old one
<!-- end -->
between
<!-- python -m benchmarks.two -->
old two
<!-- end -->
"""
PRINTED = "machine: M\ntorch: 1\ndate: today\ncommit: c\ncommand: python -m benchmarks.one\n\n| a |\n|---|\n"


def test_only_the_blocks_of_the_named_benchmarks_change():
    text, failed = written(TEXT, {"one"}, lambda words: PRINTED)
    assert failed == []
    assert "old one" not in text and "`python -m benchmarks.one`: M, torch 1, today, commit c\n\n| a |" in text
    assert text.startswith("before\n") and "between\n" in text and "old two" in text


def test_a_benchmark_that_fails_leaves_its_block_and_is_named():
    text, failed = written(TEXT, set(), lambda words: None if "two" in words else PRINTED)
    assert failed == ["benchmarks.two"]
    assert "old two" in text and "old one" not in text


def test_every_block_of_the_document_names_a_benchmark_that_there_is():
    names = [name for _, name, _ in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))]
    assert len(names) >= 8
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in names)
