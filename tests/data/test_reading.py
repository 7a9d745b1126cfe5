"""Files that people bring: every encoding, separator and kind that is read, and a sentence for each that is not."""

import io
import json

import pandas as pd
import pytest

from fda_core.data import parquet, reading, sheet, table
from fda_core.data.reading import read, read_file
from fda_core.data.sheet import TableError
from fda_core.data.table import Columns, normalise

LINES = [("とても良い店", "良い"), ("ひどい対応", "悪い"), ("また来ます", "良い"), ("もう来ません", "悪い")]
TEXT = "text,label\n" + "".join(f"{text},{label}\n" for text, label in LINES)
FRAME = pd.DataFrame({"text": [f"text {i}" for i in range(12)], "label": ["a", "b"] * 6})
COLUMNS = Columns("text", "label")


def rows(found) -> list[tuple[str, str]]:
    return list(found.frame[["text", "label"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("cp932", "Shift-JIS (CP932)"),
        ("utf-16", "UTF-16"),
    ],
)
def test_japanese_text_is_read_in_every_encoding(encoding, shown):
    found = read(TEXT.encode(encoding), "tickets.csv")
    assert rows(found) == LINES
    assert found.encoding == shown


def test_utf_16_is_read_with_its_mark_in_either_order():
    assert rows(read(b"\xfe\xff" + TEXT.encode("utf-16-be"), "tickets.csv")) == LINES


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_line_ends_are_found(separator, end):
    text = TEXT.replace(",", separator).replace("\n", end)
    assert rows(read(text.encode(), "tickets.txt")) == LINES


def test_a_separator_in_a_text_is_none():
    found = read(b'text;label\n"one, two, three, four";a\n"five; six";b\n', "x.csv")
    assert rows(found) == [("one, two, three, four", "a"), ("five; six", "b")]


def test_quotes_hold_line_ends_and_quotes():
    found = read(b'text,label\n"he said ""no""\nand left",a\n', "x.csv")
    assert rows(found) == [('he said "no"\nand left', "a")]


def test_cells_of_a_csv_stay_as_they_are_written():
    found = read(b"text,label\nNA,007\nnull,1.0\n=1+1,-\n", "x.csv")
    assert rows(found) == [("NA", "007"), ("null", "1.0"), ("=1+1", "-")]


def of_parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


RECORDS = FRAME.to_dict("records")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (FRAME.to_csv(index=False).encode(), "x.csv"),
        (FRAME.to_csv(index=False, sep="\t").encode(), "x.tsv"),
        (json.dumps(RECORDS).encode(), "x.json"),
        ("\n".join(map(json.dumps, RECORDS)).encode(), "x.jsonl"),
        ("\n".join(map(json.dumps, RECORDS)).encode(), "x.json"),
        (of_parquet(FRAME), "x.parquet"),
        (of_parquet(FRAME), "called wrongly.csv"),
    ],
    ids=["csv", "tsv", "json", "jsonl", "json lines in a json", "parquet", "parquet by another name"],
)
def test_the_same_table_is_the_same_from_every_kind_of_file(data, name):
    found = normalise(read(data, name), COLUMNS)
    assert found.sha256 == normalise(sheet.Sheet(FRAME, ""), COLUMNS).sha256
    assert len(found) == 12


def csv_of(*lines: str) -> bytes:
    return "\n".join(["text,label,site", *lines]).encode()


def numbered(count: int, label: str = "{i}") -> list[str]:
    return [f"text {i},{label.format(i=i % 2, all=i)},s" for i in range(count)]


WIDE = ",".join(f"c{i}" for i in range(300)).encode()
# A file, and what its sentence must say. Columns are text, label and, where the case says so, site.
BAD = {
    "empty": (b"", "is empty"),
    "white space": (b" \n\t\n ", "is empty"),
    "a mark and nothing": (b"\xef\xbb\xbf\n", "is empty"),
    "names and no rows": (b"text,label\n", "no rows"),
    "one column": (b"text\nhello\n", "one column only"),
    "workbook": (b"PK\x03\x04" + b"\0" * 80, "Excel workbook"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 80, "old Excel workbook"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 80, "gzip"),
    "PDF": (b"%PDF-1.7\n", "a PDF"),
    "NUL bytes": (b"text,label\nhel\0lo,1\n", "NUL"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "NUL|neither"),
    "latin-1": ("text,label\ncaf\u00e9 cr\u00e8me,1\n".encode("latin-1"), "neither in UTF-8"),
    "random bytes": (bytes(range(128, 256)) * 9, "neither in UTF-8"),
    "open quote": (b'text,label\n"hello, you,1\nworld,2\n', "quote in line 2"),
    "text after a quote": (b'text,label\nx,1\n"hello, "big" world",1\n', "in line 3 a quote"),
    "fewer cells than names": (b"text,label\nhello,1\nworld\n", "1 cells in line 3 and 2 columns"),
    "a name twice in JSON": (b'{"text": "a", "text": "b", "label": "c"}', "line 1", "x.jsonl"),
    "the second line of JSON": (b'{"text": "a", "label": "b"}\n{"text": ', "not valid JSON in line 2", "x.jsonl"),
    "more cells than names": (b"text,label\nhello,big,world,1\n", "4 cells in line 2 and 2 columns"),
    "a name twice": (b"text,text\na,1\n", "several columns called 'text'"),
    "no column of that name": (b"words,label\na,1\n", "no column 'text'"),
    "no names": (f"{'word ' * 20},1\n{'other ' * 20},2\n".encode(), "longer than 60"),
    "too many columns": (WIDE + b"\n" + WIDE, "more than 200 columns"),
    "absurdly many columns": (b"," * 1_000_000, "more than 200 columns"),
    "too many rows": (b"text,label\n" + b"a,b\n" * 200_001, "more than 200,000 rows"),
    "too many JSON objects": (b"[" + b"{}," * 1_000_001 + b"{}]", "more than 200,000 rows", "x.json"),
    "JSON cut off": (b'[{"text": "a", "label": "b"}', "not valid JSON", "x.json"),
    "JSON nested deeply": (b"[" * 100_000, "not valid JSON", "x.json"),
    "JSON of numbers": (b"[1, 2, 3]", "something else than an object in line 1", "x.json"),
    "JSON with a name an object": (
        json.dumps([{f"c{i}": 1} for i in range(300)]).encode(), "more than 200 columns", "x.json",
    ),
    "JSON with lists for texts": (b'[{"text": ["a"], "label": "b"}]', "holds lists", "x.json"),
    "Parquet cut off": (of_parquet(FRAME)[:200], "damaged", "x.parquet"),
    "no Parquet": (b"text,label\na,b\n", "not a Parquet file", "x.parquet"),
    "another kind": (b"text,label\na,b\n", "of no kind that is read here", "x.docx"),
    "one class": (csv_of(*numbered(20, "same")), "the same label"),
    "a class and a single example": (csv_of(*numbered(20, "same"), "other text,other,s"), "the same label"),
    "as many labels as rows": (csv_of(*numbered(60, "{all}")), "60 different labels"),
    "labels that are texts": (csv_of(*numbered(20, "word " * 20 + "{i}")), "longer than 60"),
    "labels that are all missing": (csv_of(*numbered(20, "nan")), "0 rows"),
    "too few rows": (csv_of(*numbered(9)), "9 rows"),
    "one text again and again": (csv_of(*["hello,1,s"] * 50), "0 rows"),
    "one text under both labels": (csv_of(*["hello,1,s", "hello,2,s"] * 20), "0 rows"),
    "only empty texts": (csv_of(*[" ,1,s", ",2,s"] * 20), "0 rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_one_sentence(case):
    data, words, *name = case
    with pytest.raises(TableError, match=words) as refused:
        normalise(read(data, *(name or ["x.csv"])), COLUMNS)
    sentence = str(refused.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    assert not any(text in sentence for text in ("hello", "café", "world"))  # no cell is quoted


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        (["s{i}"], "No value in column 'site' has 5 rows"),
        (["x" * 61], "longer than 60"),
    ],
    ids=["a site a row", "sites that are texts"],
)
def test_a_bad_column_of_sites_is_refused(sites, words):
    data = csv_of(*(f"text {i},{i % 2},{sites[0].format(i=i)}" for i in range(40)))
    with pytest.raises(TableError, match=words):
        normalise(read(data, "x.csv"), Columns("text", "label", client="site"))


def test_too_many_sites_are_refused(monkeypatch):
    monkeypatch.setattr(table, "MOST_CLIENTS", 3)
    data = csv_of(*(f"text {i},{i % 2},s{i % 4}" for i in range(40)))
    with pytest.raises(TableError, match="4 different sites and at most 3"):
        normalise(read(data, "x.csv"), Columns("text", "label", client="site"))


def test_one_column_cannot_be_two_things():
    with pytest.raises(TableError, match="two things"):
        normalise(read(csv_of(*numbered(20)), "x.csv"), Columns("text", "text"))


def test_a_large_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    file = tmp_path / "large.csv"
    file.write_bytes(csv_of(*numbered(20)))
    with pytest.raises(TableError, match=r"large\.csv has more than"):
        read_file(file)
    with pytest.raises(TableError, match="has more than"):
        read(file.read_bytes(), "x.csv")


def test_a_small_parquet_that_is_large_in_memory_is_refused(monkeypatch):
    monkeypatch.setattr(parquet, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(sheet, "MOST_BYTES", 1_000_000)
    data = of_parquet(pd.DataFrame({"text": ["x" * 10_000] * 2000, "label": ["a", "b"] * 1000}))
    assert len(data) < 100_000
    with pytest.raises(TableError, match="has more than 1 MB"):
        normalise(read(data, "x.parquet"), COLUMNS)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_file(tmp_path / "nothing.csv")
