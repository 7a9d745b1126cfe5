"""One call registers a rule, a server, a monitor or a client optimiser: settings, run, cost, command line have it."""

import functools
import json

import pytest

from fda_core import cli
from fda_core.algorithm.events import LaneFinished
from fda_core.algorithm.monitors import make_monitor
from fda_core.cost.estimate import estimate
from fda_core.models.memory import needed
from fda_core.runs.record import record
from fda_core.settings import presets
from fda_core.settings.assignments import from_query, from_toml, to_query, to_toml
from fda_core.settings.config import ExperimentConfig, LaneSpec
from fda_core.settings.methods import RULES, RuleKind
from fda_core.support.errors import ConfigError
from tests.cost.test_estimate import TIMINGS
from tests.helpers.fake import Fake
from tests.helpers.registered import CLIENT, MONITOR, REGISTRIES, RULE, SERVER, throw_aways
from tests.helpers.tiny import play, rounds, tiny_config

LANE = {"id": "ours", "rule": RULE.name, "max_epochs": 5, "monitor": MONITOR.name}
METHOD = {"server_optimizer": SERVER.name, "client_optimizer": CLIENT.name}


@pytest.fixture
def registered():
    with throw_aways():
        yield


@pytest.fixture
def lane(registered) -> LaneSpec:
    return LaneSpec(**LANE)


def test_it_plays(lane):
    events = play(lane, **METHOD, client_lr=0.05)
    assert [event.epochs for event in rounds(events)] == [2, 2, 2, 2]
    assert {event.reason for event in rounds(events)} == {"threshold"}
    assert [event.status for event in events if isinstance(event, LaneFinished)] == ["cap"]


def test_it_plays_beside_those_of_the_house_and_changes_nothing_for_them(registered):
    fedopt = LaneSpec(id="fedopt", rule="schedule", epochs=2)
    alone, beside = play(fedopt), play(fedopt, LaneSpec(**LANE))
    assert [event.test_loss for event in rounds(alone)] == [event.test_loss for event in rounds(beside, "fedopt")]


def test_what_a_lane_has_to_say_is_asked_for(registered):
    with pytest.raises(ConfigError, match=f"lane a with rule {RULE.name} needs max_epochs"):
        ExperimentConfig(lanes=[{"id": "a", "rule": RULE.name}])
    with pytest.raises(ConfigError, match="takes no theta"):
        ExperimentConfig(lanes=[LANE | {"theta": 1.0}])


def test_it_brings_its_rate(registered):
    assert ExperimentConfig(server_optimizer=SERVER.name).server_lr == SERVER.lr
    config = ExperimentConfig(lanes=[LANE | {"server": SERVER.name}])
    assert config.server_of(config.lanes[0]) == (SERVER.name, SERVER.lr)


def test_toml_and_address_bring_it_back(lane, tmp_path):
    config = presets.build({"lanes": (lane,), **METHOD})
    (tmp_path / "run.toml").write_text(to_toml(config))
    assert presets.build(from_toml(tmp_path / "run.toml")) == config
    assert presets.build(from_query(to_query(config, presets.build()))) == config


def test_it_has_a_price(lane):
    config = tiny_config(lane, **METHOD, clients_per_round=2)
    known = estimate(config, 3, TIMINGS)
    assert (known.lanes[0].epochs.likely, known.lanes[0].epochs.most) == (8, 20)
    state = 4 * MONITOR.numbers(3)
    assert known.lanes[0].round_bytes.likely == 2 * 2 * 4 * 3 + 2 * 2 * (state + 1)
    assert state == make_monitor(MONITOR.name, 3, 0).state_bytes
    plain = config.model_copy(update={"server_optimizer": "sgd", "client_optimizer": "sgd"})
    vectors = 2 * CLIENT.vectors + SERVER.vectors
    shape = TIMINGS.shape
    assert needed(shape, config) - needed(shape, plain) == 4 * vectors * shape.trained


def test_the_command_line_takes_it(registered, tmp_path, monkeypatch):
    monkeypatch.setattr("fda_core.cli.play.record", functools.partial(record, produce=Fake()))
    words = ["rounds=2", f"server_optimizer={SERVER.name}", f"client_optimizer={CLIENT.name}"]
    words.append(f'lanes=[{{id="ours", rule="{RULE.name}", max_epochs=5, monitor="{MONITOR.name}"}}]')
    sets = [part for word in words for part in ("--set", word)]
    assert cli.main(["run", "--out", str(tmp_path / "out"), *sets]) == 0
    kept = json.loads((tmp_path / "out" / "config.json").read_text())
    assert kept["lanes"][0]["rule"] == RULE.name
    assert (kept["server_optimizer"], kept["server_lr"]) == (SERVER.name, SERVER.lr)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("server_optimizer=nobody", SERVER.name), ("client_optimizer=nobody", CLIENT.name),
        ('lanes=[{id="a", rule="nobody", epochs=1}]', RULE.name),
        ('lanes=[{id="a", rule="schedule", epochs=1, monitor="nobody"}]', MONITOR.name),
    ],
)  # fmt: skip
def test_who_mistypes_is_told_of_it(word, name, capsys, tmp_path):
    mistyped = ["run", "--out", str(tmp_path / "out"), "--set", word]
    with throw_aways():
        assert cli.main(mistyped) == 2
    assert f" or '{name}'." in capsys.readouterr().err
    assert cli.main(mistyped) == 2
    assert name not in capsys.readouterr().err


def test_afterwards_nothing_of_it_is_left():
    before = {kind: list(rows) for kind, rows in REGISTRIES.items()}
    with throw_aways():
        assert {kind: list(rows)[:-1] for kind, rows in REGISTRIES.items()} == before
    assert {kind: list(rows) for kind, rows in REGISTRIES.items()} == before
    with pytest.raises(ConfigError):
        ExperimentConfig(server_optimizer=SERVER.name)


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="adaptive is registered already"):
        RULES.add(RULES["adaptive"])
    assert list(RULES).count("adaptive") == 1


@pytest.mark.parametrize(
    ("method", "needs"), [("fda", ("epochs",)), ("fda", ("theta",)), ("fedopt", ("max_epochs",)), ("baseline", ())]
)
def test_a_rule_whose_rounds_nothing_ends_is_refused(method, needs):
    with pytest.raises(ValueError, match="has to need"):
        RuleKind(name="endless", method=method, needs=needs, implementation=RULE.implementation)
