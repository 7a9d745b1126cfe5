"""What the product code must not contain, read from its syntax trees, and the settings of the server that matter."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [ROOT / "app.py", ROOT / "classroom.py"]
    + [path for folder in ("fda_core", "ui", "pages") for path in (ROOT / folder).rglob("*.py")]
)
SCRIPTS = sorted((ROOT / "ui").rglob("*.js"))

# Modules that turn bytes into code, start programs or reach the network.
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code", "runpy", "subprocess", "pty",
    "multiprocessing", "socket", "ssl", "http", "urllib.request", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "xmlrpc", "huggingface_hub", "yaml", "ctypes",
}  # fmt: skip
CALLS = {
    "eval", "exec", "compile", "__import__", "importlib.import_module", "torch.load", "torch.hub.load", "numpy.load",
    "pandas.read_pickle", "os.system", "os.popen", "datasets.load_dataset", "datasets.load_from_disk",
}  # fmt: skip
METHODS = {"from_pretrained", "read_pickle", "to_pickle", "read_html", "html", "iframe"}
# Keywords that switch a protection off; only False may be written there.
SWITCHES = {
    "shell", "unsafe_allow_html", "unsafe_allow_javascript", "trust_remote_code", "allow_pickle", "allow_dangerous",
}  # fmt: skip

ALLOWED = {
    # The entry script itself, for a first visitor who comes by a page's own address; a constant path.
    ("ui/state/session.py", "import runpy"),
    # Starts the server and asks the system for the machine's own address; no shell, no outside words.
    ("fda_core/cli/serve.py", "import subprocess"),
    ("fda_core/cli/serve.py", "import socket"),
    # Flower, in an environment of its own; no shell, no outside words.
    ("ui/views/production/on_flower.py", "import subprocess"),
    # The command line plays several runs at once; what is pickled passes only between its own processes.
    ("fda_core/atlas/campaign.py", "import multiprocessing"),
    # Files of a dataset on the hub; `datasets` 5 runs no code that a dataset brings.
    ("fda_core/data/hub_datasets.py", "datasets.load_dataset"),
    # The files of a model on the hub, by name, and errors to tell apart; then what reads them: safetensors only, and no
    # remote code (tests/models/test_external.py).
    ("fda_core/models/hub_files.py", "import huggingface_hub"),
    ("fda_core/models/weights.py", "from_pretrained()"),
    ("fda_core/models/vocabulary.py", "from_pretrained()"),
    # Style rules, constants but for keys of widgets, which are checked.
    ("ui/frame/style.py", "html()"),
    # Sentences of the catalogue, and numbers, under sliders.
    ("ui/settings_panel/controls.py", "html()"),
}


class Finder(ast.NodeVisitor):
    """Collects what is forbidden; names are followed through `import … as …`."""

    def __init__(self):
        self.names: dict[str, str] = {}
        self.found: list[str] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else ""
            self._imported(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            if not self._imported(node.module or ""):
                self._imported(f"{node.module}.{alias.name}")

    def _imported(self, name: str) -> bool:
        parts = name.split(".")
        stems = {".".join(parts[: i + 1]) for i in range(len(parts))}
        if hit := sorted(stems & MODULES):
            self.found.append(f"import {hit[0]}")
        return bool(hit)

    # A function that is handed on is as good as called.
    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and self.full_name(node) in CALLS:
            self.found.append(self.full_name(node))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if self.full_name(node) in CALLS:
            self.found.append(self.full_name(node))
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in METHODS:
            self.found.append(f"{method}()")
        if method in ("markdown", "caption") and len(node.args) > 1:  # the second is unsafe_allow_html
            self.found.append("unsafe_allow_html")
        for keyword in node.keywords:
            off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in SWITCHES and not off:
                self.found.append(keyword.arg)
            if keyword.arg == "weights_only" and off:
                self.found.append(keyword.arg)
        self.generic_visit(node)

    def full_name(self, node: ast.expr) -> str:
        """`t.load` as torch.load after `import torch as t`; empty for what is not a plain dotted name."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id) or node.id
        if isinstance(node, ast.Attribute) and (stem := self.full_name(node.value)):
            return f"{stem}.{node.attr}"
        return ""


def findings(source: str) -> list[str]:
    finder = Finder()
    finder.visit(ast.parse(source))
    return finder.found


def in_product() -> set[tuple[str, str]]:
    return {
        (path.relative_to(ROOT).as_posix(), what)
        for path in FILES
        for what in findings(path.read_text(encoding="utf-8"))
    }


def test_the_product_runs_no_foreign_code_and_shows_no_foreign_html():
    assert len(FILES) > 40  # the walk has found them
    assert in_product() - ALLOWED == set()


def test_nothing_is_allowed_that_is_not_there():
    assert in_product() >= ALLOWED


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "import pickle"),
        ("from pickle import loads", "import pickle"),
        ("import urllib.request", "import urllib.request"),
        ("from urllib import request", "import urllib.request"),
        ("def f():\n    import marshal", "import marshal"),
        ("import torch as t\nt.load(file)", "torch.load"),
        ("from torch import load as read\nread(file)", "torch.load"),
        ("import torch\nreaders = [torch.load]", "torch.load"),
        ("eval(text)", "eval"),
        ("list(map(eval, texts))", "eval"),
        ("exec(text)", "exec"),
        ("import importlib\nimportlib.import_module(name)", "importlib.import_module"),
        ("import os\nos.system(text)", "os.system"),
        ("run(words, shell=True)", "shell"),
        ("run(words, shell=flag)", "shell"),
        ("st.markdown(text, unsafe_allow_html=True)", "unsafe_allow_html"),
        ("st.markdown(text, True)", "unsafe_allow_html"),
        ("place.caption(text, True)", "unsafe_allow_html"),
        ("st.html(text)", "html()"),
        ("Model.from_pretrained(name)", "from_pretrained()"),
        ("load(name, trust_remote_code=True)", "trust_remote_code"),
        ("load(file, weights_only=False)", "weights_only"),
        ("pd.read_pickle(file)", "read_pickle()"),
    ],
)
def test_the_search_finds(source, what):
    assert what in findings(source)


@pytest.mark.parametrize(
    "source",
    ["model.eval()", "run(words, shell=False)", "st.markdown(text)", "from urllib.parse import quote", "re.compile(x)"],
)
def test_the_search_leaves_alone(source):
    assert findings(source) == []


def test_the_script_of_the_page_makes_no_html_and_no_code_of_text():
    assert SCRIPTS
    for script in SCRIPTS:
        forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
        assert re.findall(forbidden, script.read_text(encoding="utf-8")) == [], script.name


@pytest.mark.parametrize(
    ("section", "setting", "value"),
    [
        ("server", "address", "127.0.0.1"),
        ("server", "enableXsrfProtection", True),
        ("server", "enableCORS", True),  # Streamlit's name for refusing other origins
        ("server", "maxUploadSize", 20),  # MB: an imported record may have as many
        ("server", "maxMessageSize", 50),  # MB
        ("browser", "gatherUsageStats", False),
        ("client", "showErrorDetails", "none"),
        ("client", "showErrorLinks", False),
        ("client", "toolbarMode", "minimal"),
    ],
)
def test_the_server_is_set_up_closed(section, setting, value):
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings[section][setting] == value


@pytest.mark.parametrize("setting", ["enableAgentApi", "trustedUserHeaders", "corsAllowedOrigins", "cookieSecret"])
def test_what_would_open_it_is_left_at_its_default(setting):
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert setting not in settings["server"]
