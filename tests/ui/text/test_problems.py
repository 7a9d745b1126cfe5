"""Every sentence about a problem that a page can show has its Japanese one, with the same values.

The sentences are read from the core's source: what its errors are made with, what the functions return that put them
together, and the messages of lanes and runs. Left out is what only the command line says (`cli/`, `__main__.py`,
`evidence/`) and `sketch.py`, which speaks to programmers. Words for the log alone are given to no error.
"""

import ast
import itertools
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from time import perf_counter

import pytest

import fda_core
from fda_core.data import reading as files
from fda_core.data.table import Columns, normalise
from fda_core.runs.imports import import_events
from fda_core.runs.store import EVENTS
from fda_core.settings.config import ExperimentConfig
from fda_core.support.errors import ConfigError, LabError
from tests.helpers.stored_runs import keep_run
from ui.text.i18n import JOINER, catalogue
from ui.text.problems import LONGEST, NESTED, Template, said, template, templates, translated
from ui.text.viewer import reading

CORE = Path(fda_core.__file__).parent
LEFT_OUT = ("cli/", "__main__.py", "algorithm/sketch.py", "evidence/")
TREES = {
    path.relative_to(CORE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(CORE.rglob("*.py"))
    if not path.relative_to(CORE).as_posix().startswith(LEFT_OUT)
}
ERRORS = re.compile(r"\w+Error|Preempted|MissingAssets|NotEnoughMemory")
# What is given a part of a sentence, and at which place.
WITH_PARTS = {"damaged": 1, "PydanticCustomError": 1}
# Errors whose text is another error's, or comes from another module's function.
ELSEWHERE = {"gone()", "table_files.gone()", "str(error)"}
# Functions whose texts reach nobody through an error of their own: all of them count.
SPEAKING = {
    "federation/stopping.py": {"variance", "round", "verdict"}, "runs/audit.py": {"audit_lines"},
    "runs/entries.py": {"read_entry"}, "runs/record.py": {"record"}, "live/runner.py": {"_play"},
}  # fmt: skip
SPEAKING_IN_PARTS = {"runs/audit.py": {"problems", "of_round"}}
# Parts that are made elsewhere: the system's words and other libraries', and values that the core looks up.
FOREIGN = {
    *files.OTHERS.values(), "label", "site", "is finished", "is stopped", "is failed", "is elsewhere",
    "No such file or directory", "Permission denied", "Operation not permitted", "No space left on device",
    "Disk quota exceeded", "Read-only file system", "Not a directory", "Is a directory", "Directory not empty",
    "File exists", "File name too long", "File too large", "Too many open files", "Input/output error",
    "Device or resource busy",
    "string should have at most ⟪most⟫ characters", "string should have at least ⟪fewest⟫ character",
    "tuple should have at most ⟪most⟫ items after validation, not ⟪count⟫", "one of ⟪choices⟫ or ⟪last⟫",
}  # fmt: skip
JAPANESE = re.compile("[\u3041-\u30fe\u4e00-\u9fff]")
VALUE = re.compile("⟪[^⟫]*⟫")


class Scope:
    """Texts that an expression can be, as far as the source says; `⟪…⟫` stands for a value."""

    def __init__(self, module: ast.Module, function: ast.AST):
        self.functions = {node.name: node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
        self.module, self.assigned, self.asked = module, {}, set()
        for node in ast.walk(function):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.NamedExpr(target=ast.Name(id=name), value=value)
                ):
                    self.assigned.setdefault(name, []).append(value)

    def texts(self, node: ast.AST) -> list[str]:
        match node:
            case ast.Constant(value=text):
                return [text] if isinstance(text, str) else []
            case ast.JoinedStr(values=parts):
                return ["".join(texts) for texts in itertools.product(*map(self.texts, parts))]
            case ast.FormattedValue(value=inner):
                return self.texts(inner)
            case ast.IfExp():
                return self.texts(node.body) + self.texts(node.orelse)
            case ast.Name(id=name) if name in self.asked:
                return []
            case ast.Name(id=name) if any(map(self.speaks, self.assigned.get(name, []))):
                self.asked.add(name)
                found = [text for value in self.assigned[name] for text in self.texts(value)]
                self.asked.remove(name)
                return found
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in constants():
                return self.texts(constants()[name])
            case ast.Call(func=ast.Name(id=name)) if self.speaks(node):
                inside = Scope(self.module, self.functions[name])
                found = [text for value in returned(self.functions[name]) for text in inside.texts(value)]
                if any(map(says_something, found)):
                    return found
        return [f"⟪{re.sub(r'[^ -~]|[⟪⟫]', '', ast.unparse(node))}⟫"]

    def speaks(self, node: ast.AST) -> bool:
        """Whether it is worth looking into: a text, or a call of this module's function that returns texts."""
        match node:
            case ast.Constant(value=value):
                return isinstance(value, str)
            case ast.IfExp():
                return self.speaks(node.body) or self.speaks(node.orelse)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                return any(map(self.speaks, returned(self.functions[name])))
        return isinstance(node, ast.JoinedStr)


def returned(function: ast.FunctionDef) -> list[ast.expr]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]


@cache
def constants() -> dict[str, ast.expr]:
    """Texts that the core's modules give a name in capitals."""
    found = {}
    for tree in TREES.values():
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.JoinedStr() | ast.Constant(value=str())):
                    found[name] = node.value
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    found |= {
                        name.id: value for name, value in zip(names, values, strict=True)
                        if isinstance(value, ast.Constant) and isinstance(value.value, str)
                    }  # fmt: skip
    return {name: value for name, value in found.items() if name.isupper()}


def spoken(node: ast.AST) -> list[ast.expr]:
    """The argument that is a sentence."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[*_, last]) if name not in WITH_PARTS and ERRORS.fullmatch(name):
            return [last]
        case ast.Call(func=ast.Attribute(attr=name), args=[*_, last]) if ERRORS.fullmatch(name):
            return [last]
    return []


def part_in(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if name in WITH_PARTS:
            return [args[WITH_PARTS[name]]]
    return []


def all_texts(node: ast.AST) -> list[ast.expr]:
    """Of a function that speaks, without its docstring, words for the log, and variables, read where they are used."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name()]) | ast.arguments():
            return []
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
            return []
        case ast.JoinedStr():
            return [node]
        case ast.Constant(value=str(text)):
            return [node] if " " in text else []
    return [text for child in ast.iter_child_nodes(node) for text in all_texts(child)]


def gather() -> tuple[dict[str, str], dict[str, str], set[str]]:
    """Sentences and parts by the places where they are made, and arguments of errors that no text was found for."""
    whole, parts, unread = {}, {}, set()
    for name, tree in TREES.items():
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            scope, inside = Scope(tree, function), list(ast.walk(function))
            for kind, found, speaking in ((whole, spoken, SPEAKING), (parts, part_in, SPEAKING_IN_PARTS)):
                nodes = [text for node in inside for text in found(node)]
                nodes += all_texts(function) if function.name in speaking.get(name, ()) else []
                for node in nodes:
                    texts = [text for text in dict.fromkeys(scope.texts(node)) if says_something(text)]
                    kind |= {f"{name}:{node.lineno}/{place}": text for place, text in enumerate(texts, 1)}
                    unread |= set() if texts else {ast.unparse(node)}
    return whole, parts, unread


def says_something(text: str) -> bool:
    return re.search("[a-z]", VALUE.sub("", text)) is not None


def matching(text: str, nested: bool) -> Template | None:
    return next((one for one in templates("ja", nested) if one.values(text.removesuffix(".")) is not None), None)


def pieces(text: str, nested: bool = False) -> Iterator[tuple[str, Template | None]]:
    """The text, and whatever in it is translated by itself, with their templates."""
    one = matching(text, nested)
    yield text, one
    values = one.values(text.removesuffix(".")) if one else {}
    for name in NESTED & values.keys():
        yield from pieces(values[name], True)


SENTENCES, PARTS, UNREAD = gather()
ALL = [
    *(pytest.param(text, False, id=place) for place, text in SENTENCES.items()),
    *(pytest.param(text, True, id=place) for place, text in PARTS.items()),
    *(pytest.param(text, True, id=text) for text in sorted(FOREIGN)),
]


def test_the_sentences_were_found():
    texts = set(SENTENCES.values())
    assert len(texts) > 180 and len(PARTS) > 8
    assert any(text.startswith("The table of these settings is not on this machine") for text in texts)
    assert any(text.endswith("choose a whole number above ⟪_plain(bounds['gt'])⟫ upwards.") for text in texts)
    assert any(text.endswith("choose a smaller file, or a part of it.") for text in texts)
    assert "the test loss after round ⟪self.rounds⟫ is not a number any more" in texts


def test_no_error_is_made_with_a_text_that_cannot_be_read_here():
    assert UNREAD == ELSEWHERE


@pytest.mark.parametrize(("text", "nested"), ALL)
def test_every_sentence_of_the_core_is_said_in_japanese(text, nested):
    japanese = translated(text, "ja", depth=int(nested))
    assert JAPANESE.search(japanese) and japanese != text
    assert set(VALUE.findall(japanese)) == set(VALUE.findall(text))
    assert [part for part, one in pieces(text, nested) if says_something(part) and one is None] == []


def test_every_pair_is_of_a_sentence_in_the_core():
    used = {one for text, nested in (one.values for one in ALL) for _, one in pieces(text, nested)}
    assert [one.fixed for one in templates("ja", nested=True) if one not in used] == []


def test_both_halves_of_a_pair_have_the_same_placeholders_each_once_in_english():
    for one in templates("ja", nested=True):
        other = [name for _, name, _, _ in string.Formatter().parse(one.other) if name is not None]
        assert len(set(one.names)) == len(one.names) and set(other) == set(one.names), one


def told(make, *arguments, **settings) -> str:
    """What a Japanese viewer reads of the error that this raises."""
    with pytest.raises(LabError) as caught, reading("ja"):
        make(*arguments, **settings)
    with reading("ja"):
        return said(caught.value)


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
            "clients = 50 は学習用の 40 件より多くなっています。"
            "どのクライアントにも 1 件以上必要なので、40 以下を選んでください。",
        ),
        (
            {"lanes": [{"id": "a", "rule": "adaptive", "epochs": 1}]},
            "レーン a（rule = adaptive）には epochs を指定できません。",
        ),
    ],
)
def test_a_wrong_setting(settings, japanese):
    assert told(ExperimentConfig, **settings) == japanese


def test_an_unknown_model():
    words = told(ExperimentConfig, model="../etc")
    assert words.startswith("model = '../etc' は使えません。minilm-distilbert, minilm-roberta, minilm-bert のいずれか")


def test_a_bad_table():
    assert told(files.read, b"a,b\n1,2\n1,2,3\n", "x.csv") == (
        "x.csv の 3 行目にはセルが 3 個あり、列の数 2 と合いません。区切り文字を含む文章は引用符で囲んでください。"
    )
    assert told(files.read, b"%PDF-1.4", "x.csv") == (
        "x.csv はテキストの表ではありません（PDF ファイル）。開いて CSV（UTF-8）で保存してください。"
    )
    sheet = files.read(b"text,label\na,x\nb,y\n", "x.csv")
    assert told(normalise, sheet, Columns("text", "no")) == (
        "このファイルに列 'no' はありません。あるのは 'text', 'label' です。"
    )


def test_a_bad_record(tmp_path):
    assert told(import_events, b"{}\n", tmp_path) == (
        "1 行目がイベントではありません。実行が書き出したままの events.jsonl を選んでください。"
    )
    lines = (tmp_path / keep_run(tmp_path, status=None, clients=7) / EVENTS).read_bytes().splitlines(keepends=True)
    torn = told(import_events, b"".join([lines[0], *lines[2:]]), tmp_path)
    assert torn == "2 行目: 番号が 1 ではなく 2 です。実行が書き出したままの events.jsonl を選んでください。"
    # What is wrong with a setting is the settings' own sentence, within which is what is allowed.
    strange = lines[0].replace(b'"clients":7', b'"clients":-7')
    assert told(import_events, b"".join([strange, *lines[1:]]), tmp_path) == (
        "1 行目に、このバージョンでは使えない設定があります。"
        "clients = -7 は使えません。1 から 1,000 までの整数を指定してください。"
    )


def test_what_the_operating_system_says_is_translated_too(tmp_path):
    path = tmp_path / "there.csv"
    assert told(files.read_file, path) == (
        f"{path} を読み取れません（ファイルまたはフォルダがありません）。CSV ファイルのパスを指定してください。"
    )


def test_english_is_as_it_was():
    assert said(ConfigError("clients = 0 is not allowed: choose a_b.")) == "clients = 0 is not allowed: choose a_b."


@pytest.mark.parametrize("text", ["", ".", "Something else went wrong.", "clients = 0 is not allowed"])
def test_an_unknown_sentence_comes_as_it_was(text):
    with reading("ja"):
        assert said(text) == text


def test_an_unknown_reason_stays_within_a_known_sentence():
    with reading("ja"):
        assert said("run cannot be read (the dog ate it).") == "run を読み取れません（the dog ate it）。"


def test_a_value_is_no_sentence():
    """A file may be called like one, or like a placeholder."""
    with reading("ja"):
        assert said("a PDF is empty: choose a file with a line of column names.").startswith("a PDF は空です。")
        assert said("{name} is missing: give it a value.") == "{name} がありません。値を指定してください。"


def test_markdown_in_a_value_is_harmless():
    with reading("ja"):
        words = said("[x](http://evil.example) *a* is missing: give it a value.")
    assert words == rf"\[x\](http:{JOINER}//evil.example) \*a\* がありません。値を指定してください。"


def test_a_page_says_it_in_japanese_once_and_without_english(visit):
    page = visit("race", lang="ja", clients="0")
    assert [box.value for box in page.warning] == [
        catalogue("ja")["settings.bad_link"].format(
            problem="clients = 0 は使えません。1 から 1,000 までの整数を指定してください。"
        )
    ]


def test_the_template_with_more_text_of_its_own_wins():
    one, other = template("{a} is {b}.", "1 {a}{b}"), template("{a} is not {b}.", "2 {a}{b}")
    assert one.values("x is not y") == {"a": "x", "b": "not y"} and other.values("x is y") is None
    lengths = [sum(map(len, one.fixed)) for one in templates("ja", nested=True)]
    assert lengths == sorted(lengths, reverse=True)


def test_a_long_or_strange_text_takes_no_time():
    texts = [" = " * (LONGEST // 3), "Line 1: " * 200, "x" * 10 * LONGEST, "is not allowed: choose " * 80 + "."]
    began = perf_counter()
    with reading("ja"):
        for text in texts:
            said(text)
    assert perf_counter() - began < 1
