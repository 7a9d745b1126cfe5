"""Files as people really bring them: each is read as it was meant, or refused with its line."""

import io
import json
import random
import unicodedata

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


def lost(first: str, *more: str, last: str, separator: str = ",", header: str = "text,label") -> bytes:
    """A file whose texts have a comma and stand in quotes; a quote opens in `first`, line 7, and closes in `last`."""
    texts = [f'"evening, number {i}"{separator}{LABELS[i % 2]}' for i in range(24)]
    return "\n".join([header, *texts[:5], first, *more, last, *texts[5:]]).encode()


@pytest.mark.parametrize("data", [
    lost('"evening number 5,good', last='evening number 6",bad'),
    lost('"evening number 5,good', "", "   ", last='evening number 6",bad'),
    lost('"evening, number 5,good', last='evening number 6",bad'),
    lost('"evening number 5,good ', last='evening number 6",bad '),
    lost('"evening number 5, good', last='evening number 6", bad', separator=", "),
    lost('"evening number 5,good', "evening number 5b,bad", last='evening, number 6",bad'),
], ids=["plain", "blank lines", "comma", "space at the end", "space after commas", "three rows"])  # fmt: skip
def test_a_lost_quote_swallows_no_row(data):
    with pytest.raises(TableError, match=r"line 7 .* line [89]|line 7 .* line 10"):
        read(data, "x.csv")


def test_a_lost_quote_swallows_no_row_where_labels_come_first_or_are_many():
    first = [f'{LABELS[i % 2]},"evening, number {i}"' for i in range(24)]
    first[5], first[6] = 'good,"evening number 5', 'bad,evening number 6"'
    many = [f"evening number {i},intent{i % 60}" for i in range(240)] + [f"rare {i},rare{i}" for i in range(40)]
    many[5], many[9] = '"evening number 5,intent5', 'evening number 9",intent9'
    for rows in (["label,text", *first], ["text,label", '"one, and two",intent1', *many]):
        with pytest.raises(TableError, match="two ways"):
            read("\n".join(rows).encode(), "x.csv")


def test_lines_of_a_letter_that_end_as_a_row_does_are_no_rows():
    rows = content()
    rows[3] = ("We came late.\nService fast, good\nRooms, warm, and bad\nall in all, good", "good")
    rows[8] = ("Service was fast, good\nand the rooms were warm", "bad")
    data = pd.DataFrame(rows, columns=["text", "label"]).to_csv(index=False).encode()
    assert found(data, "x.csv") == rows


def test_labels_with_quotes_and_without_are_no_two_labels():
    rows = [(text, f'"{label}"' if i % 4 == 0 else label) for i, (text, label) in enumerate(content())]
    assert {label for _, label in found(lines(("text", "label"), *rows, separator=","), "x.csv")} == {"bad", "good"}
    rows[5] = ('"Warm" they say of number 5', "good")
    with pytest.raises(TableError, match="line 7"):
        read(lines(("text", "label"), *rows, separator=","), "x.csv")


@pytest.mark.parametrize("data", [
    b"text,label\n" + b"\r".join(f"evening {i},{LABELS[i % 2]}".encode() for i in range(24)),
    b"\r".join([b"text,label", *(f"evening {i},{LABELS[i % 2]}".encode() for i in range(24))]) + b"\n",
    b"\r\n".join([b"text,label", *(f"evening {i},{LABELS[i % 2]}".encode() for i in range(24))]) + b"\r\n\x1a",
    b",\n" + lines(("text", "label"), *((f"evening {i}", LABELS[i % 2]) for i in range(24)), separator=","),
    b"SEP=;\n" + lines(("text", "label"), *((f"evening {i}", LABELS[i % 2]) for i in range(24)), separator=";"),
], ids=["names end otherwise", "the end otherwise", "end of file as in DOS", "commas first", "SEP"])  # fmt: skip
def test_what_old_programs_write_around_rows_is_no_row(data):
    assert found(data, "x.csv") == [(f"evening {i}", LABELS[i % 2]) for i in range(24)]


def test_commas_in_the_names_of_a_tsv_part_nothing():
    sheet = read(lines(("food, room, staff", "label"), *((f"a, b, {i}", LABELS[i % 2]) for i in range(24))), "x.tsv")
    assert sheet.names == ["food, room, staff", "label"]


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


@pytest.mark.parametrize("texts", ["とても良いお店でした", "ﾃｽﾄ の注文"])
def test_iso_2022_jp_is_read(texts):
    rows = [(f"{texts}{i}番", "良い" if i % 2 else "悪い") for i in range(24)]
    data = "".join(f"{text},{label}\n" for text, label in [("text", "label"), *rows]).encode("iso2022_jp_ext")
    sheet = read(data, "x.csv")
    assert (sheet.encoding, found(data, "x.csv")) == ("ISO-2022-JP", rows)


PORTUGUESE = "".join(f"{'SIM' if i % 2 else 'NÃO'},o jantar número {i} ficou bom\n" for i in range(24)).encode()


@pytest.mark.parametrize("data", [
    PORTUGUESE.replace("número 3".encode(), b"n\xfamero 3"), PORTUGUESE + b"\xc3",
    "".join(f"le gâteau et le théâtre {i},{LABELS[i % 2]}\n" for i in range(24)).encode("cp850"),
    "".join(f"L'Étoile du nord numéro{i},{LABELS[i % 2]}\n" for i in range(24)).encode("mac_roman"),
], ids=["one byte of Latin-1", "cut within a letter", "DOS", "old Macintosh"])  # fmt: skip
def test_european_texts_do_not_become_kana(data):
    with pytest.raises(TableError, match="or it is damaged"):
        read(b"text,label\n" + data, "x.csv")


def test_the_same_label_is_one_however_its_signs_are_stored():
    composed = ["ダメ", "グッド"]
    others = [unicodedata.normalize("NFD", "ダメ"), "グッ\u00adド"]
    rows = [(f"evening {i}", (others if i % 4 == 1 else composed)[i % 2]) for i in range(24)]
    data = "".join(f"{text},{label}\n" for text, label in [("text", "label"), *rows]).encode()
    assert set(label_counts(normalise(read(data, "x.csv"), COLUMNS))) == set(composed)


@pytest.mark.parametrize("other", [
    lambda text: unicodedata.normalize("NFD", text), lambda text: text.replace(" ", "  "),
    lambda text: text.replace(" ", "\u3000"), lambda text: text.replace(" ", "\n"), str.upper,
    lambda text: text.translate({ord("A"): "\uff21"}),
], ids=["decomposed", "two spaces", "ideographic space", "line feed", "case", "width"])  # fmt: skip
def test_a_text_never_stands_on_both_sides_of_the_split(other):
    rows = [(f"A ガッカリ evening {i}", LABELS[i % 2]) for i in range(20)]
    frame = pd.DataFrame([*rows, *((other(text), label) for text, label in rows)], columns=["text", "label"])
    table = normalise(read(frame.to_csv(index=False).encode(), "x.csv"), COLUMNS)
    assert (len(table), table.notes.duplicates) == (20, 20)


@pytest.mark.parametrize("rows", [
    [(f"とても良いお店でした{i}", "良い" if i % 2 else "悪い") for i in range(24)],
    [(f"an evening number {i}", str(i % 2)) for i in range(24)],
], ids=["Japanese", "numbers"])  # fmt: skip
def test_a_file_without_a_line_of_names_loses_no_row(rows):
    sheet = read(lines(*rows), "x.tsv")
    with pytest.raises(TableError, match="line of column names"):
        normalise(sheet, guess(sheet))


def test_a_column_may_be_called_as_one_of_its_labels():
    rows = [(f"an evening number {i}", "spam" if i % 2 else "ham") for i in range(24)]
    table = normalise(read(lines(("text", "spam"), *rows), "x.tsv"), Columns("text", "spam"))
    assert label_counts(table) == {"ham": 12, "spam": 12}


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl"])
@pytest.mark.parametrize("whole", [False, True], ids=["lines", "list"])
def test_json_is_read_as_such_whatever_it_is_called(name, whole):
    records = [json.dumps({"text": text, "label": label}) for text, label in content()]
    assert found((f"[{', '.join(records)}]" if whole else "\n".join(records)).encode(), name) == content()


def test_half_an_emoji_is_marked_and_breaks_nothing():
    rows = [(f"evening {i}" + ("\ud83d" if i == 3 else ""), LABELS[i % 2]) for i in range(24)]
    data = "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows).encode()
    sheet = read(data, "x.jsonl")
    assert guess(sheet) == COLUMNS and preview(sheet)[3]["text"] == "evening 3\ufffd"
    assert found(data, "x.jsonl")[3] == ("evening 3\ufffd", "good")


@pytest.mark.parametrize("records", [
    {"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}, {"data": [{"text": "a", "label": "x"}]},
])  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_one_object_for_all_rows_is_refused_by_what_it_is(records, indent):
    with pytest.raises(TableError, match="is one JSON object"):
        read(json.dumps(records, indent=indent).encode(), "x.json")


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
        pyarrow.ExtensionArray.from_storage(
            pyarrow.fixed_shape_tensor(pyarrow.float32(), [2]),
            pyarrow.array([[1.0, 2.0]] * 40, pyarrow.list_(pyarrow.float32(), 2)),
        ),
    ],
    ids=["year 9999", "unknown zone", "lists", "structs", "tensors"],
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
