"""Quotes and separators as people really write them: each file is read as it was meant, or refused with its line."""

import json

import pandas as pd
import pytest

from fda_core.data.reading import read
from fda_core.data.sheet import TableError
from fda_core.data.table import Columns, normalise
from tests.helpers.tables import LABELS, content, found, lines


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


@pytest.mark.parametrize("rows", [
    [("Food, good\nRooms, bad", "good"), ('She said, "never again"', "bad")],
    [("Did it work?\ngood, after a while, it did", "good"), ("Was it warm?\nbad, because it rained", "bad")],
], ids=["a quote after a comma elsewhere", "an answer"])  # fmt: skip
@pytest.mark.parametrize("order", [["text", "label"], ["label", "text"]])
def test_prose_of_several_lines_is_no_row(rows, order):
    frame = pd.DataFrame([*content(), *rows], columns=["text", "label"])[order]
    assert found(frame.to_csv(index=False).encode(), "x.csv") == [*content(), *rows]


def test_a_date_that_occurs_once_does_not_hide_a_swallowed_row():
    rows = [f"window number {i},{1 + i % 3},2024-01-{1 + i % 9:02}" for i in range(40)]
    rows[7:9] = ['"window price delivery,3,2024-01-25', 'really late",3,2024-01-21']
    with pytest.raises(TableError, match=r"line 10 .* line 11"):
        read("\n".join(["text,label,date", '"so, a text",1,2024-01-01', *rows]).encode(), "x.csv")


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


@pytest.mark.parametrize("label_first", [True, False])
def test_half_a_line_in_a_quoted_text_is_no_row(label_first):
    """As Spark writes it: every line by itself has as many cells as the header."""
    rows = [(f'they said "dull {i}"\nand left, number {i}' if i in (4, 5, 6) else f"evening {i}", LABELS[i % 2])
            for i in range(40)]  # fmt: skip
    written = [('"' + text.replace('"', '\\"') + '"', label) for text, label in rows]
    written = [pair[::-1] if label_first else pair for pair in [("text", "label"), *written]]
    assert found(lines(*written, separator=","), "x.csv") == rows
