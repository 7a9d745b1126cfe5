"""What the core says, in both languages: the catalogues fit each other and the source, and real errors end to end."""

import ast
import errno
import re
from pathlib import Path

import pytest

import fda_core
from fda_core.data import reading as files
from fda_core.data.table import Columns, normalise
from fda_core.runs.imports import import_events
from fda_core.runs.store import EVENTS
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError, LabError
from fda_core.support.messages import english, pieces
from tests.helpers.stored_runs import keep_run
from ui.text import i18n
from ui.text.i18n import JOINER
from ui.text.problems import catalogue, said
from ui.text.viewer import reading

ROOT = Path(fda_core.__file__).parents[1]
PATHS = [*sorted((ROOT / "fda_core").rglob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]
NODES = [node for path in PATHS for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
KINDS = {"Message"} | {
    node.name for node in NODES
    if isinstance(node, ast.ClassDef) and {"LabError", "Message"} & {getattr(base, "id", "") for base in node.bases}
}  # fmt: skip
MADE = [
    node for node in NODES
    if isinstance(node, ast.Call) and KINDS & {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
]  # fmt: skip
JAPANESE = re.compile("[\u3041-\u30fe\u4e00-\u9fff]")


def ids(node: ast.expr) -> list[str]:
    """Patterns of the ids that the first argument of an error can be."""
    match node:
        case ast.Constant(value=str(id)):
            return [re.escape(id)]
        case ast.IfExp():
            return ids(node.body) + ids(node.orelse)
        case ast.JoinedStr(values=parts):
            return ["".join(re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in parts)]
    return []


def names(text: str) -> set[str]:
    return {name for _, name, *_ in pieces(text) if name is not None}


def test_both_catalogues_have_the_same_ids_and_the_same_values():
    japanese = catalogue("ja")
    assert list(japanese) == list(english())
    assert [id for id, text in english().items() if names(text) != names(japanese[id])] == []
    assert [id for id, text in japanese.items() if not JAPANESE.search(text) and id != "campaign.run_failed"] == []


def test_every_error_in_the_source_has_a_sentence_and_its_values():
    assert len(MADE) > 150
    for call in MADE:
        for pattern in [found for node in call.args[:1] for found in ids(node) if found]:
            known = [id for id in english() if re.fullmatch(pattern, id)]
            assert known, ast.unparse(call)
            if not any(word.arg is None for word in call.keywords):
                given = {word.arg for word in call.keywords}
                assert any(names(english()[id]) <= given for id in known), ast.unparse(call)


def test_every_sentence_is_said_somewhere():
    literals = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    patterns = [found for call in MADE for node in call.args[:1] for found in ids(node)]
    literals |= {f"system.{name}" for name in errno.errorcode.values()}
    assert [
        id for id in english() if id not in literals and not any(re.fullmatch(pattern, id) for pattern in patterns)
    ] == []


def japanese(id: str, **values) -> str:
    """The sentence of the Japanese catalogue with these values, as they are written there."""
    return catalogue("ja")[id].format(**values)


def told(make, *arguments, **settings) -> tuple[str, str]:
    """What viewers of both languages read of the error that this raises."""
    with pytest.raises(LabError) as caught:
        make(*arguments, **settings)
    with reading("en"):
        ours = said(caught.value)
    assert ours == i18n.plain(str(caught.value))
    with reading("ja"):
        return ours, said(caught.value)


@pytest.mark.parametrize(
    ("settings", "japanese"),
    [
        ({"clients": 0}, "clients = 0 は使えません。1 から 1,000 までの整数を指定してください。"),
        (
            {"client_lr": float("inf")},
            "client_lr = inf は使えません。0 より大きく 1,000,000,000 以下の数を指定してください。",
        ),
        ({"client_dropout": 1}, "client_dropout = 1 は使えません。0 以上 1 未満の数を指定してください。"),
        ({"weighting": "no"}, "weighting = 'no' は使えません。'equal', 'examples' のいずれかを指定してください。"),
        ({"weighting": True}, "weighting = True は使えません。真偽値（true、false）以外の値を指定してください。"),
        ({"lanes": []}, r"lanes = \[\] は使えません。1 個以上のリストを指定してください。"),
        ({"lanes": [{"id": "a"}]}, "lanes.0.rule がありません。値を指定してください。"),
        ({"dataset": "é" * 201}, f"dataset = '{'é' * 201}' は使えません。200 文字以内の文字列を指定してください。"),
        (
            {"clients": 50, "train_examples": 40},
            japanese("settings.too_many_clients", clients=50, examples=40),
        ),
        (
            {"lanes": [{"id": "a", "rule": "adaptive", "epochs": 1}]},
            japanese("settings.lane_takes_no", lane="a", rule="adaptive", name="epochs"),
        ),
    ],
)
def test_a_wrong_setting(settings, japanese):
    assert told(ExperimentConfig, **settings)[1] == japanese


def test_an_unknown_model():
    _, words = told(ExperimentConfig, model="../etc")
    assert words.startswith("model = '../etc' は使えません。minilm-distilbert, minilm-roberta, minilm-bert のいずれか")


def test_a_bad_table():
    assert told(files.read, b"a,b\n1,2\n1,2,3\n", "x.csv") == (
        "x.csv has 3 cells in line 3 and 2 columns: put texts with a separator into quotes.",
        japanese("data.cells", name="x.csv", line=3, seen=3, expected=2),
    )
    assert told(files.read, b"%PDF-1.4", "x.csv") == (
        "x.csv is a PDF, not a table in text: open it and save it as CSV (UTF-8).",
        japanese("data.other_kind", name="x.csv", kind=japanese("part.pdf")),
    )
    sheet = files.read(b"text,label\na,x\nb,y\n", "x.csv")
    assert told(normalise, sheet, Columns("text", "no"))[1] == (
        japanese("data.no_column", column="'no'", columns="'text', 'label'")
    )


def unchanged(id: str, **values) -> str:
    """This problem of a record, and what to choose instead."""
    return japanese("record.unchanged", reason=japanese(id, **values).removesuffix("。"))


def test_a_bad_record(tmp_path):
    assert told(import_events, b"{}\n", tmp_path) == (
        "Line 1 is not an event: it is not one whole JSON object with the fields of an event: "
        "choose a file events.jsonl as the run wrote it.",
        unchanged("record.no_event", line=1, reason=japanese("part.no_object")),
    )
    lines = (tmp_path / keep_run(tmp_path, status=None, clients=7) / EVENTS).read_bytes().splitlines(keepends=True)
    assert told(import_events, b"".join([lines[0], *lines[2:]]), tmp_path) == (
        "Line 2: its number is 2 instead of 1: choose a file events.jsonl as the run wrote it.",
        unchanged("record.line", line=2, reason=japanese("part.number", number=1, found=2)),
    )
    # What is wrong with a setting is the settings' own sentence, within which is what is allowed.
    allowed = "clients = -7 は使えません。1 から 1,000 までの整数を指定してください"
    strange = lines[0].replace(b'"clients":7', b'"clients":-7')
    assert told(import_events, b"".join([strange, *lines[1:]]), tmp_path) == (
        "Line 1: it holds a setting that this version does not take: "
        "clients = -7 is not allowed: choose a whole number from 1 to 1,000: "
        "choose a file events.jsonl as the run wrote it.",
        unchanged("record.line", line=1, reason=japanese("part.no_setting", reason=allowed)),
    )


def test_what_the_operating_system_says_is_translated_too(tmp_path):
    path = tmp_path / "there.csv"
    assert told(files.read_file, path) == (
        f"{path} cannot be read (No such file or directory): give the path of a CSV file.",
        japanese("data.file_not_read", path=path, reason=japanese("system.ENOENT")),
    )


def test_markdown_in_a_value_is_harmless():
    with reading("ja"):
        words = said(ConfigError("settings.missing", name="[x](http://evil.example) *a* {name}"))
    assert words == rf"\[x\](http:{JOINER}//evil.example) \*a\* {{name}} がありません。値を指定してください。"


def test_a_page_says_it_in_japanese_once_and_without_english(visit):
    page = visit("race", lang="ja", clients="0")
    assert [box.value for box in page.warning] == [
        i18n.catalogue("ja")["settings.bad_link"].format(
            problem="clients = 0 は使えません。1 から 1,000 までの整数を指定してください。"
        )
    ]
