"""Every sentence the code asks for exists, every sentence that exists is asked for, and its values are given."""

import ast
import fnmatch
import re
import string
from pathlib import Path

import pytest

from fda_core.atlas.cells import OURS, PEERS
from fda_core.atlas.opponents import OPPONENTS
from fda_core.models.payload import TRAINED
from fda_core.runs.snapshot import LIVE
from fda_core.settings import presets
from fda_core.settings.fields import SETTINGS, Setting
from fda_core.settings.methods import CLIENT_OPTIMIZERS, MONITORS, RULES, SERVERS
from tests.helpers.registered import throw_aways, without_words
from ui.frame.lesson_steps import data
from ui.frame.onward import PATH
from ui.settings_panel.controls import modes
from ui.shared.links import LINKS
from ui.shared.moving_timeline import WORDS
from ui.shared.row_notes import REASONS
from ui.text.glossary import terms
from ui.text.i18n import catalogue, t
from ui.text.viewer import LANGUAGES
from ui.views.budget.network_form import NUMBERS
from ui.views.evidence.evidence_page import COMMANDS, MARKS
from ui.views.inside.by_hand import WORDS as WORDS_BY_HAND
from ui.views.production.production_page import MESSAGES, PLACES, SETTLE

ROOT = Path(__file__).parents[3]
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]
ENGLISH = catalogue("en")

X, Y = ("bytes", "rounds", "epochs", "time"), ("test_loss", "accuracy", "mcc")
AGAINST = ("fewer", "tie", "more", "only_us", "only_them", "neither")
ENDED = ("finished", "stopped", "failed", "interrupted", "elsewhere")
# The choices behind keys with a computed part; a key that is not listed must at least begin like an existing one.
CHOICES = {
    "settings.*_*": [
        *(f"settings.client_{name}" for name in CLIENT_OPTIMIZERS),
        *(f"settings.server_{name}" for name in SERVERS),
    ],
    "heading.*": [f"heading.{page}" for page in (*PATH, "runs")],
    "onward.*": [f"onward.{page}" for page in PATH[1:]],
    "*_*": [
        f"saving.{kind}_{word}" for kind in ("seeds", "there", "fastest", "best") for word in ("fewer", "tie", "more")
    ],
    "opponents.*": [f"opponents.{name}" for name in OPPONENTS],
    "opponents.lane_*": [f"opponents.lane_{name.replace('-', '_')}" for name in (OURS, *PEERS)],
    "lane.*": ["lane.schedule_once", *(f"lane.{rule.replace('-', '_')}" for rule in RULES)],
    "lane.monitor_*": [f"lane.monitor_{name}" for name in MONITORS if name != "sketch"],
    "method.*": [f"method.{name}" for name, rule in RULES.items() if rule.method != "baseline"],
    "status.*": [f"status.{name}" for name in {*LIVE, *ENDED} - {"preparing"}],
    "lane_status.*": [f"lane_status.{name}" for name in ("racing", "target", "cap", "diverged", "stopped")],
    "race.*_axis": ["race.x_axis", "race.y_axis"],
    "race.*_*": [*(f"race.x_{name}" for name in X), *(f"race.y_{name}" for name in Y)],
    "chart.x_*": [f"chart.x_{name}" for name in X],
    "chart.y_*": [f"chart.y_{name}" for name in Y],
    "chrome.*": ["chrome.manager", "chrome.engineer"],
    "app.*": [f"app.{page}" for plan in data()["plans"] for page in {step["page"] for step in plan["steps"]}],
    "evidence.claim_*": [f"evidence.claim_{name}" for name in COMMANDS],
    "evidence.unit_*": [f"evidence.unit_{name}" for name in COMMANDS],
    "evidence.same_*": ["evidence.same_early_loss", "evidence.same_stable"],
    "evidence.is_*": [f"evidence.is_{name}" for name in MARKS],
    "production.*": [f"production.{place}" for place in PLACES],
    "production.message_*": [f"production.message_{name}" for name in MESSAGES],
    "production.settle_*": [f"production.settle_{name}" for name in SETTLE],
    "schedules.map_*": [f"schedules.map_{name}" for name in ("fewer", "tie", "more")],
    "schedules.*": [f"schedules.{name}" for name in ("well", "even", "ours")],
    "budget.*": [f"budget.{name}" for name in NUMBERS],
    "budget.line_*": [f"budget.line_{name}" for name in ("always", "never", "break_even", "break_even_fast")],
    "budget.unit_*": [f"budget.unit_{name}" for name in ("seconds", "minutes", "hours")],
    "budget.*_help": [f"budget.{name}_help" for name in NUMBERS],
    "budget.year_*": [f"budget.year_{name}" for name in ("fewer", "tie", "more")],
    "budget.here_*": [f"budget.here_{name}" for name in ("faster", "slower", "same")],
    "budget.link_*": [f"budget.link_{name}" for name in LINKS],
    "budget.payload_*": [f"budget.payload_{name}" for name in TRAINED],
    "own.left_*": [f"own.left_{name}" for name in REASONS],
    "predict.*": [f"predict.{name}" for name in ("fewer", "tie", "more", "alone")],
    "budget_line.*": [f"budget_line.{name}" for name in Y],
    "fair.when_*": [f"fair.when_{name}" for name, rule in RULES.items() if rule.method in ("fda", "peer")],
    "race.reference_*": [
        f"race.reference_{name.replace('-', '_')}" for name, rule in RULES.items() if rule.method == "baseline"
    ],
    "inside.rule_*": [f"inside.rule_{name}" for name, rule in RULES.items() if rule.sets_theta and not rule.published],
    "inside.by_hand_*": [f"inside.by_hand_{word}" for word in WORDS_BY_HAND],
    "inside.because_*": [
        f"inside.because_{reason}"
        for reason in ("first_round", "threshold", "epoch_cap", "fixed_schedule", "all_dropped")
    ],
    "runs.is_*": [f"runs.is_{name}" for name in {*LIVE, *ENDED, "damaged"}],
    "runs.versus_*": [f"runs.versus_{name}" for name in ("fewer", "tie", "more")],
    "runs.file_*": [f"runs.file_{name}" for name in ("csv", "json", "jsonl")],
    "runs.help_*": [f"runs.help_{name}" for name in ("csv", "json", "jsonl")],
    "film.*": [f"film.{name}" for name in WORDS],
    "story.*": [f"story.{name}" for name in AGAINST],
    "story.control_*": [f"story.control_{name}" for name in AGAINST],
    "story.work_*": [f"story.work_{name}" for name in ("fewer", "tie", "more")],
    "headline.*": [f"headline.{name}" for name in ("fewer", "tie", "more")],
    "glossary.*": [f"glossary.{id}" for id in terms()],
    "glossary.*_means": [f"glossary.{id}_means" for id in terms()],
    "glossary.*_forms": [f"glossary.{id}_forms" for id in terms()],
}
# `versus` puts these together from three parts, the last of which is sometimes empty.
COMPUTED = {f"headline.only_{winner}{yet}" for winner in ("us", "them") for yet in ("", "_yet")}


def of_setting(row: Setting) -> list[str]:
    """What a row of the table of settings asks for; its options are a registry's, or the page's own."""
    own = {"preset": presets.names(), "link": (*LINKS, "own"), "mode": modes()}
    names = own.get(row.key, row.options) if "{}" in row.option else ("",)
    return [key for key in (row.label, row.help, *(row.option.format(name) for name in names)) if key]


OF_SETTINGS = [key for row in SETTINGS for key in of_setting(row)]


def calls(path: Path) -> list[ast.Call]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("t", "named")]


def keys(argument: ast.expr) -> list[str]:
    """What a key expression can give; a computed part of an unlisted key stays an asterisk."""
    match argument:
        case ast.Constant(value=str(key)):
            return [key]
        case ast.JoinedStr(values=parts):
            shape = "".join(part.value if isinstance(part, ast.Constant) else "*" for part in parts)
            return CHOICES.get(shape, [shape])
        case ast.IfExp():
            return keys(argument.body) + keys(argument.orelse)
        case _:
            return []


def literals(path: Path) -> set[str]:
    """All texts of a file that are keys, for the keys that reach `t` through a variable."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and node.value in ENGLISH}


ASKED = [(path, call, key) for path in FILES for call in calls(path) if call.args for key in keys(call.args[0])]
USED = {key for _, _, key in ASKED} | COMPUTED | set(OF_SETTINGS) | {key for path in FILES for key in literals(path)}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_keys_were_found():
    assert len(USED) > 80 and {"race.start", "status.paused", "headline.tie", "settings.link_own"} <= USED


def test_every_key_asked_for_exists():
    assert [key for key in sorted(USED) if not fnmatch.filter(ENGLISH, key)] == []


def test_every_sentence_is_used():
    shapes = [re.compile(fnmatch.translate(used)) for used in USED if "*" in used]
    left = {key for key in ENGLISH if key.removesuffix("__manager") not in USED}
    assert sorted(key for key in left if not any(shape.match(key.removesuffix("__manager")) for shape in shapes)) == []


def test_every_placeholder_is_given():
    missing = [
        f"{path.name}:{call.lineno} {name}: {sorted(lacking)}"
        for path, call, key in ASKED
        if all(keyword.arg for keyword in call.keywords)  # not **values: the headline's own tests cover those
        for name in fnmatch.filter(ENGLISH, key)
        if (lacking := fields(ENGLISH[name]) - {keyword.arg for keyword in call.keywords})
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_keys_and_placeholders(language):
    other = catalogue(language)
    assert {key: fields(text) for key, text in other.items()} == {key: fields(text) for key, text in ENGLISH.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_or_padded(language):
    assert [key for key, text in catalogue(language).items() if not text or text != text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_monitor_and_optimiser_has_its_words(language):
    assert without_words(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_without_words_is_found(language):
    with throw_aways():
        found = without_words(language)
    assert {"settings.second-epoch", "settings.server_rmsprop"} <= set(found)
    assert {"settings.monitor_largest", "settings.client_adamax"} <= set(found)


def test_an_unknown_key_is_a_defect():
    with pytest.raises(KeyError):
        t("race.no_such_key")


def test_values_are_filled_in():
    assert t("lane.schedule", method="FedOpt", epochs=5) == "FedOpt E=5"
    assert t("status.preparing", done=1234, total=5000).endswith("1,234 of 5,000")
