"""Files as people really bring them: each is read as it was meant, or refused with its line."""

import io
import json
import random

import pandas as pd
import pyarrow
import pytest
import torch
from pyarrow import parquet

from fda_core.data import fitting
from fda_core.data.guess import guess
from fda_core.data.reading import read
from fda_core.data.sheet import MOST_BYTES, TableError
from fda_core.data.table import Columns, label_counts, largest_site, normalise, preview, words_of
from fda_core.models.tokens import Tokens
from fda_core.settings.config import ExperimentConfig
from fda_core.setup import some_tokens
from fda_core.support.errors import ConfigError

COLUMNS = Columns("text", "label")
LABELS = ("bad", "good")


def content(count: int = 40) -> list[tuple[str, str]]:
    return [(f"a {LABELS[i % 2]} evening number {i}", LABELS[i % 2]) for i in range(count)]


def lines(*rows: tuple[str, ...], separator: str = "\t", end: str = "\n") -> bytes:
    return (end.join(separator.join(row) for row in rows) + end).encode()


def found(data: bytes, name: str) -> list[tuple[str, str]]:
    """Rows as a run would get them."""
    frame = normalise(read(data, name), COLUMNS).frame
    return list(frame[["text", "label"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("separator", ["\t", ";", ","])
def test_a_text_may_begin_with_a_quote_where_nobody_quotes(separator):
    rows = content()
    rows[5], rows[12] = ('"Warm and bright they say of number 5', "good"), ('"Slow says another of number 12', "bad")
    assert found(lines(("text", "label"), *rows, separator=separator), "x.txt") == rows


@pytest.mark.parametrize("separator", ["\t", ","])
def test_a_quote_that_swallows_whole_rows_is_refused_with_its_line(separator):
    rows = content()
    rows[5], rows[12] = ('"Warm and bright they say of number 5', "good"), ('Slow says another of number 12"', "bad")
    with pytest.raises(TableError, match=r"line 7 .* line 14"):
        found(lines(("text", "label"), *rows, separator=separator), "x.txt")


def test_a_letter_of_several_lines_is_one_text():
    rows = content()
    rows[3] = ("Dear Sir,\nthe room was nice, clean\nand warm, yours", "good")
    data = pd.DataFrame(rows, columns=["text", "label"]).to_csv(index=False).encode()
    assert found(data, "x.csv") == rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quotes_escaped_by_backslashes_are_read_with_the_line_ends_inside(end):
    rows = [('they said "dull, it is"\nand left' + f" {i}" if i % 4 == 0 else f"C:\\dir is text {i}", LABELS[i % 2])
            for i in range(40)]  # fmt: skip
    escaped = [(label, '"' + text.replace('"', '\\"').replace("\n", end) + '"') for text, label in rows]
    read_back = found(lines(("label", "text"), *escaped, separator=",", end=end), "x.csv")
    assert [(text.replace("\r\n", "\n"), label) for text, label in read_back] == rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_a_carriage_return_by_itself_stands_within_a_text(end):
    rows = content()
    data = lines(("text", "label"), *rows, separator=",", end=end)
    assert found(data, "x.csv") == rows
    within = data.replace(b"number 7,", b"number\r7,")
    assert found(within, "x.csv")[7] == ("a good evening number\r7", "good")


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x1c"])
def test_marks_that_end_lines_elsewhere_are_text(mark):
    rows = content()
    rows[3] = (f"first paragraph{mark}second paragraph", "good")
    records = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    assert found("\n".join(records).encode(), "x.jsonl") == rows
    assert found(f"[{','.join(records)}]".encode(), "x.json") == rows
    assert found(lines(("text", "label"), *rows, separator=","), "x.csv") == rows


@pytest.mark.parametrize("header", ["text (free, optional)", "text [a, b]", '"text, free"', "sep=;\ntext, free"])
def test_a_comma_in_the_header_is_no_separator(header):
    data = lines((header, "label"), *content(), separator=";")
    sheet = read(data, "x.csv")
    assert sheet.names[1] == "label" and len(sheet.names) == 2
    assert len(normalise(sheet, Columns(sheet.names[0], "label"))) == 40


def test_what_can_be_read_with_two_separators_is_refused():
    rows = [(f"good, but {i}", "a" if i % 2 else "b") for i in range(40)]
    with pytest.raises(TableError, match="more than one separator"):
        read(lines(("text, free", "label"), *rows, separator=";"), "x.csv")


def test_labels_that_occur_once_do_not_count_among_the_labels():
    rows = [(f"text {i} of many", f"c{i % 45}") for i in range(450)] + [(f"rare text {i}", f"r{i}") for i in range(10)]
    table = normalise(read(lines(("text", "label"), *rows, separator=","), "x.csv"), COLUMNS)
    assert len(label_counts(table)) == 45
    assert (table.notes.rows, len(table), table.notes.rare) == (460, 450, 10)
    assert "460 rows read, 450 of them used" in words_of(table.notes)


@pytest.mark.parametrize("text", ["\u200b\u200b", "\ufeff", "\u2060", "\u3164", "\u2800", "\ufe0f", "\u00ad", "\u3000"])
def test_a_text_that_nobody_sees_is_empty(text):
    table = normalise(read(lines(("text", "label"), *content(), (text, "good"), separator=","), "x.csv"), COLUMNS)
    assert (len(table), table.notes.empty) == (40, 1)


def test_a_label_is_the_same_with_a_zero_width_space_at_its_end():
    rows = [*content(), ("another evening", "good\u200b")]
    assert set(label_counts(normalise(read(lines(("text", "label"), *rows), "x.tsv"), COLUMNS))) == {"bad", "good"}


def test_shift_jis_without_kana_is_read():
    rows = [(f"第{i}番店舗 対応{'満足' if i % 2 else '不満'}", "良" if i % 2 else "悪") for i in range(40)]
    data = "本文,評価\n".encode("cp932") + "".join(f"{text},{label}\n" for text, label in rows).encode("cp932")
    sheet = read(data, "x.csv")
    assert sheet.encoding == "Shift-JIS (CP932)"
    assert sheet.column("本文") == [text for text, _ in rows]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", "don’t"), ("latin-1", "crème très"), ("gb18030", "服务很好"), ("big5", "服務很好"),
        ("euc_jp", "対応満足"), ("euc_kr", "서비스"),
    ],
)  # fmt: skip
def test_other_encodings_are_not_taken_for_shift_jis(encoding, words):
    data = "text,label\n" + "".join(f"{words} {i},{LABELS[i % 2]}\n" for i in range(40))
    with pytest.raises(TableError, match="neither in UTF-8"):
        read(data.encode(encoding), "x.csv")


def stored(table: pyarrow.Table, **options) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, **options)
    return out.getvalue()


def columns_of(rows: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {"text": [text for text, _ in rows], "label": [label for _, label in rows]}


BEYOND = 253402268400000000  # microseconds: the last hours of the year 9999, which is the year 10000 in Tokyo


@pytest.mark.parametrize(
    "unused",
    [
        pyarrow.array([BEYOND] * 40, pyarrow.timestamp("us", "Asia/Tokyo")),
        pyarrow.array([0] * 40, pyarrow.timestamp("us", "Nowhere/Unknown")),
        pyarrow.array([[1.0] * 9] * 40, pyarrow.list_(pyarrow.float32())),
        pyarrow.array([{"a": b"x"}] * 40),
    ],
    ids=["year 9999", "unknown zone", "lists", "structs"],
)
def test_a_column_that_is_not_used_is_not_read(unused):
    data = stored(pyarrow.table({**columns_of(content()), "other": unused}))
    sheet = read(data, "x.parquet")
    assert guess(sheet) == COLUMNS and set(preview(sheet)[0]) == {"text", "label", "other"}
    assert found(data, "x.parquet") == content()
    with pytest.raises(TableError, match="'other' holds"):
        normalise(sheet, Columns("text", "label", client="other"))


def test_a_categorical_column_is_measured_by_its_cells(monkeypatch):
    monkeypatch.setattr("fda_core.data.parquet.MOST_BYTES", 5_000_000)
    rows = [(f"{'word ' * 20}{i}", LABELS[i % 2]) for i in range(20_000)]
    frame = pd.DataFrame(rows, columns=["text", "label"]).astype("category")
    data = stored(pyarrow.Table.from_pandas(frame, preserve_index=False))
    assert len(found(data, "x.parquet")) == 20_000


def test_cells_of_gigabytes_are_refused_before_they_are_unpacked():
    tracemalloc = pytest.importorskip("tracemalloc")
    rows = content()
    text = "x" * 6_000_000
    table = pyarrow.table({"text": [text] * 40, "label": [label for _, label in rows]})
    data = stored(table, use_dictionary=True, compression="zstd")
    assert len(data) < 200_000 and len(text) * 40 > MOST_BYTES
    sheet = read(data, "x.parquet")
    before = pyarrow.total_allocated_bytes()
    tracemalloc.start()
    with pytest.raises(TableError, match="more than 200 MB"):
        normalise(sheet, COLUMNS)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    assert pyarrow.total_allocated_bytes() - before < 50_000_000
    tracemalloc.stop()


def test_braces_in_texts_are_no_rows():
    rows = [(f"{i} {'{' * 30_000}", label) for i, (_, label) in enumerate(content())]
    data = json.dumps([{"text": text, "label": label} for text, label in rows]).encode()
    assert len(found(data, "x.json")) == 40


def test_a_table_without_sites_is_refused_where_sites_are_asked_for():
    table = normalise(read(lines(("text", "label"), *content()), "x.tsv"), COLUMNS)
    asked = {"partition": "column", "clients": 3, "clients_per_round": 3}
    with pytest.raises(ConfigError, match="of sites"):
        fitting.build(table, asked)
    config = fitting.build(table, {"clients": 3, "clients_per_round": 3})
    assert largest_site(ExperimentConfig(**config.to_dict() | {"partition": "column"}), table) is None


def test_every_row_is_used_or_left_out_for_a_reason():
    rng = random.Random(0)
    rows = [
        rng.choice([("", "a"), (f"text {rng.randrange(60)}", rng.choice("aabbc")), ("x", "nan")]) for _ in range(300)
    ]
    table = normalise(read(lines(("text", "label"), *rows), "x.tsv"), COLUMNS)
    assert table.notes.rows == 300 == len(table) + table.notes.left_out


@pytest.mark.parametrize("label_first", [True, False])
def test_half_a_line_in_a_quoted_text_is_no_row(label_first):
    """As Spark writes it: every line by itself has as many cells as the header."""
    rows = [(f'they said "dull {i}"\nand left, number {i}' if i in (4, 5, 6) else f"evening {i}", LABELS[i % 2])
            for i in range(40)]  # fmt: skip
    written = [('"' + text.replace('"', '\\"') + '"', label) for text, label in rows]
    written = [pair[::-1] if label_first else pair for pair in [("text", "label"), *written]]
    assert found(lines(*written, separator=","), "x.csv") == rows


def test_texts_without_any_token_are_a_sentence():
    split = Tokens(torch.zeros(3, dtype=torch.long), torch.tensor([0, 3, 3]), torch.tensor([0, 1]))
    with pytest.raises(ConfigError, match="1 of the texts become no tokens with the tokenizer of tiny"):
        some_tokens("tiny", split)
