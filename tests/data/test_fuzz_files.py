"""A thousand generated files with a known content: read as they were written, or refused in one sentence.

Never a traceback, never rows that differ from what was written, never more than `PATIENCE` seconds.
"""

import csv
import io
import json
import random
import signal
from collections import Counter
from collections.abc import Callable

import pyarrow
import pytest
from pyarrow import parquet

from fda_core.data import fitting
from fda_core.data.cells import cell
from fda_core.data.examples import of_table
from fda_core.data.guess import guess
from fda_core.data.reading import read
from fda_core.data.table import Columns, normalise, preview, words_of
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import LabError

FILES, SEED, PATIENCE = 500, 20261127, 20
WORDS = ["a", "good", "bad", "evening", "良い", "悪い", "café", "don't", "100%", "C:\\dir", "x=1", "😀", "naïve"]
MARKS = [
    '"',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\u0085",
    "\u200b",
    "\\",
    '\\"',
    "{",
    "(",
    '""',
    '"a"',
    " ",
]
LABELS = [
    ("good", "bad"),
    ("0", "1"),
    ("良", "悪"),
    ("yes, very", "no; not"),
    ('"a"', "b"),
    ("NA", "null"),
    ("-1", "007"),
]
HEADERS = [
    ("text", "label"),
    ("text (free, optional)", "label"),
    ("本文", "評価"),
    ("text; free", "label"),
    ("Text", " label "),
]
Rows = list[tuple[str, str, str]]


def rows_of(rng: random.Random) -> Rows:
    """Text, label and number of each row; how wild the texts are differs from file to file."""
    wild, labels = rng.choice([0, 0.1, 0.6]), rng.choice(LABELS)
    marks = rng.sample(MARKS, rng.randint(1, 4))
    found = []
    for i in range(rng.choice([12, 20, 40, 60])):
        words = rng.choices(WORDS, k=rng.randint(1, 8))
        for _ in range(3):
            if rng.random() < wild:
                words.insert(rng.randint(0, len(words)), rng.choice(marks))
        text = "".join(word + rng.choice(["", " "]) for word in words)
        if rng.random() < 0.02:
            text = rng.choice(["", " ", "\u200b", "x" * 200_000, "nul\0byte"])
        found.append((f"{text} {i}" if text.strip("\u200b ") else text, labels[i % 2], str(i)))
    return found


def quoted_csv(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    out = io.StringIO(newline="")
    separator = rng.choice(",;\t")
    writer = csv.writer(
        out, delimiter=separator, lineterminator=rng.choice(["\n", "\r\n", "\r\n", "\r"]),
        quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    )  # fmt: skip
    writer.writerows([header, *rows])
    return encoded(rng, out.getvalue()), "x.csv"


def escaped_csv(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    """As Spark writes it."""
    separator = rng.choice(",;")
    quote = lambda text: '"' + text.replace('\\"', '\\\\"').replace('"', '\\"') + '"'  # noqa: E731
    return encoded(rng, "\n".join(separator.join(map(quote, row)) for row in [header, *rows]) + "\n"), "x.csv"


def plain_text(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    """As people write it who do not quote."""
    separator, end = rng.choice("\t\t,;"), rng.choice(["\n", "\r\n"])
    return encoded(rng, end.join(separator.join(row) for row in [header, *rows])), rng.choice(["x.tsv", "x.txt"])


def ragged(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    data, name = quoted_csv(rng, header, rows)
    place = rng.randrange(len(data))
    return data[:place] + rng.choice([b"", b'"', b",", b"\n", b"\r", b"\0", b"\\", b"\xff", b"\t;"]) + data[
        place + 1 :
    ], name


def json_lines(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    ascii_only, end = rng.random() < 0.5, rng.choice(["\n", "\r\n", "\n\n"])
    lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=ascii_only) for row in rows]
    return encoded(rng, end.join(lines), cp932=False), "x.jsonl"


def json_list(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    records = [dict(zip(header, row, strict=True)) for row in rows]
    return encoded(rng, json.dumps(records, indent=rng.choice([None, 2])), cp932=False), "x.json"


def of_parquet(rng: random.Random, header: tuple[str, ...], rows: Rows) -> tuple[bytes, str]:
    kinds = [
        pyarrow.string(),
        pyarrow.large_string(),
        pyarrow.string_view(),
        pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
    ]
    columns: dict[str, pyarrow.Array] = {}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        array, kind = pyarrow.array(cells), rng.choice(kinds)
        columns[name] = array.dictionary_encode() if pyarrow.types.is_dictionary(kind) else array.cast(kind)
    unused: list[Callable[[], pyarrow.Array]] = [
        lambda: pyarrow.array([[1, 2]] * len(rows)), lambda: pyarrow.array([{"a": {"b": 1}}] * len(rows)),
        lambda: pyarrow.array([253402268400000000] * len(rows), pyarrow.timestamp("us", "Asia/Tokyo")),
        lambda: pyarrow.array([0] * len(rows), pyarrow.timestamp("ns", "No/Where")),
        lambda: pyarrow.array([b"\xff"] * len(rows)), lambda: pyarrow.nulls(len(rows)),
    ]  # fmt: skip
    if rng.random() < 0.7:
        columns = {"unused": rng.choice(unused)()} | columns
    out = io.BytesIO()
    parquet.write_table(
        pyarrow.table(columns), out, row_group_size=rng.choice([7, 1000]), use_dictionary=rng.random() < 0.5
    )
    return out.getvalue(), "x.parquet"


def encoded(rng: random.Random, text: str, cp932: bool = True) -> bytes:
    """In an encoding that can hold it."""
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", *(["cp932"] if cp932 else [])])
    try:
        data = text.encode(encoding, "strict")
    except UnicodeEncodeError:
        return text.encode()
    return data if encoding != "cp932" or data.decode(encoding) == text else text.encode()


WRITERS = [quoted_csv, quoted_csv, escaped_csv, plain_text, plain_text, json_lines, json_list, of_parquet, ragged]


def wanted(rows: Rows) -> set[tuple[str, str]]:
    """What a run should get of these rows: texts that are shown, in the form that cells have."""
    return {(cell(text)[:10_000].rstrip(), cell(label)) for text, label, _ in rows if cell(text)}


def whole(rows: Rows, writer: Callable) -> bool:
    """Whether the file says what the rows say.

    Those who do not quote cannot write line ends or separators, and a cell that happens to be in quotes loses them.
    """
    if writer is not plain_text:
        return True
    cells = [cell for text, label, _ in rows for cell in (text, label)]
    return not any(mark in cell for cell in cells for mark in ",;\t\n\r") and '"a"' not in cells


def late(*_: object) -> None:
    raise AssertionError(f"a file took more than {PATIENCE} seconds")


def one_file(rng: random.Random, number: int) -> str:
    """What becomes of a file: used, or the id of the refusal. Fails on everything else."""
    writer = rng.choice(WRITERS)
    names = (*rng.choice(HEADERS), "id")
    rows = rows_of(rng)
    data, name = writer(rng, names, rows)
    try:
        sheet = read(data, name)
        guess(sheet), preview(sheet)
        table = normalise(sheet, Columns(*map(str.strip, names[:2])))
        words_of(table.notes)
        config = fitting.build(table, {"clients": 3, "clients_per_round": 2, "max_tokens": 16})
        examples = of_table(table, config)
        assert sum(map(len, examples.partition(config))) == config.train_examples
    except LabError as error:
        sentence = str(error)
        assert sentence.endswith(".") and "\n" not in sentence and "Unexpected" not in sentence
        return f"{writer.__name__}: {error.id}"
    assert table.notes.rows == len(table) + table.notes.left_out
    got = set(zip(table.frame.text, table.frame.label, strict=True))
    if writer is not ragged and whole(rows, writer):
        assert table.notes.rows == len(rows), (number, writer.__name__)
        assert got <= wanted(rows), (number, writer.__name__, sorted(got - wanted(rows))[:2])
    return f"{writer.__name__}: used"


@pytest.mark.slow
@pytest.mark.night
def test_files_are_read_as_they_were_written_or_refused():
    outcomes: Counter[str] = Counter()
    before = signal.signal(signal.SIGALRM, late)
    try:
        for number in range(FILES):
            signal.alarm(PATIENCE)
            outcomes[one_file(random.Random(SEED + number), number)] += 1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    print("\n" + "\n".join(f"{count:5} {outcome}" for outcome, count in sorted(outcomes.items())))
    used = sum(count for outcome, count in outcomes.items() if outcome.endswith(": used"))
    assert used > FILES / 2  # or it would be about refusals only


@pytest.mark.slow
def test_the_first_round_is_reached_from_every_kind_of_file(tmp_path):
    """Files as above, through the whole way with a tiny model."""
    from fda_core.algorithm.events import Round
    from fda_core.federation.engine import run
    from fda_core.setup import prepare
    from tests.helpers.tiny_models import save

    save("bert", tmp_path / "bert")
    played = 0
    for number in range(18):
        rng = random.Random(SEED - 1 - number)
        writer = WRITERS[number % len(WRITERS)]
        data, name = writer(rng, ("text", "label", "id"), rows_of(rng))
        try:
            table = normalise(read(data, name), Columns("text", "label"))
            asked = {"clients": 3, "clients_per_round": 2, "max_tokens": 16, "rounds": 1, "model": "folder:bert"}
            config: ExperimentConfig = fitting.build(table, asked)
            home = tmp_path / str(number)
            home.mkdir()
            data_of_run = of_table(table, config)
            ready = prepare(config, models_folder=tmp_path, home=home, data=data_of_run, keep=False)
            rounds = [event for event in run(ready) if isinstance(event, Round)]
        except LabError:
            continue
        played += bool(rounds)
    assert played >= 9
