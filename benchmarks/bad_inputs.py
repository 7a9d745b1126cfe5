"""Generated bad inputs: settings, addresses, event files on disk and as uploads.

Each must be taken or refused in a sentence, at once.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

from fda_core.analysis.summary import summarize
from fda_core.runs.imports import import_events
from fda_core.runs.index import Index
from fda_core.runs.recorder import Recorder
from fda_core.runs.snapshot import stored
from fda_core.runs.store import EVENTS, new_run_id
from fda_core.settings import presets
from fda_core.settings.assignments import from_query, from_toml
from fda_core.support.errors import LabError

ROOT = Path(__file__).parents[1]
APP = str(ROOT / "app.py")
PAGES = sorted(f"pages/{file.name}" for file in (ROOT / "pages").glob("*.py"))
SLOW = 2.0  # seconds: beyond it a page hangs
NASTY = (
    "", "-1", "0", "1e999", "nan", "inf", "-inf", "999999999999999999999", "0x10", "1e-320", "true", "none", "[]", "{}",
    "[[[[[[]]]]]]", "../../etc/passwd", "C:\\Windows", "<script>alert(1)</script>", "{{7*7}}", "${HOME}", "=1+1",
    "'", '"',
    "\x00", "\u202e", "💥", "🇯🇵" * 50, "a" * 5000, "%s%n", "'; DROP TABLE runs; --", "__import__('os')", "1,2,3",
    "🙂=1",
)  # fmt: skip


@dataclass
class Found:
    """How many inputs there were, how many were refused, and which did something else; slowest: seconds."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: dict[str, list[str]] = field(
        default_factory=lambda: {"tracebacks": [], "hangs": [], "runs_lost": [], "unclear_sentences": []}
    )

    def check(self, name: str, try_it: Callable[[], object]) -> None:
        """try_it: returns, or raises `LabError` with a sentence."""
        self.inputs += 1
        began = time.perf_counter()
        try:
            try_it()
        except LabError as error:
            self.refused += 1
            if "\n" in str(error).strip() or not str(error).rstrip().endswith((".", ")")):
                self.faults["unclear_sentences"].append(f"{name}: {error}")
        except Exception as error:
            self.faults["tracebacks"].append(f"{name}: {type(error).__name__}: {error}"[:300])
        taken = time.perf_counter() - began
        self.slowest = max(self.slowest, taken)
        if taken > SLOW:
            self.faults["hangs"].append(f"{name}: took {taken:.1f} s")


def fields() -> list[str]:
    """Every setting's dotted name, and some that do not exist."""
    settings = presets.build().to_dict()
    nested = [f"{name}.{key}" for name, value in settings.items() if isinstance(value, dict) for key in value]
    ours = ["run", "runs", "hide", "lang", "depth", "search", "tag", "lane", "round", "sites", "up", "budget"]
    return [*settings, *nested, *ours, "lanes.0.epochs", "nonsense", "__class__", "a.b.c.d"]


def configs(count: int, drawn: random.Random, found: Found, folder: Path) -> None:
    """TOML files, broken in one to three places."""
    base = presets.build().to_dict()
    for number in range(count):
        lines = [f"{name} = {drawn.choice(NASTY)}" for name in drawn.sample(fields(), drawn.randint(1, 3))]
        if drawn.random() < 0.5:
            lines = [f"{name} = '''{drawn.choice(NASTY)}'''" for name in drawn.sample(list(base), 2)]
        file = folder / "bad.toml"
        file.write_text("\n".join(lines), encoding="utf-8")
        found.check(f"config {number}", lambda file=file: presets.build(from_toml(file)))


def addresses(count: int, drawn: random.Random) -> list[dict[str, str]]:
    return [
        {name: drawn.choice(NASTY) for name in drawn.sample(fields(), drawn.randint(1, 4))} for _ in range(count)
    ]  # fmt: skip


def queries(count: int, drawn: random.Random, found: Found) -> None:
    for number, words in enumerate(addresses(count, drawn)):
        query = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in words.items())
        found.check(f"address {number}", lambda query=query: presets.build(from_query(query)))


def pages(count: int, drawn: random.Random, found: Found) -> None:
    """The same kind of addresses, each opened on a page of the app (Streamlit's AppTest)."""
    for name in PAGES:
        visit(name, {})  # what a page loads once is not its answer to a bad address
    for number, words in enumerate(addresses(count, drawn)):
        found.check(f"page {number}", partial(visit, drawn.choice(PAGES), words))


def visit(name: str, words: dict[str, str]) -> None:
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(APP, default_timeout=60)
    for word, value in words.items():
        page.query_params[word] = value
    page.switch_page(name).run()
    if page.exception:
        raise RuntimeError(f"a traceback on {name} for {words}: {page.exception[0].message}")


def event_files(count: int, drawn: random.Random, found: Found, runs: Path, sample: bytes) -> None:
    """Damaged copies of a real record in a runs folder, read and resumed; the record beside them must stay as it is."""
    good = runs / new_run_id()
    good.mkdir(parents=True)
    (good / EVENTS).write_bytes(sample)
    whole = stored(good)
    for number in range(count):
        folder = runs / new_run_id()
        folder.mkdir()
        (folder / EVENTS).write_bytes(damaged(sample, drawn))
        found.check(f"event file {number}", lambda folder=folder: read(folder))
        found.check(f"event file {number}, resumed", lambda folder=folder: resume(folder))
    listed = {entry.run_id: entry.status for entry in Index(runs).entries()}
    lost = {folder.name for folder in runs.glob("2*")} - listed.keys()
    found.faults["runs_lost"] += [f"{run_id} is not listed" for run_id in lost]
    if stored(good) != whole or listed.get(good.name) != whole.status:
        found.faults["runs_lost"].append("the run beside the damaged ones changed")


def uploads(count: int, drawn: random.Random, found: Found, runs: Path, sample: bytes) -> None:
    """Damaged copies as somebody else's record; what is taken over must be readable, and nothing else be left."""
    for number in range(count):
        data = damaged(sample, drawn)
        found.check(f"upload {number}", lambda data=data: read(runs / import_events(data, runs)))
    kept = list(runs.iterdir()) if runs.exists() else []
    found.faults["runs_lost"] += [f"{folder.name} was left behind" for folder in kept if not (folder / EVENTS).exists()]


def resume(folder: Path) -> None:
    recorder = Recorder(folder, folder.name, resume=True)
    try:
        _ = recorder.resumption
    finally:
        recorder.close()


def read(folder: Path) -> None:
    from ui.shared.frames import race_frame

    run = stored(folder)
    summarize(list(run.events))
    race_frame(run.events)


def damaged(sample: bytes, drawn: random.Random) -> bytes:
    """One to four wounds: bytes changed, cut out, doubled or put in; lines lost, swapped or foreign."""
    data = bytearray(sample)
    for _ in range(drawn.randint(1, 4)):
        place = drawn.randrange(len(data) or 1)
        match drawn.randrange(6):
            case 0:
                data[place : place + 1] = bytes([drawn.randrange(256)])
            case 1:
                del data[place : place + drawn.randint(1, 500)]
            case 2:
                data[place:place] = data[place : place + drawn.randint(1, 500)]
            case 3:
                data[place:place] = drawn.choice(NASTY).encode("utf-8", "surrogatepass")
            case 4:
                lines = bytes(data).splitlines(keepends=True)
                drawn.shuffle(lines)
                data = bytearray(b"".join(lines))
            case 5:
                numbers = [b"-1", b"1e999", b"null", b'"x"', b"[]", b"99999999999999999999"]
                data = bytearray(bytes(data).replace(b":1,", b":" + drawn.choice(numbers) + b",", drawn.randint(1, 5)))
    return bytes(data)


def measure(count: int, folder: Path, sample: bytes, seed: int = 0) -> Found:
    """At least so many inputs, a fifth of each kind; damaged files on disk count for two: read and resumed."""
    os.environ["FDA_OPT_LAB_RUNS"] = str(folder / "runs")
    found, drawn, each = Found(), random.Random(seed), -(-count // 5)
    configs(each, drawn, found, folder)
    queries(each, drawn, found)
    pages(each, drawn, found)
    event_files(-(-each // 2), drawn, found, folder / "bad", sample)
    uploads(each, drawn, found, folder / "uploaded", sample)
    return found
