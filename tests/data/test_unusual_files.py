"""Files as people really bring them: each is read as it was meant, or refused by what is wrong."""

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
from tests.helpers.tables import COLUMNS, LABELS, content, found, lines


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


def test_only_a_first_line_can_be_a_row():
    """What JSON calls a value is its name."""
    rows = [(f"{word}{i}", LABELS[i % 2]) for i, word in enumerate(["ok", "fine", "meh"] * 8)]
    columns = Columns("message", "good")
    records = [json.dumps({"message": text, "good": label}) for text, label in rows]
    assert len(normalise(read("\n".join(records).encode(), "x.jsonl"), columns)) == 24
    with pytest.raises(TableError, match="another name than a label"):
        normalise(read(lines(("message", "good"), *rows), "x.tsv"), columns)


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


def test_texts_without_any_token_are_a_sentence():
    split = Tokens(torch.zeros(3, dtype=torch.long), torch.tensor([0, 3, 3]), torch.tensor([0, 1]))
    with pytest.raises(ConfigError, match="1 of the texts become no tokens with the tokenizer of tiny"):
        some_tokens("tiny", split)
