"""The headline says what the numbers say, whoever is ahead, at every moment of a run."""

import re

import pytest

from fda_core.analysis.summary import Cost, LaneSummary
from fda_core.settings.config import ExperimentConfig, LaneSpec, Target
from tests.helpers.words import says
from ui.text import sentences
from ui.text.i18n import catalogue
from ui.text.viewer import reading

E1 = LaneSpec(id="fedopt-e1", rule="schedule", epochs=1)
E5 = LaneSpec(id="fedopt-e5", rule="schedule", epochs=5)
FDA = LaneSpec(id="fda-opt", rule="adaptive", max_epochs=10)
FIXED = LaneSpec(id="fda-fixed", rule="fixed", theta=0.3, max_epochs=10)
ACCURACY, LOSS = Target(metric="accuracy", value=0.7), Target(metric="test_loss", value=0.6)


def cost(megabytes: float, epochs: int) -> Cost:
    return Cost(rounds=max(1, epochs), local_epochs=epochs, bytes=round(megabytes * 1e6), simulated_seconds=60.0)


def lane(spec: LaneSpec, reached: Cost | None = None, spent: Cost | None = None, status=None, best=(0.65, 0.62)):
    """A lane's summary; `spent` so far, `best` accuracy and test loss."""
    spent = spent or reached or cost(50, 20)
    return LaneSummary(
        lane=spec.id, status=status, spent=spent, bytes_down=0, bytes_up=0, bytes_monitor=0,
        best_accuracy=best[0], best_test_loss=best[1], to_target=reached,
    )  # fmt: skip


def unstarted(spec: LaneSpec, status=None) -> LaneSummary:
    return lane(spec, spent=Cost(0, 0, 0, 0.0), status=status, best=(None, None))


# What a placeholder may hold; without it "only us" would read like "only them".
FORMS = {
    "us": r"FDA-OPT M=\d+|FDA Θ=[\d.]+", "them": r"FedOpt E=\d+", "lane": r"F\S+ \S+", "best": r"[\d.]+(?: %)?",
    "goal": r"[\d.]+ % accuracy|a test loss of [\d.]+",
}  # fmt: skip


def placeholder(name: str) -> str:
    """Numbers of local epochs come with their noun, except the first of a pair."""
    noun = " local epochs?" if name in ("epochs", "late_epochs", "their_epochs") else ""
    return f"(?P<{name}>{FORMS.get(name, '[0-9.,]+')}){noun}"


def read(sentence: str) -> tuple[str, dict[str, str]]:
    """The headline of the catalogue that a sentence was made from, and the values in it."""
    for key, text in catalogue("en").items():
        pattern = re.sub(r"\\{(\w+)\\}", lambda m: placeholder(m[1]), re.escape(text))
        if key.startswith("headline.") and "goal_" not in key and (match := re.fullmatch(pattern, sentence)):
            return key.removeprefix("headline."), match.groupdict()
    raise AssertionError(f"no headline reads {sentence!r}")


def versus(ours: LaneSummary, theirs: LaneSummary, running=False, target=ACCURACY, them=E1) -> tuple[str, dict]:
    return read(sentences.versus(FDA, them, ours, theirs, target, running))


def headline(*lanes: LaneSummary, running=False, specs=(E1, E5, FDA), target=ACCURACY) -> str:
    return sentences.headline(ExperimentConfig(lanes=specs, target=target), lanes, running)


@pytest.mark.parametrize(
    ("ours", "theirs", "key", "times", "work"),
    [
        (cost(100, 60), cost(300, 20), "fewer", "3.0", "3.0"),
        (cost(300, 60), cost(100, 20), "more", "3.0", "3.0"),
        (cost(158, 48), cost(682, 53), "fewer", "4.3", "0.9"),
        (cost(158, 58), cost(142, 55), "more", "1.1", "1.1"),
        (cost(100, 60), cost(104, 20), "tie", None, "3.0"),
        (cost(104, 60), cost(100, 20), "tie", None, "3.0"),
        (cost(100, 60), cost(106, 20), "fewer", "1.1", "3.0"),
        (cost(106, 60), cost(100, 20), "more", "1.1", "3.0"),
        (cost(100, 60), cost(100, 60), "tie", None, "1.0"),
    ],
    ids=["fewer", "more", "fewer and less work", "a little more", "tie above", "tie below", "over 5 %", "under 5 %",
         "equal"],
)  # fmt: skip
def test_two_costs_are_compared_in_bytes_and_in_work(ours, theirs, key, times, work):
    found, values = versus(lane(FDA, ours), lane(E1, theirs))
    assert (found, values.get("times"), values["work"]) == (key, times, work)


def test_the_numbers_in_the_comparison_are_the_given_ones():
    _, values = versus(lane(FDA, cost(158, 48)), lane(E1, cost(682, 53)))
    assert values == {
        "goal": "70 % accuracy", "us": "FDA-OPT M=10", "them": "FedOpt E=1", "our_mb": "158", "their_mb": "682",
        "times": "4.3", "work": "0.9", "our_epochs": "48", "their_epochs": "53",
    }  # fmt: skip


@pytest.mark.parametrize("running", [True, False])
def test_two_lanes_at_the_target_are_compared_alike_while_others_race(running):
    assert versus(lane(FDA, cost(1, 2)), lane(E1, cost(2, 2)), running)[0] == "fewer"


@pytest.mark.parametrize(
    ("ours", "theirs", "running", "key"),
    [
        (lane(FDA, cost(20, 30)), lane(E1), True, "only_us_yet"),
        (lane(FDA, cost(20, 30)), lane(E1), False, "only_us"),
        (lane(FDA, cost(20, 30)), lane(E1, status="cap"), True, "only_us"),
        (lane(FDA, cost(20, 30)), lane(E1, status="diverged"), True, "only_us"),
        (lane(FDA), lane(E1, cost(20, 30)), True, "only_them_yet"),
        (lane(FDA), lane(E1, cost(20, 30)), False, "only_them"),
        (lane(FDA, status="diverged"), lane(E1, cost(20, 30)), True, "only_them"),
        (lane(FDA), lane(E1), True, "neither_yet"),
        (lane(FDA, status="cap"), lane(E1), True, "neither_yet"),
        (lane(FDA, status="cap"), lane(E1, status="cap"), True, "neither"),
        (lane(FDA), lane(E1), False, "neither"),
    ],
    ids=["us, running", "us, stopped", "us, they ended", "us, they diverged", "them, running", "them, stopped",
         "them, we diverged", "none, running", "none, one ended", "none, both ended", "none, stopped"],
)  # fmt: skip
def test_a_lane_that_has_not_reached_the_target_is_not_compared(ours, theirs, running, key):
    assert versus(ours, theirs, running)[0] == key


@pytest.mark.parametrize("winner", [FDA, E1], ids=["us", "them"])
def test_the_winner_and_the_late_lane_keep_their_own_numbers(winner):
    ours = lane(FDA, cost(20, 30) if winner is FDA else None, spent=cost(41, 77))
    theirs = lane(E1, cost(20, 30) if winner is E1 else None, spent=cost(41, 77))
    key, values = versus(ours, theirs)
    assert key == ("only_us" if winner is FDA else "only_them")
    assert (values["mb"], values["epochs"], values["late_mb"], values["late_epochs"]) == ("20", "30", "41", "77")
    assert (values["us"], values["them"]) == ("FDA-OPT M=10", "FedOpt E=1")


def test_the_headline_compares_with_every_fedopt_lane_in_order():
    text = headline(lane(E1, cost(300, 20)), lane(E5, cost(90, 60)), lane(FDA, cost(100, 60)))
    first, second = text.split(". To reach ")
    assert read(first + ".")[1]["them"] == "FedOpt E=1"
    assert (read("To reach " + second)[0], read("To reach " + second)[1]["them"]) == ("more", "FedOpt E=5")


def test_the_headline_finds_lanes_by_id_whatever_their_order():
    text = headline(lane(FDA, cost(100, 60)), lane(E1, cost(300, 20)), specs=(E1, FDA))
    assert read(text)[1]["their_mb"] == "300"


@pytest.mark.parametrize(
    ("target", "running", "key", "best_lane", "best"),
    [
        (ACCURACY, True, "nobody_yet", "FedOpt E=5", "66.1 %"),
        (ACCURACY, False, "nobody", "FedOpt E=5", "66.1 %"),
        (LOSS, True, "nobody_yet", "FDA-OPT M=10", "0.612"),
        (LOSS, False, "nobody", "FDA-OPT M=10", "0.612"),
    ],
    ids=["accuracy, running", "accuracy, ended", "loss, running", "loss, ended"],
)
def test_while_nobody_is_there_the_best_lane_is_named(target, running, key, best_lane, best):
    lanes = lane(E1, best=(0.64, 0.63)), lane(E5, best=(0.661, 0.62)), lane(FDA, best=(0.65, 0.612))
    found, values = read(headline(*lanes, running=running, target=target))
    assert (found, values["lane"], values["best"]) == (key, best_lane, best)


def test_a_lane_without_a_finite_loss_cannot_be_the_best():
    lanes = unstarted(E1, status="diverged"), lane(E5, best=(0.6, 0.66)), unstarted(FDA)
    assert read(headline(*lanes, target=LOSS))[1]["lane"] == "FedOpt E=5"


def test_when_every_lane_has_ended_nobody_is_awaited():
    lanes = [lane(spec, status="cap") for spec in (E1, E5, FDA)]
    assert read(headline(*lanes, running=True))[0] == "nobody"


@pytest.mark.parametrize(("running", "key"), [(True, "nothing_yet"), (False, "nothing")])
def test_before_the_first_round_nobody_is_the_best(running, key):
    assert read(headline(unstarted(E1), unstarted(E5), unstarted(FDA), running=running))[0] == key


@pytest.mark.parametrize(
    ("lanes", "specs", "keys"),
    [
        ((lane(FDA, cost(20, 30)),), (FDA,), ["alone"]),
        ((lane(E1, cost(20, 30)), lane(E5)), (E1, E5), ["alone", "alone_not"]),
        ((lane(FDA, cost(20, 30)), lane(FIXED)), (FDA, FIXED), ["alone", "alone_not"]),
    ],
    ids=["one lane", "FedOpt only", "FDA only"],
)
def test_without_an_opponent_each_lane_speaks_for_itself(lanes, specs, keys):
    assert headline(*lanes, specs=specs) == " ".join(
        sentences.alone(spec, found, ACCURACY, False) for spec, found in zip(specs, lanes, strict=True)
    )
    assert [read(sentences.alone(s, found, ACCURACY, False))[0] for s, found in zip(specs, lanes, strict=True)] == keys


def test_with_several_fda_lanes_fda_opt_meets_every_fedopt_lane_and_the_others_the_first():
    smoothed = LaneSpec(id="smoothed", rule="smoothed", max_epochs=10)
    specs = E1, E5, FDA, smoothed, FIXED
    lanes = [lane(spec, cost(20 * i, 30)) for i, spec in enumerate(specs, 1)]
    pairs = [(FDA, E1), (FDA, E5), (smoothed, E1), (FIXED, E1)]
    found = {spec.id: summary for spec, summary in zip(specs, lanes, strict=True)}
    expected = [sentences.versus(us, them, found[us.id], found[them.id], ACCURACY, False) for us, them in pairs]
    assert headline(*lanes, specs=specs) == " ".join(expected)


def test_a_lane_that_sends_nothing_is_not_said_to_need_zero_megabytes():
    text = sentences.alone(BASELINES[0], lane(BASELINES[0], cost(0, 3)), ACCURACY, False)
    assert text == "All data in one place reached 70 % accuracy with 3 local epochs and sent nothing."


def test_alone_and_still_racing_is_not_a_failure():
    assert read(sentences.alone(FDA, lane(FDA), ACCURACY, True))[0] == "alone_not_yet"
    assert read(sentences.alone(FDA, lane(FDA, status="cap"), ACCURACY, True))[0] == "alone_not"


@pytest.mark.parametrize(
    ("spec", "label"),
    [(E1, "FedOpt E=1"), (E5, "FedOpt E=5"), (FDA, "FDA-OPT M=10"), (FIXED, "FDA Θ=0.3")],
    ids=lambda value: getattr(value, "id", None),
)
def test_a_lane_is_named_by_its_method_and_its_setting(spec, label):
    assert sentences.lane_label(spec) == label


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (ACCURACY, "70 % accuracy"),
        (Target(metric="accuracy", value=0.625), "62.5 % accuracy"),
        (Target(metric="accuracy", value=0.29), "29 % accuracy"),
        (LOSS, "a test loss of 0.6"),
    ],
    ids=["percent", "half percent", "no rounding error", "loss"],
)
def test_the_goal_in_words(target, words):
    assert sentences.goal(target) == words


COSTS = [None, cost(0.4, 2), cost(12300, 400)]
EVERY_PAIR = [
    (lane(FDA, ours, spent, status), lane(E1, theirs, spent, status), running, target)
    for ours in COSTS for theirs in COSTS for spent in (None, cost(1.3, 1)) for status in (None, "diverged", "stopped")
    for running in (True, False) for target in (ACCURACY, LOSS)
]  # fmt: skip


def test_no_case_leaves_a_placeholder_or_a_bare_number():
    for ours, theirs, running, target in EVERY_PAIR:
        text = headline(theirs, ours, running=running, specs=(E1, FDA), target=target)
        assert text.endswith(".") and text[0].isupper()
        assert not re.search(r"[{}]|None|nan|inf\b", text), text


def test_one_is_not_counted_in_the_plural():
    plural = re.compile(r"(?<![\d.,])1 (local )?(epochs|rounds|bytes)\b")
    for ours, theirs, running, target in EVERY_PAIR:
        text = headline(theirs, ours, running=running, specs=(E1, FDA), target=target)
        assert not plural.search(text), text


BASELINES = LaneSpec(id="all", rule="centralised", epochs=1), LaneSpec(id="alone", rule="local-only", epochs=1)


def test_every_rule_has_a_label():
    specs = LaneSpec(id="a", rule="smoothed", max_epochs=10), *BASELINES
    labels = [sentences.lane_label(spec) for spec in specs]
    assert labels == ["FDA-OPT smoothed M=10", "All data in one place", "Every client alone"]


def test_lanes_that_send_nothing_are_not_compared():
    competing = lane(E1, cost(100, 10)), lane(E5, cost(60, 20)), lane(FDA, cost(50, 12))
    silent = [lane(spec, cost(0, 3)) for spec in BASELINES]
    assert headline(*silent, *competing, specs=(*BASELINES, E1, E5, FDA)) == headline(*competing)


LABELS = {
    "exact": ({"rule": "adaptive", "max_epochs": 10, "monitor": "exact"}, "FDA-OPT M=10 (exact variance)"),
    "every step": ({"rule": "fixed", "theta": 0.3, "max_epochs": 9, "check": "step"}, "FDA Θ=0.3 (every step)"),
    "step and linear": (
        {"rule": "fixed", "theta": 0.3, "max_epochs": 9, "check": "step", "monitor": "linear"},
        "FDA Θ=0.3 (every step, linear monitor)",
    ),
    "a monitor says nothing about FedOpt": ({"rule": "schedule", "epochs": 2, "monitor": "exact"}, "FedOpt E=2"),
    "smoothed Yogi": ({"rule": "smoothed", "max_epochs": 6, "server": "yogi"}, "FDA-Yogi smoothed M=6"),
}


@pytest.mark.parametrize(("values", "label"), LABELS.values(), ids=LABELS)
def test_a_label_says_what_is_unusual_about_a_lane(values, label):
    assert sentences.lane_label(LaneSpec(id="a", **values)) == label


def test_servers_are_named_in_all_lanes_or_in_none():
    plain = ExperimentConfig(lanes=(E1, FDA))
    assert list(sentences.lane_labels(plain).values()) == ["FedOpt E=1", "FDA-OPT M=10"]
    adam = ExperimentConfig(lanes=(E1, FDA), server_optimizer="adam")
    assert list(sentences.lane_labels(adam).values()) == ["FedAdam E=1", "FDA-Adam M=10"]
    mixed = ExperimentConfig(lanes=(E1, FDA.model_copy(update={"server": "adagrad"})))
    assert list(sentences.lane_labels(mixed).values()) == ["FedAvg E=1", "FDA-Adagrad M=10"]


def test_lanes_of_one_name_are_told_apart_by_their_ids():
    twin = E1.model_copy(update={"id": "twin"})
    labels = sentences.lane_labels(ExperimentConfig(lanes=(E1, twin, FDA)))
    assert list(labels.values()) == ["FedOpt E=1 (fedopt-e1)", "FedOpt E=1 (twin)", "FDA-OPT M=10"]


def test_a_run_of_references_alone_names_no_winner_and_divides_by_nothing():
    text = headline(*(lane(spec, cost(0, 3)) for spec in BASELINES), specs=BASELINES)
    assert "fewer" not in text and text.startswith("All data in one place reached 70 % accuracy")


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("ours", [cost(100, 60), cost(104, 60), cost(300, 60), None])
@pytest.mark.parametrize("theirs", [cost(100, 20), None])
@pytest.mark.parametrize("status", [None, "cap", "diverged", "stopped"])
def test_japanese_says_the_same_of_every_outcome(ours, theirs, running, status):
    pair = lane(FDA, ours, status=status), lane(E1, theirs, status=status)
    key, _ = versus(*pair, running)
    with reading("ja"):
        assert says(sentences.versus(FDA, E1, *pair, ACCURACY, running), f"headline.{key}")


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("status", [None, "cap", "diverged"])
@pytest.mark.parametrize("start", [lane, unstarted])
def test_japanese_says_the_same_while_nobody_is_there(start, status, running):
    lanes = [start(spec, status=status) for spec in (E1, E5, FDA)]
    key, _ = read(headline(*lanes, running=running))
    with reading("ja"):
        assert says(headline(*lanes, running=running), f"headline.{key}")
