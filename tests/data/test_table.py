"""What of a file can be trained on, what is left out and counted, and what a table of it keeps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fda_core.data import fitting
from fda_core.data.sheet import Sheet, TableError
from fda_core.data.table import (
    LONGEST_TEXT,
    Columns,
    Notes,
    Table,
    label_counts,
    largest_site,
    normalise,
    preview,
    words_of,
)

COLUMNS = Columns("words", "kind")


def sheet(rows: list[tuple], names: tuple[str, ...] = ("words", "kind", "where")) -> Sheet:
    return Sheet(pd.DataFrame(rows, columns=list(names[: len(rows[0])]), dtype=object), "")


def good(count: int = 20) -> list[tuple]:
    return [(f"text {i}", "ab"[i % 2], "north") for i in range(count)]


@pytest.mark.parametrize(
    ("extra", "notes"),
    [
        ([], Notes()),
        ([("", "a", ""), ("  ", "b", ""), ("x", "", ""), ("y", None, ""), ("z", float("nan"), "")], Notes(empty=5)),
        ([("w", "NaN", "")], Notes(empty=1)),
        ([("text 1", "b", ""), ("TEXT 1 ", "b", "")], Notes(duplicates=2)),
        ([("text 1", "a", "")], Notes(contradictions=2)),
        ([("alone", "c", "")], Notes(rare=1)),
        ([("x" * 1_000_000, "a", "")], Notes(cut=1)),
    ],
    ids=["nothing", "empty", "nan", "twice", "two labels", "single example", "a cell of a million"],
)
def test_what_is_left_out_is_counted(extra, notes):
    found = normalise(sheet(good() + extra), COLUMNS)
    assert found.notes == replace(notes, rows=20 + len(extra))
    assert len(found) == 20 + len(extra) - notes.left_out


def test_a_long_text_is_cut():
    found = normalise(sheet([*good(), ("x" * 1_000_000, "a", "")]), COLUMNS)
    assert found.frame.text.map(len).max() == LONGEST_TEXT


def test_labels_of_numbers_are_in_their_order_and_whole_ones_lose_their_point():
    found = normalise(sheet([(f"text {i}", float(i % 12), "") for i in range(48)]), COLUMNS)
    assert found.labels == tuple(str(i) for i in range(12))


def test_fifty_labels_are_taken():
    found = normalise(sheet([(f"text {i}", f"label {i % 50:02}", "") for i in range(200)]), COLUMNS)
    assert len(found.labels) == 50
    assert label_counts(found)["label 49"] == 4


def test_truth_values_and_dates_are_labels_too():
    found = normalise(sheet([(f"text {i}", bool(i % 2), "") for i in range(20)]), COLUMNS)
    assert found.labels == ("False", "True")


def test_formulas_are_texts():
    rows = [(f'=HYPERLINK("http://x/{i}")', "=1" if i % 2 else "+2", "") for i in range(20)]
    found = normalise(sheet(rows), COLUMNS)
    assert set(found.labels) == {"=1", "+2"}
    assert found.frame.text.str.startswith("=HYPERLINK").all()


def test_small_sites_share_a_client():
    rows = [(f"text {i}", "ab"[i % 2], "north" if i < 12 else "south" if i < 18 else f"s{i}") for i in range(24)]
    found = normalise(sheet(rows), Columns("words", "kind", client="where"))
    assert found.clients == ("north", "south", "")
    assert np.bincount(found.client_numbers).tolist() == [12, 6, 6]
    assert found.notes.merged == 6
    assert "together one client: 6" in words_of(found.notes)


def test_a_single_small_site_keeps_its_name():
    rows = [(f"text {i}", "ab"[i % 2], "north" if i < 18 else "south") for i in range(20)]
    found = normalise(sheet(rows), Columns("words", "kind", client="where"))
    assert found.clients == ("north", "south")
    assert found.notes.merged == 0


def test_rows_without_a_site_are_left_out_only_where_sites_count():
    rows = [*good(), ("somewhere", "a", "")]
    assert len(normalise(sheet(rows), COLUMNS)) == 21
    assert normalise(sheet(rows), Columns("words", "kind", client="where")).notes == Notes(rows=21, empty=1)


def test_pairs_are_two_texts():
    rows = [(f"first {i // 2}", "ab"[i % 2], f"second {i}") for i in range(20)]
    found = normalise(sheet(rows), Columns("words", "kind", text_pair="where"))
    assert found.notes == Notes(rows=20)  # the same first text with another second one is another example
    assert list(found.frame) == ["text", "text_pair", "label"]


def test_a_table_comes_back_from_its_file_and_its_names_do_not():
    found = normalise(sheet(good()), Columns("words", "kind", client="where"))
    data = found.to_parquet()
    again = Table.from_parquet(data)
    assert again.sha256 == found.sha256
    assert again.frame.to_dict("list") == found.frame.to_dict("list")
    assert b"words" not in data and b"kind" not in data and b"where" not in data


@pytest.mark.parametrize("change", [("text", 3), ("label", 4), ("client", 5)])
def test_another_content_has_another_digest(change):
    found = normalise(sheet(good()), Columns("words", "kind", client="where"))
    name, row = change
    frame = found.frame.copy()
    frame.loc[row, name] = "c"
    assert Table(frame).sha256 != found.sha256


def test_a_damaged_table_is_a_sentence():
    with pytest.raises(TableError, match="damaged"):
        Table.from_parquet(b"PAR1 and nothing else")


def test_a_preview_cuts_long_cells():
    assert preview(sheet([("x" * 1000, None, 3)]))[0] == {"words": "x" * 200 + "…", "kind": "", "where": "3"}


def test_the_largest_site_is_known_where_sites_are_the_clients():
    rows = [(f"text {i}", "ab"[i % 2], "north" if i < 30 else "south") for i in range(40)]
    table = normalise(sheet(rows), Columns("words", "kind", None, "where"))
    natural = fitting.build(table, {})
    assert largest_site(natural, table) == 0.75
    assert (
        largest_site(fitting.build(table, {"partition": "dirichlet", "clients": 4, "clients_per_round": 2}), table)
        is None
    )
    assert largest_site(natural, None) is None
